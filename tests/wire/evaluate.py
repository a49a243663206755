"""evaluate - models measured on data sets, held against COCO's own tool."""
import contextlib
import csv
import io
import json
import os
import shutil
import signal
import struct
import subprocess
import tempfile
import time

from cli import demo, ocellus, straw
from harness import OCELLUS, ROOT, Skip, check, equal

ASSETS = os.path.join(ROOT, "..", "shared", "assets")
SETS = os.path.join(ASSETS, "datasets")
PACKAGES = os.path.join(ROOT, "..", "shared", "conformance", "models", "packages")
COCO128 = os.path.join(SETS, "coco128")
SHARKS = os.path.join(SETS, "roboflow-tests", "sharks-tiny-")


def models():
    if not os.path.exists(COCO128):
        raise Skip("../shared is not here")
    data = tempfile.mkdtemp(prefix="ocellus-evaluate-")
    for name, weights in (("yolox/1", "yolox_nano.onnx"), ("fastestdet/1", "FastestDet.onnx")):
        done = ocellus("model", "add", name, os.path.join(ASSETS, "models", weights),
                       "--classes", os.path.join(ASSETS, "models/coco80.names"), data=data)
        equal(done.returncode, 0, done.stderr)
    for name, weights in (("seg", "derived/yolov8n-seg_320_fp32_from_int8.onnx"),
                          ("cifar-multi", "derived/cifar10_resnet20.onnx")):
        folder = os.path.join(data, "models", name, "1")
        shutil.copytree(os.path.join(PACKAGES, name, "1"), folder)
        shutil.copyfile(os.path.join(ASSETS, "models", weights),
                        os.path.join(folder, "weights.onnx"))
    return data


def measured(model, folder, data, *words):
    """The results of an evaluation, and the folder they were saved in."""
    out = tempfile.mkdtemp(prefix="ocellus-evaluate-")
    done = ocellus("evaluate", "-m", model, folder, "--json", "-o", out, *words, data=data)
    equal(done.returncode, 0, done.stderr)
    return json.loads(done.stdout), os.path.join(out, "evaluate")


def png_size(path):
    with open(path, "rb") as file:
        head = file.read(24)
    check(head.startswith(b"\x89PNG"), path)
    return struct.unpack(">II", head[16:24])


# ---- COCO's own tool ------------------------------------------------------------

def share(v):
    return min(max(v, 0), 1)


def yolo_truth(folder, names, image_size):
    """What a set of pictures with .txt files beside them says, as COCO has it."""
    images, annotations = [], []
    for i, name in enumerate(names):
        width, height = image_size(os.path.join(folder, name))
        images.append({"id": i, "width": width, "height": height})
        labels = os.path.splitext(os.path.join(folder, name))[0] + ".txt"
        lines = open(labels, encoding="utf-8").read().splitlines() if os.path.exists(labels) else []
        for line in lines:
            kind, x, y, w, h = map(float, line.split())
            x1, x2 = share(x - w / 2) * width, share(x + w / 2) * width
            y1, y2 = share(y - h / 2) * height, share(y + h / 2) * height
            annotations.append({"id": len(annotations) + 1, "image_id": i,
                                "category_id": int(kind), "iscrowd": 0,
                                "bbox": [x1, y1, x2 - x1, y2 - y1],
                                "area": (x2 - x1) * (y2 - y1)})
    return images, annotations


def coco_stats(images, annotations, classes, found):
    try:
        from pycocotools.coco import COCO
        from pycocotools.cocoeval import COCOeval
    except ImportError:
        raise Skip("pycocotools is not installed") from None
    truth = COCO()
    truth.dataset = {"images": images, "annotations": annotations,
                     "categories": [{"id": i} for i in range(classes)]}
    with contextlib.redirect_stdout(io.StringIO()):
        truth.createIndex()
        judge = COCOeval(truth, truth.loadRes(found), "bbox")
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    return judge.stats


