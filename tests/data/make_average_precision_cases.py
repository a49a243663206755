#!/usr/bin/env python3
"""make_average_precision_cases - what COCO's own tool measures on random sets.

    build/venv/bin/python tests/data/make_average_precision_cases.py

Prints tests/data/average_precision.json.  Every set has boxes as [picture, class, x, y,
width, height, area, crowd] and found ones as [picture, class, x, y, width, height, score];
AP and AR of every class are lists for all, small, medium and large areas.  Boxes that
were found are true ones, moved a little, and others; scores come in few steps, so that
many are equal; some classes and pictures are empty.
"""
import contextlib
import io
import json
import random

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


def some_box(rng, side):
    width, height = (rng.choice((8, 40, 120)) * rng.uniform(0.5, 1.5) for _ in range(2))
    return [round(v, 2) for v in (rng.uniform(0, side - width), rng.uniform(0, side - height),
                                  width, height)]


def moved(rng, box, most):
    x, y, width, height = box
    return [round(v, 2) for v in (
        x + rng.uniform(-most, most) * width, y + rng.uniform(-most, most) * height,
        width * rng.uniform(1 - most, 1 + most), height * rng.uniform(1 - most, 1 + most))]


def make_set(seed, pictures, classes, most, crowds):
    rng = random.Random(seed)
    truths, found = [], []
    for picture in range(pictures):
        if rng.random() < 0.1:
            continue
        for _ in range(rng.randrange(most)):
            kind = rng.randrange(classes)
            box = some_box(rng, 400)
            crowd = int(rng.random() < crowds)
            area = round(box[2] * box[3] * rng.choice((1, 0.6)), 2)
            truths.append([picture, kind, *box, area, crowd])
            for _ in range(rng.choice((0, 1, 1, 1, 2)) + 3 * crowd):
                guess = kind if rng.random() < 0.85 else rng.randrange(classes + 1)
                found.append([picture, guess, *moved(rng, box, rng.choice((0, 0.05, 0.2, 0.5))),
                              rng.randrange(20) / 20])
        for _ in range(rng.randrange(most)):
            found.append([picture, rng.randrange(classes + 1), *some_box(rng, 400),
                          rng.randrange(20) / 20])
    return {"pictures": pictures, "classes": classes + 2, "truths": truths, "found": found}


def measure(case):
    coco = COCO()
    coco.dataset = {
        "images": [{"id": i + 1} for i in range(case["pictures"])],
        "categories": [{"id": i} for i in range(case["classes"])],
        "annotations": [{"id": i + 1, "image_id": t[0] + 1, "category_id": t[1], "bbox": t[2:6],
                         "area": t[6], "iscrowd": t[7]} for i, t in enumerate(case["truths"])]}
    with contextlib.redirect_stdout(io.StringIO()):
        coco.createIndex()
        found = coco.loadRes([{"image_id": f[0] + 1, "category_id": f[1], "bbox": f[2:6],
                               "score": f[6]} for f in case["found"]])
        judge = COCOeval(coco, found, "bbox")
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    precision, recall = judge.eval["precision"], judge.eval["recall"]

    def of(values):
        return None if values.min() < 0 else float(values.mean())

    case["ap"] = [[of(precision[:, :, k, a, 2]) for a in range(4)]
                  for k in range(case["classes"])]
    case["ap50"] = [of(precision[0, :, k, 0, 2]) for k in range(case["classes"])]
    case["ap75"] = [of(precision[5, :, k, 0, 2]) for k in range(case["classes"])]
    case["recall"] = [[of(recall[:, k, a, 2]) for a in range(4)]
                      for k in range(case["classes"])]
    stats = [float(s) for s in judge.stats]
    case["mean"] = {"ap": stats[0], "ap50": stats[1], "ap75": stats[2], "small": stats[3],
                    "medium": stats[4], "large": stats[5], "recall": stats[8]}
    return case


def main():
    cases = [make_set(1, 12, 3, 10, 0), make_set(2, 20, 4, 12, 0.15), make_set(3, 3, 1, 40, 0.3),
             make_set(4, 1, 1, 300, 0.05), make_set(5, 30, 8, 4, 0.1), make_set(6, 6, 2, 6, 1)]
    print("[" + ",\n".join(json.dumps(measure(case), separators=(",", ":")) for case in cases) +
          "]")


if __name__ == "__main__":
    main()
