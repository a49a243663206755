"""quantize - models made of whole numbers through the command line."""
import json
import os
import shutil
import tarfile
import tempfile

from cli import demo, fails, ocellus, straw, write
from harness import ROOT, Skip, check, equal

ASSETS = os.path.join(ROOT, "..", "shared", "assets")
CIFAR = os.path.join(ASSETS, "models/derived/cifar10_resnet20.onnx")
NAMES = "airplane automobile bird cat deer dog frog horse ship truck".split()


def cifar():
    """A data folder with the classifier in it, and a labelled set."""
    archive = os.path.join(ASSETS, "datasets/cifar10-small.tar.gz")
    if not os.path.exists(CIFAR) or not os.path.exists(archive):
        raise Skip("../shared is not here")
    data = tempfile.mkdtemp(prefix="ocellus-quantize-")
    done = ocellus("model", "add", "cifar/1", CIFAR, "--classes",
                   write("\n".join(NAMES), "names"), "--normalize", "imagenet", data=data)
    equal(done.returncode, 0, done.stderr)
    pictures = os.path.join(data, "pictures")
    with tarfile.open(archive) as tar:
        members = [m for m in tar.getmembers() if m.isfile()
                   and int(os.path.splitext(os.path.basename(m.name))[0]) % 5 == 0]
        for member in members:
            parts = member.name.split("/")
            where = os.path.join(pictures, *parts[-3:-1])
            os.makedirs(where, exist_ok=True)
            with open(os.path.join(where, parts[-1]), "wb") as out:
                out.write(tar.extractfile(member).read())
    return data, pictures


def made(data, model, pictures, *words):
    done = ocellus("model", "quantize", model, pictures, "--json", *words, data=data)
    equal(done.returncode, 0, done.stderr)
    return json.loads(done.stdout)


def models(data):
    listed = ocellus("model", "list", "--json", data=data).stdout.splitlines()
    return [json.loads(line)["model_id"] for line in listed]


def leftovers(data):
    return [n for n in os.listdir(os.path.join(data, "models")) if n.startswith(".")]


# ---- a real network -------------------------------------------------------------

def test_a_classifier_is_as_good_as_before():
    data, pictures = cifar()
    report = made(data, "cifar/1", pictures, "--evaluate", pictures, "--pictures", "60",
                  "--force")
    check(report["kept"], report["reason"])
    equal(report["quantized_id"], "cifar/2")
    equal((report["calibrated"], report["held_out"], report["unread"]), (60, 60, 0))
    check(report["layers_quantized"] >= 15, report["layers_quantized"])
    equal(len(report["layers"]), 20)
    check(report["bytes"] < 0.45 * report["bytes_before"], report["bytes"])
    before, after = report["evaluated_before"]["accuracy"], report["evaluated"]["accuracy"]
    check(before > 0.7 and after > before - 0.02, (before, after))
    check(report["as_good"] == (after >= before - 0.01 - 1e-9))
    check(report["answers"]["signal_db"] > 12, report["answers"])
    for times in report["times"]:
        check(0 < times["after_min_ms"] <= times["after_ms"], times)
        check(0 < times["before_min_ms"] <= times["before_ms"], times)
    equal(models(data), ["cifar/1", "cifar/2"])
    equal(leftovers(data), [])
    # It answers requests, and its own report says the same as a new evaluation.
    picture = next(os.path.join(top, names[0]) for top, _, names in os.walk(pictures) if names)
    tops = [json.loads(ocellus("infer", "-m", model, picture, "--json", data=data).stdout)
            for model in ("cifar/1", "cifar/2")]
    equal(len(tops), 2)
    done = ocellus("evaluate", "-m", "cifar/2", pictures, "--json", "-o", tempfile.mkdtemp(),
                   data=data)
    equal(done.returncode, 0, done.stderr)
    check(abs(json.loads(done.stdout)["metrics"]["accuracy"] - after) < 1e-6, done.stdout[:300])
    # What is quantised is not quantised again.
    fails(2, "quantised already", "model", "quantize", "cifar/2", pictures, data=data)
    equal(leftovers(data), [])


def test_what_is_worse_is_not_kept():
    data, pictures = cifar()
    labels = os.path.join(pictures, "train")
    done = ocellus("model", "quantize", "cifar/1", labels, "--pictures", "30", "--json", "--name",
                   "other/7", data=data)
    report = json.loads(done.stdout)
    equal(done.returncode, 0 if report["kept"] else 1)
    equal(report["kept"], report["faster"] and report["as_good"])
    equal("nothing was kept" in done.stderr, not report["kept"])
    equal(bool(report["reason"]), not report["kept"])
    equal("other/7" in models(data), report["kept"])
    equal(report["as_good"],
          report["answers"]["share"] >= report["answers"]["wanted"])


# ---- what is asked for wrongly -----------------------------------------------------

def test_a_network_without_layers():
    data = demo()
    shown = json.loads(ocellus("model", "show", "parts/1", "--json", data=data).stdout)
    equal(shown["model_id"], "parts/1")
    empty = tempfile.mkdtemp()
    fails(3, "no pictures", "model", "quantize", "parts/1", empty, data=data)
    with open(os.path.join(empty, "broken.jpg"), "wb") as out:
        out.write(b"\xff\xd8\xff\xe0 nothing")
    fails(2, "no picture can be read", "model", "quantize", "parts/1", empty, data=data)
    equal(leftovers(data), [])


def test_options_and_names():
    data, pictures = demo(), os.path.dirname(straw())
    fails(3, "there is no model 'nosuch/1'", "model", "quantize", "nosuch/1", pictures, data=data)
    fails(2, "no model id", "model", "quantize", "nosuch", pictures, data=data)
    fails(2, "no model id", "model", "quantize", "parts/1", pictures, "--name", "x", data=data)
    fails(2, "--pictures", "model", "quantize", "parts/1", pictures, "--pictures", "0", data=data)
    fails(2, "--method", "model", "quantize", "parts/1", pictures, "--method", "kl", data=data)
    fails(2, "--tolerance", "model", "quantize", "parts/1", pictures, "--tolerance", "x",
          data=data)
    fails(1, "already", "model", "quantize", "parts/1", pictures, "--name", "parts/1", data=data)
    fails(3, "nosuch", "model", "quantize", "parts/1", "nosuch", data=data)
    equal(leftovers(data), [])


def test_the_demo_model_by_force():
    data, pictures = demo(), os.path.dirname(straw())
    done = ocellus("model", "quantize", "parts/1", pictures, "--force", "--name", "small/1",
                   data=data)
    equal(done.returncode, 0, done.stderr)
    check("layers" in done.stdout and "thread" in done.stdout, done.stdout)
    check("small/1 is ready" in done.stderr, done.stderr)
    check("small/1" in models(data))
    shutil.rmtree(data)
