"""learn - classifiers learnt on the command line: as good as they can be, and unharmed by
whatever happens meanwhile."""
import hashlib
import json
import os
import random
import resource
import shutil
import signal
import struct
import subprocess
import tarfile
import tempfile
import time
import warnings

import numpy as np

from cli import ocellus
from harness import OCELLUS, ROOT, Server, Skip, check, equal

ASSETS = os.path.join(ROOT, "..", "shared", "assets")
SETS = os.path.join(ASSETS, "datasets")
KILLS = 30 if "asan" in OCELLUS else 200          # a sanitizer takes ten times as long
_made = {}


def once(make):
    """What `make` gives, made once for all tests."""
    if make not in _made:
        _made[make] = make()
    return _made[make]


# ---- data and bases ---------------------------------------------------------------

def tiny_network():
    """A classifier of 3 classes that sees nothing but means: GAP, Flatten, Gemm."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper
    value = helper.make_tensor_value_info
    weights = np.eye(3, dtype=np.float32)
    graph = helper.make_graph(
        [helper.make_node("GlobalAveragePool", ["x"], ["pool"]),
         helper.make_node("Flatten", ["pool"], ["flat"], axis=1),
         helper.make_node("Gemm", ["flat", "w", "b"], ["y"])],
        "tiny", [value("x", TensorProto.FLOAT, ["n", 3, 16, 16])],
        [value("y", TensorProto.FLOAT, ["n", 3])],
        [numpy_helper.from_array(weights, "w"),
         numpy_helper.from_array(np.zeros(3, np.float32), "b")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path = os.path.join(tempfile.mkdtemp(prefix="ocellus-learn-"), "tiny.onnx")
    onnx.save(model, path)
    return path


def colors(count=20, classes=("blue", "green", "red"), seed=0):
    """A folder a class of pictures that are mostly of one colour."""
    from PIL import Image
    chance = np.random.RandomState(seed)
    folder = tempfile.mkdtemp(prefix="ocellus-colors-")
    for k, name in enumerate(classes):
        os.makedirs(os.path.join(folder, name))
        for i in range(count):
            pixels = chance.randint(0, 90, (12, 14, 3))
            pixels[:, :, 2 - k % 3] += 100 + k // 3
            Image.fromarray(pixels.astype(np.uint8)).save(os.path.join(folder, name, f"{i}.png"))
    return folder


def real(name):
    path = os.path.join(SETS, name)
    if not os.path.exists(path):
        raise Skip("../shared is not here")
    return path


def cifar():
    folder = tempfile.mkdtemp(prefix="ocellus-cifar-")
    with tarfile.open(real("cifar10-small.tar.gz")) as tar:
        tar.extractall(folder)
    return folder


def bases():
    """A data folder with two bases in it: MobileNetV2 and one that knows CIFAR's pictures."""
    real("cifar10-small.tar.gz")
    data = tempfile.mkdtemp(prefix="ocellus-learn-")
    models = os.path.join(ASSETS, "models")
    names = os.path.join(data, "cifar.names")
    with open(names, "w", encoding="utf-8") as out:
        out.write("\n".join(sorted(os.listdir(os.path.join(once(cifar), "train")))))
    for name, file, classes in (
            ("mobilenet/1", "mobilenet_v2_fp32_from_int8.onnx",
             os.path.join(models, "imagenet_1000_names.txt")),
            ("cifarnet/1", "cifar10_resnet20.onnx", names)):
        done = ocellus("model", "add", name, os.path.join(models, "derived", file), "--classes",
                       classes, "--normalize", "imagenet", data=data)
        equal(done.returncode, 0, done.stderr)
    return data


class Run:
    """One training, in a folder of its own; `model` is None when it came to nothing."""

    def __init__(self, *words, data, env=None):
        self.runs = tempfile.mkdtemp(prefix="ocellus-runs-")
        self.done = ocellus("train", "classify", *words, "--runs", self.runs, "--json", data=data,
                            env=env)
        self.folder = os.path.join(self.runs, next(iter(os.listdir(self.runs)), ""))
        self.events = [json.loads(line) for line in self.done.stdout.splitlines()]
        last = self.events[-1] if self.events else {}
        self.model = last.get("model")

    @property
    def card(self):
        with open(os.path.join(self.folder, "card.json"), encoding="utf-8") as file:
            return json.load(file)


def trained(*words, data, **more):
    run = Run(*words, data=data, **more)
    equal(run.done.returncode, 0, run.done.stderr)
    return run


