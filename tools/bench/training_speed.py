"""training_speed - how long learning a classifier takes (B19), for tools/bench/run.

Against the floor: ONNX Runtime alone on as many fixed tensors, one loop of one thread on
each core, as nothing that must look at every picture can be faster.
"""
import json
import os
import subprocess
import sys
import tarfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
ASSETS = os.path.join(ROOT, "..", "shared", "assets")
CLASSES, EACH = 5, 200
CORES = 2


class TrainingSpeed:
    """A part of Bench, which see for what is used here and not defined."""

    def photographs(self):
        """1,000 pictures of 224 x 224 in 5 classes: parts of photographs."""
        folder = os.path.join(self.home, "photographs")
        python = os.path.join(os.path.dirname(os.path.abspath(self.deps)), "venv/bin/python")
        subprocess.run([python, os.path.abspath(__file__), folder], check=True)
        return folder

    def cifar(self):
        folder = os.path.join(self.home, "cifar")
        with tarfile.open(os.path.join(ASSETS, "datasets/cifar10-small.tar.gz")) as tar:
            tar.extractall(folder)
        return folder

    def floor(self, weights, side):
        """Milliseconds a picture, all cores busy."""
        library = os.path.join(self.deps, "onnxruntime/lib/libonnxruntime.so.1")
        loops = [subprocess.Popen(["taskset", "-c", str(core),
                                   os.path.join(self.build, "bench/bare_ort"), library, weights,
                                   str(side), str(side), "1"], stdout=subprocess.PIPE)
                 for core in range(CORES)]
        medians = [json.loads(loop.communicate()[0])["p50"] for loop in loops]
        return sum(medians) / len(medians) / len(medians)

    def training_speed(self):
        models = os.path.join(ASSETS, "models")
        data = os.path.join(self.home, "training-speed")
        weights = os.path.join(models, "derived/mobilenet_v2_fp32_from_int8.onnx")
        subprocess.run([os.path.join(self.build, "ocellus"), "model", "add", "mobilenet/1",
                        weights, "--classes", os.path.join(models, "imagenet_1000_names.txt"),
                        "--normalize", "imagenet", "--data", data], check=True,
                       capture_output=True)
        for what, folder, count in (("1,000 photographs", self.photographs(), CLASSES * EACH),
                                    ("cifar10-small", self.cifar(), 6000)):
            before = self.floor(weights, 224)
            start = time.monotonic()
            done = subprocess.run(
                [os.path.join(self.build, "ocellus"), "train", "classify", folder, "--base",
                 "mobilenet/1", "--runs", os.path.join(self.home, "runs"), "--json", "--data",
                 data], check=True, capture_output=True)
            took = time.monotonic() - start
            bare = min(before, self.floor(weights, 224)) * count / 1000
            last = json.loads(done.stdout.splitlines()[-1])
            with open(last["card"], encoding="utf-8") as file:
                seconds = json.load(file)["seconds"]
            self.data["b19_%d" % count] = {"seconds": took, "bare": bare, "parts": seconds,
                                           "accuracy": last["score"]["accuracy"]}
            self.row("B19 " + what, "s, whole; features, search, fit",
                     "%.1f; %.1f, %.1f, %.1f" % (took, seconds["features"], seconds["search"],
                                                 seconds["fit"]),
                     "bare loops %.1f" % bare,
                     "<= 1.3x%s; %.2fx" % (", <= 15 s" if count == 1000 else "", took / bare),
                     took <= 1.3 * bare and (count > 1000 or took <= 15))


def cut(folder):
    from PIL import Image
    source = os.path.join(ASSETS, "datasets/coco128/train")
    names = [name for name in sorted(os.listdir(source)) if name.endswith(".jpg")]
    for i in range(CLASSES * EACH):
        place = os.path.join(folder, "class-%d" % (i % CLASSES))
        os.makedirs(place, exist_ok=True)
        left = i // len(names) * 9
        with Image.open(os.path.join(source, names[i % len(names)])) as picture:
            picture.convert("RGB").crop((left, left, left + 224, left + 224)).save(
                os.path.join(place, "%d.jpg" % i), quality=92)


if __name__ == "__main__":
    cut(sys.argv[1])