def test_detectors_have_the_map_of_coco_s_own_tool():
    data = models()
    from PIL import Image
    pictures = sorted(n for n in os.listdir(os.path.join(COCO128, "train")) if n.endswith("jpg"))
    images, annotations = yolo_truth(os.path.join(COCO128, "train"), pictures,
                                     lambda path: Image.open(path).size)
    equal(len(annotations), 929)
    for model, wanted in (("yolox/1", 0.508), ("fastestdet/1", 0.323), ("seg/1", 0.477)):
        got, folder = measured(model, COCO128, data, "--predictions")
        equal((got["pictures"], got["objects"], got["layout"]), (128, 929, "yolo"))
        with open(os.path.join(folder, "predictions.json"), encoding="utf-8") as file:
            found = json.load(file)
        check(os.path.basename(found[0]["file_name"]) in pictures, found[0])
        stats = coco_stats(images, annotations, len(got["classes"]), found)
        metrics = got["metrics"]
        for i, key in enumerate(("mAP50-95", "mAP50", "mAP75", "mAP50-95_small",
                                 "mAP50-95_medium", "mAP50-95_large")):
            check(abs(stats[i] - metrics[key]) < 1e-6, key, stats[i], metrics[key])
        for i, key in ((8, "AR"), (9, "AR_small"), (10, "AR_medium"), (11, "AR_large")):
            check(abs(stats[i] - metrics[key]) < 1e-6, key, stats[i], metrics[key])
        check(abs(metrics["mAP50"] - wanted) < 0.005, model, metrics)
        equal(got["iou"], 0.7 if model == "seg/1" else 0.65)
        cells = got["confusion"]["cells"]
        equal(sum(n for truth, _, n in cells if truth < 80), 929)


def test_the_same_labels_as_coco_s_json():
    data = models()
    from PIL import Image
    folder = os.path.join(tempfile.mkdtemp(prefix="ocellus-set-"), "set")
    shutil.copytree(os.path.join(COCO128, "train"), os.path.join(folder, "train"))
    pictures = sorted(n for n in os.listdir(os.path.join(folder, "train")) if n.endswith("jpg"))
    images, annotations = yolo_truth(os.path.join(folder, "train"), pictures,
                                     lambda path: Image.open(path).size)
    for image, name in zip(images, pictures):
        image["file_name"] = name
    names = open(os.path.join(COCO128, "coco.names"), encoding="utf-8").read().split("\n")
    with open(os.path.join(folder, "train", "_annotations.coco.json"), "w",
              encoding="utf-8") as file:
        json.dump({"images": images, "annotations": annotations,
                   "categories": [{"id": i, "name": n} for i, n in enumerate(names) if n]}, file)
    as_coco, _ = measured("yolox/1", folder, data)
    as_yolo, _ = measured("yolox/1", COCO128, data)
    equal((as_coco["layout"], as_coco["objects"]), ("coco", 929))
    for key, value in as_yolo["metrics"].items():
        check(abs(value - as_coco["metrics"][key]) < 1e-9, key, value, as_coco["metrics"][key])