def weights_of(data, model):
    with open(os.path.join(data, "models", model, "weights.onnx"), "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


# ---- how good ---------------------------------------------------------------------

def features_of(folder):
    """Rows of features, one a picture in order of names, out of a run that was stopped."""
    with open(os.path.join(folder, "work", "features.bin"), "rb") as file:
        content = file.read()
    rows, width = struct.unpack_from("<qq", content, 48)
    return np.frombuffer(content, np.float32, rows * width, 64 + (48 + 8) * rows).reshape(
        rows, width)


def stopped_at(event, *words, data):
    """A run that was asked to stop when it told that event: its folder."""
    runs = tempfile.mkdtemp(prefix="ocellus-runs-")
    process = subprocess.Popen([OCELLUS, "train", "classify", *words, "--runs", runs, "--json",
                                "--data", data], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True, cwd=ROOT)
    for line in process.stdout:
        if json.loads(line)["event"] == event:
            process.send_signal(signal.SIGINT)
            break
    said = process.communicate(timeout=100)[1]
    equal(process.returncode, 130, said)
    check("--resume" in said, said)
    return os.path.join(runs, os.listdir(runs)[0])


def test_cifar_is_learnt_as_well_as_scikit_learn_does():
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler
    folder, data = once(cifar), once(bases)
    run = stopped_at("search", folder, "--base", "cifarnet/1", "--name", "cifar", data=data)
    features = features_of(run)
    names = sorted(os.path.relpath(os.path.join(at, name), folder)
                   for at, _, files in os.walk(folder) for name in files)
    labels = np.array([name.split("/")[1] for name in names])
    train = np.array([name.startswith("train") for name in names])
    equal(len(features), len(names))

    done = ocellus("train", "classify", "--resume", run, "--json", data=data)
    equal(done.returncode, 0, done.stderr)
    ours = json.loads(done.stdout.splitlines()[-1])
    equal((ours["judged_by"], ours["model"]), ("test", "cifar/1"))
    with open(os.path.join(run, "card.json"), encoding="utf-8") as file:
        equal(json.load(file)["features_reused"], len(names))

    warnings.simplefilter("ignore")
    scaler = StandardScaler().fit(features[train])
    theirs = max(
        LogisticRegression(C=c, max_iter=300).fit(scaler.transform(features[train]), labels[train])
        .score(scaler.transform(features[~train]), labels[~train]) for c in (1, 0.1, 0.01))
    check(ours["score"]["accuracy"] >= theirs - 0.005, ours["score"], theirs)


def test_planted_labels_are_found():
    source, data = os.path.join(once(cifar), "train"), once(bases)
    folder = tempfile.mkdtemp(prefix="ocellus-planted-")
    chance = random.Random(1)
    classes = sorted(os.listdir(source))
    pictures = [(k, name) for k in classes for name in sorted(os.listdir(os.path.join(source, k)))]
    planted = set(chance.sample(range(len(pictures)), len(pictures) // 20))
    wrong = set()
    for k in classes:
        os.makedirs(os.path.join(folder, k))
    for i, (k, name) in enumerate(pictures):
        to = chance.choice([other for other in classes if other != k]) if i in planted else k
        os.link(os.path.join(source, k, name), os.path.join(folder, to, f"{k}_{name}"))
        if i in planted:
            wrong.add(f"{to}/{k}_{name}")
    done = ocellus("dataset", "check", folder, "--base", "cifarnet/1", "--json", data=data)
    equal(done.returncode, 0, done.stderr)
    listed = [s["name"] for s in json.loads(done.stdout)["suspects"]][:len(pictures) // 10]
    found = len(wrong & set(listed)) / len(wrong)
    check(found >= 0.7, found)


# ---- from export to answer ---------------------------------------------------------

def steps_of(task, model):
    kind = ("roboflow_core/roboflow_classification_model@v2" if task == "classification"
            else "roboflow_core/roboflow_multi_label_classification_model@v2")
    return {"version": "1.3.0", "inputs": [{"type": "WorkflowImage", "name": "image"}],
            "steps": [{"type": kind, "name": "model", "images": "$inputs.image",
                       "model_id": model}],
            "outputs": [{"type": "JsonField", "name": "answer",
                         "selector": "$steps.model.predictions"}]}


def check_answers(one, task, model, picture):
    """Route, client and workflow say the same."""
    import base64
    from inference_sdk import InferenceHTTPClient
    with open(picture, "rb") as file:
        image = {"type": "base64", "value": base64.b64encode(file.read()).decode()}
    route = one.post("/infer/classification", {"model_id": model, "image": image, "api_key": "x"})
    equal(route.status, 200, route)
    warnings.simplefilter("ignore")
    sdk = InferenceHTTPClient(api_url=one.url, api_key="x")
    said = sdk.infer(picture, model_id=model)
    equal(said["predictions"], route.json["predictions"])
    flow = one.run(steps_of(task, model), {"image": image})
    equal(flow.status, 200, flow)
    equal(flow.json["outputs"][0]["answer"]["predictions"], route.json["predictions"])
    through = sdk.run_workflow(specification=steps_of(task, model), images={"image": picture})
    equal(through[0]["answer"]["predictions"], route.json["predictions"])
    return route.json


def test_exports_are_learnt_and_answered():
    data = once(bases)
    for name, task in (("corrosion-singlelabel-classification", "classification"),
                       ("skinproblem-multilabel-classification", "multi-label-classification")):
        folder = real(os.path.join("roboflow-tests", name))
        run = trained(folder, "--base", "mobilenet/1", data=data)
        equal(run.model, name + "/1")
        equal(run.card["task"], task)
        picture = next(os.path.join(at, file) for at, _, files in os.walk(folder)
                       for file in sorted(files) if file.endswith(".jpg"))
        with Server(data=data) as one:
            answer = check_answers(one, task, run.model, picture)
            check(answer["predictions"], answer)


def test_a_model_is_the_same_without_us():
    """ONNX's own evaluator gives the shares that we give."""
    import onnx
    from onnx.reference import ReferenceEvaluator
    from PIL import Image
    folder, data = colors(), tempfile.mkdtemp(prefix="ocellus-learn-")
    run = trained(folder, "--base", tiny_network(), "--name", "colors", data=data)
    picture = os.path.join(folder, "red", "3.png")
    network = onnx.load(os.path.join(data, "models/colors/1/weights.onnx"))
    equal([n.op_type for n in network.graph.node],
          ["GlobalAveragePool", "Flatten", "Flatten", "Gemm", "Softmax"])
    with Image.open(picture) as image:
        small = np.asarray(image.resize((16, 16), Image.BILINEAR), np.float32) / 255
    shares = ReferenceEvaluator(network).run(None, {"x": small.transpose(2, 0, 1)[None]})[0][0]
    done = ocellus("infer", "--model", run.model, picture, "--json", data=data)
    equal(done.returncode, 0, done.stderr)
    said = json.loads(done.stdout)
    said = {p["class"]: p["confidence"] for p in said["predictions"]}
    for name, share in zip(("blue", "green", "red"), shares):
        # Pillow and OpenCV resize a little differently.
        check(abs(said.get(name, 0) - share) < 0.05, said, shares)


def test_the_folder_of_a_run_is_as_people_know_it():
    data = tempfile.mkdtemp(prefix="ocellus-learn-")
    run = trained(colors(), "--base", tiny_network(), "--name", "colors", data=data)
    equal(sorted(os.listdir(run.folder)),
          ["args.yaml", "card.json", "confusion_matrix.png", "confusion_matrix_normalized.png",
           "model.txt", "results.csv", "results.png", "weights"])
    with open(os.path.join(run.folder, "results.csv"), encoding="utf-8") as file:
        rows = file.read().splitlines()
    equal(rows[0], "epoch,time,train/loss,train/accuracy,val/loss,metrics/accuracy_top1")
    equal(len(rows) - 1, run.card["fitting"]["epochs"])
    kinds = [event["event"] for event in run.events]
    equal([k for i, k in enumerate(kinds) if i == 0 or kinds[i - 1] != k],
          ["read", "features", "search", "epoch", "finish", "done"])


# ---- what may happen meanwhile ------------------------------------------------------

def kill_at(seconds, words, data):
    """Start or go on, and be killed so soon; whether it ended before that."""
    process = subprocess.Popen([OCELLUS, "train", "classify", *words, "--data", data],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT)
    try:
        return process.wait(seconds) == 0
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return False


def check_nothing_half(data):
    """Every package that is there answers."""
    folder = os.path.join(data, "models", "colors")
    versions = os.listdir(folder) if os.path.isdir(folder) else []
    for version in versions:
        if not version.startswith("."):
            done = ocellus("model", "show", "colors/" + version, data=data)
            equal(done.returncode, 0, done.stderr)
    return [v for v in versions if not v.startswith(".")]


def test_kills_change_nothing():
    folder, base = colors(40), tiny_network()
    data = tempfile.mkdtemp(prefix="ocellus-learn-")
    began = time.monotonic()
    wanted = weights_of(data, trained(folder, "--base", base, "--name", "sound", data=data).model)
    whole = time.monotonic() - began
    chance = random.Random(4)
    runs, run, kills, ends = tempfile.mkdtemp(prefix="ocellus-runs-"), None, 0, 0
    while kills < KILLS:
        words = ["--resume", run] if run else [folder, "--base", base, "--name", "colors",
                                               "--runs", runs]
        ended = kill_at(chance.uniform(0, 1.3 * whole), words, data)
        kills += not ended
        made = sorted(os.listdir(runs))
        run = os.path.join(runs, made[-1]) if made else None
        if run and not os.path.exists(os.path.join(run, "args.yaml")):
            shutil.rmtree(run)                   # killed between folder and file
            run = None
        if ended:
            ends += 1
            versions = check_nothing_half(data)
            equal(len(versions), ends)
            equal(weights_of(data, f"colors/{max(map(int, versions))}"), wanted)
            run = None
            runs = tempfile.mkdtemp(prefix="ocellus-runs-")
    check_nothing_half(data)
    check(ends > 0, "no run ever ended")


def test_a_full_disk_is_told():
    data = tempfile.mkdtemp(prefix="ocellus-learn-")
    runs = tempfile.mkdtemp(prefix="ocellus-runs-")
    done = subprocess.run(
        [OCELLUS, "train", "classify", colors(300), "--base", tiny_network(), "--runs", runs,
         "--name", "colors", "--data", data], capture_output=True, text=True, cwd=ROOT,
        timeout=100, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (30000, 30000)))
    check(done.returncode in (1, 2), done.returncode, done.stderr)
    check("features.bin" in done.stderr and "error: " in done.stderr, done.stderr)
    check(not os.path.exists(os.path.join(data, "models", "colors")), os.listdir(data))


def test_what_cannot_be_learnt_is_said():
    data = tempfile.mkdtemp(prefix="ocellus-learn-")
    base = tiny_network()
    for folder, said in ((colors(1, ("red",)), "only one picture"),
                         (colors(9, ("red",)), "only the class 'red'"),
                         (tempfile.mkdtemp(), "laid out like no data set"),
                         ("/nowhere", "no folder"), ("/etc/passwd", "no folder")):
        run = Run(folder, "--base", base, data=data)
        check(run.done.returncode in (2, 3), run.done)
        check(said in run.done.stderr, run.done.stderr)
        equal(os.listdir(run.runs), [])
    folder = colors(6)
    with open(os.path.join(folder, "red", "0.png"), "wb") as file:
        file.write(b"no picture")
    os.mkdir(os.path.join(folder, "white"))
    remarks = trained(folder, "--base", base, data=data).card["data"]["remarks"]
    equal(sorted(r["name"] for r in remarks), ["red/0.png", "white", "white"])
    for words, said in ((["--valid", "91"], "valid"), (["--epochs", "0"], "epochs"),
                        (["--name", "a/b"], "--name"), (["--copies", "2"], "--augment"),
                        (["--augment", "spin"], "spin")):
        run = Run(folder, "--base", base, *words, data=data)
        check(run.done.returncode == 2 and said in run.done.stderr, words, run.done.stderr)
    done = ocellus("train", "classify", "--resume", tempfile.mkdtemp(), data=data)
    check(done.returncode == 3 and "no run of a training" in done.stderr, done.stderr)
    done = ocellus("train", "classify", folder, data=tempfile.mkdtemp())
    check(done.returncode == 2 and "--base" in done.stderr, done.stderr)


def bitmap(color):
    """A BMP of 2 x 2 pixels of one colour."""
    rows = b"".join(bytes(color) * 2 + b"\0\0" for _ in range(2))
    return struct.pack("<2sIHHI IiiHHIIiiII", b"BM", 54 + len(rows), 0, 0, 54, 40, 2, 2, 1, 24, 0,
                       len(rows), 0, 0, 0, 0) + rows


def test_ten_thousand_classes():
    folder = tempfile.mkdtemp(prefix="ocellus-many-")
    chance = random.Random(9)
    for k in range(10000):
        color = [chance.randrange(250) for _ in range(3)]
        os.makedirs(os.path.join(folder, f"class {k:05}"))
        for i in range(2):
            with open(os.path.join(folder, f"class {k:05}", f"{i}.bmp"), "wb") as file:
                file.write(bitmap([c + i for c in color]))
    data = tempfile.mkdtemp(prefix="ocellus-learn-")
    run = trained(folder, "--base", tiny_network(), "--name", "many", "--epochs", "3", data=data)
    equal(len(run.card["classes"]), 10000)
    picture = os.path.join(folder, "class 00007", "0.bmp")
    done = ocellus("infer", "--model", "many/1", picture, data=data)
    equal(done.returncode, 0, done.stderr)