def test_results_are_saved_beside_earlier_ones():
    data = models()
    out = tempfile.mkdtemp(prefix="ocellus-evaluate-")
    for i in range(2):
        done = ocellus("evaluate", "-m", "seg/1", COCO128, "-o", out, "-n", "mine", data=data)
        equal(done.returncode, 0, done.stderr)
        check(done.stdout.endswith(f"saved to {out}/mine{'2' if i else ''}\n"), done.stdout)
    check("evaluated by its boxes" in done.stdout and "\nperson  " in done.stdout, done.stdout)
    equal(sorted(os.listdir(out)), ["mine", "mine2"])
    folder = os.path.join(out, "mine2")
    equal(sorted(os.listdir(folder)), [
        "PR_curve.png", "confusion_matrix.png", "confusion_matrix_normalized.png",
        "per_class.csv", "results.json"])
    for name in os.listdir(folder):
        if name.endswith(".png"):
            check(min(png_size(os.path.join(folder, name))) >= 400, name)
    with open(os.path.join(folder, "per_class.csv"), encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    equal((len(rows), rows[0]["class"], rows[0]["support"]), (80, "person", "254"))


def test_one_set_in_two_layouts():
    """The sharks were exported twice; their names have nothing in common with COCO's, so
    classes are renamed in copies."""
    data = models()
    metrics, precisions = [], []
    for layout in ("coco", "yolov9"):
        folder = os.path.join(tempfile.mkdtemp(prefix="ocellus-sharks-"), "set")
        shutil.copytree(SHARKS + layout, folder)
        for path, _, names in os.walk(folder):
            for name in names:
                if name.endswith((".json", ".yaml")):
                    file = os.path.join(path, name)
                    text = open(file, encoding="utf-8").read()
                    text = text.replace('"fish"', '"Bird"').replace("- fish", "- Bird")
                    open(file, "w", encoding="utf-8").write(text)
        got, _ = measured("yolox/1", folder, data, "--split", "all")
        equal([c["class"] for c in got["classes"]], ["Bird", "primary", "shark"])
        equal(got["unknown_classes"], ["primary", "shark"])
        equal(len(got["ignored_classes"]), 79)
        metrics.append((got["pictures"], [c["support"] for c in got["classes"]]))
        precisions.append(got["classes"][0]["AP50"])
        default, _ = measured("yolox/1", folder, data)
        equal((default["split"], default["pictures"]), ("test", 1))
    equal(metrics[0], metrics[1])
    check(abs(precisions[0] - precisions[1]) < 0.03, precisions)    # their pixels differ
    done = ocellus("evaluate", "-m", "yolox/1", SHARKS + "coco", data=data)
    equal(done.returncode, 2)
    check("no class in common" in done.stderr, done.stderr)


# ---- classifiers, and what goes wrong -----------------------------------------------

def pictures_of(folder, classes):
    for name in classes:
        os.makedirs(os.path.join(folder, name))
        shutil.copy(straw(), os.path.join(folder, name))
    return folder


def test_classifiers():
    data = demo()
    folder = pictures_of(os.path.join(tempfile.mkdtemp(prefix="ocellus-set-"), "set"),
                         ("LOOSE-Straw", "unknown"))
    with open(os.path.join(folder, "unknown", "broken.jpg"), "wb") as file:
        file.write(b"no picture")
    got, saved = measured("parts/1", folder, data)
    equal((got["pictures"], got["unread_pictures"], got["kind"]), (2, 1, "single-label"))
    equal(got["metrics"]["accuracy"], 0.5)
    equal(got["unknown_classes"], ["unknown"])
    equal(got["confusion"]["cells"], [[0, 0, 1], [1, 0, 1]])
    check("broken.jpg" in got["remarks"][0]["file"], got["remarks"])
    check("PR_curve.png" not in os.listdir(saved), os.listdir(saved))
    done = ocellus("evaluate", "-m", "parts/1", folder, "-o", saved + "-2", data=data)
    check("accuracy 0.5000" in done.stdout and "broken.jpg" in done.stdout, done.stdout)


def test_several_classes_a_picture():
    data = models()
    folder = tempfile.mkdtemp(prefix="ocellus-set-")
    shutil.copy(os.path.join(ASSETS, "images/supervision/zidane.jpg"), folder)
    with open(os.path.join(folder, "_classes.csv"), "w", encoding="utf-8") as file:
        file.write("filename, cat, truck, person\nzidane.jpg, 1, 0, 1\n")
    got, _ = measured("cifar-multi/1", folder, data)
    equal((got["kind"], got["pictures"], got["labels"]), ("multi-label", 1, 2))
    equal(got["classes"][0]["AP"], 1.0)
    equal(got["classes"][2]["AP"], 0.0)
    equal(got["metrics"]["mAP"], 0.5)
    equal(got["metrics"]["exact_match"], 0.0)


def is_caught(process, number):
    """Whether a process handles a signal already."""
    try:
        with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
            caught = next(line for line in file if line.startswith("SigCgt:"))
    except (OSError, StopIteration):
        return False
    return int(caught.split()[1], 16) >> (number - 1) & 1 == 1


def test_ctrl_c_leaves_nothing_behind():
    data = models()
    for number in (signal.SIGINT, signal.SIGTERM):
        out = tempfile.mkdtemp(prefix="ocellus-evaluate-")
        process = subprocess.Popen([OCELLUS, "evaluate", "-m", "seg/1", COCO128, "-o", out,
                                    "--data", data], cwd=ROOT, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while process.poll() is None and not is_caught(process, number):
            time.sleep(0.002)
        process.send_signal(number)
        told, said = process.communicate(timeout=60)
        equal((process.returncode, told, said), (130, "", "stopped; nothing was saved\n"))
        equal(os.listdir(out), [])


def test_what_cannot_be_evaluated():
    data = demo()
    folder = pictures_of(os.path.join(tempfile.mkdtemp(prefix="ocellus-set-"), "set"),
                         ("loose-straw",))

    def fails(code, word, *words):
        done = ocellus("evaluate", *words, data=data)
        equal(done.returncode, code, done.stderr)
        check(word in done.stderr, done.stderr)

    fails(2, "-m MODEL", folder)
    fails(3, "nowhere", "-m", "parts/1", "nowhere")
    fails(3, "nosuch", "-m", "nosuch/1", folder)
    fails(2, "no picture of it", "-m", "parts/1", folder, "--split", "test")
    fails(2, "none of train", "-m", "parts/1", folder, "--split", "x")
    fails(2, "percentage", "-m", "parts/1", folder, "--confidence", "101")
    fails(2, "percentage", "-m", "parts/1", folder, "--iou", "nan")
    fails(2, "--name", "-m", "parts/1", folder, "--name", "../x")
    if os.path.exists(COCO128):
        fails(2, "is for classification", "-m", "parts/1", COCO128)
