"""train - trainings over HTTP: data sets, jobs, their events, and what a crash leaves."""
import hashlib
import http.client
import json
import os
import random
import shutil
import signal
import struct
import tempfile
import time
import zlib

from harness import DEMO_CLASSES, DEMO_MODEL, Server, Skip, check, equal, picture, png, run, server

COLORS = {"red": (200, 40, 40), "green": (40, 180, 60), "blue": (40, 60, 200)}
PER_CLASS = 8


def noisy(color, seed, side=48):
    """A PNG of a colour with noise in it."""
    generator = random.Random(seed)
    rows = b"".join(b"\0" + b"".join(bytes(max(0, min(255, c + generator.randint(-60, 60)))
                                           for c in color) for _ in range(side))
                    for _ in range(side))

    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data +
                struct.pack(">I", zlib.crc32(kind + data)))

    return (b"\x89PNG\r\n\x1a\n" +
            chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def pictures(count=PER_CLASS):
    for name, color in COLORS.items():
        for i in range(count):
            yield f"{name}/{i}.png", noisy(color, f"{name} {i}")


def data_folder():
    """A data folder with a base in it, to be given to servers one after the other."""
    if not os.path.exists(DEMO_MODEL):
        raise Skip("examples/parts.onnx is not there")
    data = tempfile.mkdtemp(prefix="ocellus-train-")
    code, said = run("model", "add", "parts/1", DEMO_MODEL, "--classes", DEMO_CLASSES,
                     "--data", data)
    equal(code, 0, said)
    return data


def start(data=None, **more):
    return Server(data=data or data_folder(), **more)


def upload(one, name="colors", files=None):
    for path, data in files or pictures():
        got = one.request("PUT", f"/datasets/{name}/files?path={path}", data)
        equal(got.status, 201, got)


def ask(one, **settings):
    got = one.post("/train/classify", {"dataset": "colors", **settings})
    equal(got.status, 202, got)
    equal(sorted(got.json), ["events_url", "job_id", "status_url"])
    return got.json["job_id"]


def job(one, name):
    got = one.get(f"/jobs/{name}")
    equal(got.status, 200, got)
    return got.json


def until(one, name, condition, seconds=120):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        got = job(one, name)
        if condition(got):
            return got
        time.sleep(0.02)
    raise AssertionError(f"never so: {job(one, name)}")


def wait_for(one, name, state="done", seconds=120):
    got = until(one, name, lambda j: j["state"] in ("done", "failed", "stopped"), seconds)
    equal(got["state"], state, repr(got))
    return got


def events(one, name, after=None):
    """All events of a job until it ends: [(id or None, what)]."""
    connection = http.client.HTTPConnection("127.0.0.1", one.port, timeout=60)
    headers = {"Last-Event-ID": after} if after else {}
    connection.request("GET", f"/jobs/{name}/events", headers=headers)
    answer = connection.getresponse()
    equal((answer.status, answer.headers["Content-Type"]), (200, "text/event-stream"))
    found, number = [], None
    for line in answer.read().decode().split("\n"):
        if line.startswith("id: "):
            number = line[4:]
        elif line.startswith("data: "):
            found.append((number, json.loads(line[6:])))
            number = None
    connection.close()
    return found


def children(one):
    with open(f"/proc/{one.process.pid}/task/{one.process.pid}/children", encoding="ascii") as f:
        mine = [int(word) for word in f.read().split()]
    for task in os.listdir(f"/proc/{one.process.pid}/task"):
        try:
            with open(f"/proc/{one.process.pid}/task/{task}/children", encoding="ascii") as f:
                mine += [int(word) for word in f.read().split()]
        except OSError:
            pass
    return sorted(set(mine))


def weights(one, result):
    with open(os.path.join(one.data, "models", result["result"]["model"], "weights.onnx"),
              "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


# ---- data sets

def test_data_sets_are_uploaded_looked_at_and_removed():
    one = server()
    upload(one, "mixed", [("train/cats/1.png", png(8, 8)), ("train/cats/2.JPG", png(8, 8)),
                          ("train/dogs/1.png", png(8, 8)), ("valid/dogs/9.png", png(40, 20))])
    upload(one, "mixed", [("other/stray.png", png(8, 8))])
    check({"name": "mixed"} in one.get("/datasets").json["datasets"])
    got = one.get("/datasets/mixed").json
    equal((got["problem"], got["layout"], got["multi_label"], got["pictures"], got["splits"]),
          (None, "folders", False, 4, {"train": 3, "valid": 1}))
    equal(got["classes"], [{"name": "cats", "pictures": {"train": 2}},
                           {"name": "dogs", "pictures": {"train": 1, "valid": 1}}])
    check(any("other" in remark["name"] for remark in got["remarks"]), got["remarks"])
    files = {f["path"]: f["bytes"] for f in one.get("/datasets/mixed/files").json["files"]}
    equal(files["valid/dogs/9.png"], len(png(40, 20)))
    whole = one.get("/datasets/mixed/files?path=valid/dogs/9.png")
    equal((whole.body, whole.headers["content-type"]), (png(40, 20), "image/png"))
    small = one.get("/datasets/mixed/files?path=valid/dogs/9.png&size=20")
    equal((small.body[:2], small.headers["content-type"]), (b"\xff\xd8", "image/jpeg"))
    equal(one.request("DELETE", "/datasets/mixed").status, 200)
    equal(one.get("/datasets/mixed").status, 404)
    equal(one.request("DELETE", "/datasets/mixed").status, 404)


def test_several_classes_a_picture():
    one = server()
    upload(one, "many", [("train/a.png", png(8, 8)), ("train/b.png", png(8, 8)),
                         ("train/_classes.csv", b"filename,red,wide\na.png,1,0\nb.png,1,1\n")])
    got = one.get("/datasets/many").json
    equal((got["multi_label"], [c["name"] for c in got["classes"]]), (True, ["red", "wide"]))
    equal(one.get("/datasets/many/files?path=train/_classes.csv").status, 415)


def test_uploads_that_are_refused():
    one = server()
    for path, status in (("../x.png", 400), ("/etc/x.png", 400), ("a/../../x.png", 400),
                         ("a/b/c/d.png", 400), (".hidden.png", 400), ("a/.b/c.png", 400),
                         ("a//b.png", 400), ("", 400), ("a%5Cb.png", 400), ("a%00.png", 400),
                         ("a%0Ab.png", 400), ("x" * 300 + ".png", 400), ("a/b.exe", 415),
                         ("a/classes.csv", 415), ("a/.png", 400), ("png", 415)):
        got = one.request("PUT", f"/datasets/bad/files?path={path}", png(4, 4))
        equal(got.status, status, f"{path}: {got}")
    equal(one.request("PUT", "/datasets/bad/files", png(4, 4)).status, 400)
    equal(one.request("PUT", "/datasets/bad/files?path=a.png", b"").status, 400)
    for name in ("..%2Fx", "%2E%2E", ".hidden", "a%2Fb", "x" * 101, "%C3%A4", "%20"):
        got = one.request("PUT", f"/datasets/{name}/files?path=a.png", png(4, 4))
        check(got.status in (400, 404, 405), name, got)
    equal(one.get("/datasets/bad").status, 404)
    upload(one, "odd", [("a/1.png", b"no picture"), ("b/1.png", png(4, 4))])
    got = one.get("/datasets/odd/files?path=a/1.png")
    check(got.status in (400, 415), got)
    equal(one.get("/datasets/odd/files?path=a/2.png").status, 404)
    for size in ("0", "1e9", "abc", "20.5", "-1"):
        equal(one.get(f"/datasets/odd/files?path=b/1.png&size={size}").status, 400)
    got = one.request("PUT", "/datasets/odd/files?path=b/1.png/2.png", png(4, 4))
    check(got.status in (400, 404, 409, 500), got)
    equal(one.request("PUT", "/datasets/odd/files?path=c/1.png", png(4, 4),
                      headers={"Origin": "https://bad.example"}).status, 403)


# ---- what is asked for

def test_wrong_requests_are_refused_at_once():
    one = start()
    upload(one)
    for wrong, words in (
            ({"dataset": "nosuch"}, "no data set"), ({"dataset": "../x"}, "no name"),
            ({"dataset": None}, "dataset"), ({"folder": "/tmp"}, "folder"),
            ({"dataset": None, "folder": "relative"}, "absolute"),
            ({"dataset": None, "folder": "/nosuch/folder"}, "there is no folder"),
            ({"base": "nosuch/1"}, "no model"), ({"base": "../../etc"}, "no model"),
            ({"base": 7}, "text"), ({"name": "a/b"}, "name"), ({"seed": -1}, "seed"),
            ({"seed": 1.5}, "whole number"), ({"valid": 99}, "valid"), ({"epochs": 0}, "epochs"),
            ({"epochs": "many"}, "whole number"), ({"augment": "twist"}, "augment"),
            ({"copies": 3}, "augment"), ({"balance": 1}, "true or false"),
            ({"epoch": 3}, "did you mean epochs")):
        got = one.post("/train/classify", {"dataset": "colors", **wrong})
        equal(got.status, 400, f"{wrong}: {got}")
        check(words in got.json["message"], wrong, got)
    equal(one.post("/train/classify", {"dataset": "colors"},
                   headers={"Origin": "https://bad.example"}).status, 403)
    check(one.post("/train/classify", "[]").status in (400, 422))
    upload(one, "one", [("red/1.png", png(8, 8)), ("red/2.png", png(8, 8))])
    equal(one.post("/train/classify", {"dataset": "one"}).status, 400)
    equal(one.get("/jobs").json, {"jobs": []})
    equal(one.get("/train/bases").json["default"], "parts/1")
    equal([b["id"] for b in one.get("/train/bases").json["bases"]], ["parts/1"])


def test_without_a_base():
    one = server()
    upload(one)
    got = one.post("/train/classify", {"dataset": "colors"})
    equal(got.status, 400, got)
    check("base" in got.json["message"], got)
    equal(one.get("/train/bases").json, {"bases": [], "default": None})


def test_jobs_that_are_not_there():
    one = server()
    for path in ("/jobs/nosuch", "/jobs/00000000-0000-4000-8000-000000000000"):
        for more in ("", "/events", "/card", "/files/results.csv", "/pictures?path=a.png"):
            equal(one.get(path + more).status, 404, path + more)
        equal(one.post(path + "/stop").status, 404)
        equal(one.post(path + "/resume").status, 404)
    for limit in ("0", "x", "5000", "1.5"):
        equal(one.get("/jobs?limit=" + limit).status, 400)


# ---- a training

def test_a_training_from_pictures_to_predictions():
    one = start()
    upload(one)
    name = ask(one, name="tint", seed=3)
    all_of_it = events(one, name)
    kinds = [what["event"] for number, what in all_of_it if number]
    for first, second in zip(("start", "read", "features", "search", "epoch"),
                             ("read", "features", "search", "epoch", "done")):
        check(kinds.index(first) < kinds.index(second), kinds)
    epochs = [what["done"] for _, what in all_of_it if what["event"] == "epoch"]
    equal(epochs, list(range(1, len(epochs) + 1)))
    equal((all_of_it[-1][1]["event"], all_of_it[-1][1]["state"]), ("end", "done"))
    numbers = [number for number, _ in all_of_it if number]
    equal(numbers, sorted(numbers, key=int))
    middle = numbers[len(numbers) // 2]
    again = [(n, w) for n, w in events(one, name, middle) if n]
    equal(again, [(n, w) for n, w in all_of_it if n and int(n) > int(middle)])
    equal([n for n, _ in events(one, name, "7") if n], numbers, "an id that is none")
    done = job(one, name)
    equal((done["state"], done["progress"], done["result"]["model"], done["crashes"]),
          ("done", 1.0, "tint/1", 0))
    equal(done["last_event"]["event"], "done")
    equal(done["request"]["seed"], 3)
    equal([j["id"] for j in one.get("/jobs").json["jobs"]], [name])
    check_card(one, name)
    got = one.post("/infer/classification", {"model_id": "tint/1", "api_key": "",
                                             "image": picture(noisy(COLORS["blue"], "new"))})
    equal(got.json["top"], "blue", got)
    equal(one.post(f"/jobs/{name}/stop").status, 409)
    equal(one.post(f"/jobs/{name}/resume").status, 409)


def check_card(one, name):
    card = one.get(f"/jobs/{name}/card").json
    equal(card["model"], "tint/1")
    shown = card["judged"][0]["name"]
    equal(one.get(f"/jobs/{name}/pictures?path={shown}&size=32").headers["content-type"],
          "image/jpeg")
    equal(one.get(f"/jobs/{name}/pictures?path={shown}").headers["content-type"], "image/png")
    for path, status in (("../../models/parts/1/weights.onnx", 400), ("red/no.png", 404),
                         ("/etc/passwd", 400), ("", 400)):
        equal(one.get(f"/jobs/{name}/pictures?path={path}").status, status, path)
    for path, start_of in (("results.csv", b"epoch,"), ("results.png", b"\x89PNG"),
                           ("confusion_matrix.png", b"\x89PNG"), ("args.yaml", b"data: "),
                           ("weights/best.onnx", b"")):
        got = one.get(f"/jobs/{name}/files/{path}")
        equal(got.status, 200, path)
        check(got.body.startswith(start_of) and got.body, path, got)
    for path in ("events.jsonl", "..%2Fargs.yaml", "weights/last.onnx", "work/features.bin"):
        check(one.get(f"/jobs/{name}/files/{path}").status in (400, 404), path)


def test_several_classes_a_picture_are_learnt():
    one = start()
    rows, files = ["filename,red,green,blue"], []
    for i, (path, data) in enumerate(pictures(10)):
        label = path.split("/")[0]
        files.append((f"train/{i}.png", data))
        rows.append(f"{i}.png," + ",".join(str(int(label == c)) for c in ("red", "green", "blue")))
    upload(one, files=files + [("train/_classes.csv", "\n".join(rows).encode())])
    name = ask(one, name="tags")
    wait_for(one, name)
    card = one.get(f"/jobs/{name}/card").json
    equal((card["task"], card["confusion"]), ("multi-label-classification", []))
    image = picture(noisy(COLORS["green"], "new"))
    got = one.run({"version": "1.0", "inputs": [{"type": "WorkflowImage", "name": "image"}],
                   "steps": [{"type": "roboflow_core/roboflow_multi_label_classification_model@v2",
                              "name": "model", "images": "$inputs.image", "model_id": "tags/1"}],
                   "outputs": [{"type": "JsonField", "name": "predictions",
                                "selector": "$steps.model.predictions"}]}, {"image": image})
    equal(got.status, 200, got)
    equal(got.json["outputs"][0]["predictions"]["predicted_classes"], ["green"])


def test_a_folder_of_this_machine():
    one = start()
    folder = tempfile.mkdtemp(prefix="ocellus-colors-")
    for path, data in pictures(4):
        os.makedirs(os.path.dirname(os.path.join(folder, path)), exist_ok=True)
        with open(os.path.join(folder, path), "wb") as f:
            f.write(data)
    got = one.post("/train/classify", {"folder": folder, "name": "here"})
    equal(got.status, 202, got)
    wait_for(one, got.json["job_id"])
    equal(one.get(f"/jobs/{got.json['job_id']}/pictures?path=red/1.png&size=32").status, 200)
    shutil.rmtree(folder)
    equal(one.get(f"/jobs/{got.json['job_id']}/card").status, 200)


def test_one_after_the_other_and_stopping():
    one = start()
    upload(one, files=pictures(60))
    first, second, third = ask(one), ask(one), ask(one)
    until(one, first, lambda j: (j["last_event"] or {}).get("event") == "features")
    equal([job(one, n)["state"] for n in (second, third)], ["queued", "queued"])
    equal(one.request("DELETE", "/datasets/colors").status, 409)
    equal(one.post(f"/jobs/{third}/stop").json["state"], "stopped")
    equal(one.post(f"/jobs/{third}/stop").status, 409)
    equal(one.post(f"/jobs/{first}/stop").status, 202)
    wait_for(one, first, "stopped")
    equal(events(one, first)[-1][1]["state"], "stopped")
    done = wait_for(one, second)
    equal(one.post(f"/jobs/{first}/resume").status, 202)
    resumed = wait_for(one, first)
    equal(weights(one, resumed), weights(one, done), "the same data and seed")
    equal(job(one, third)["state"], "stopped")


# ---- crashes

def in_features(one, name):
    until(one, name, lambda j: (j["last_event"] or {}).get("event") == "features" and
          0 < j["last_event"]["done"] < j["last_event"]["total"])


def test_the_server_is_killed_and_the_job_goes_on():
    data = data_folder()
    one = start(data)
    upload(one, files=pictures(80))
    undisturbed = weights(one, wait_for(one, ask(one, seed=5)))
    name = ask(one, seed=5)
    in_features(one, name)
    child = children(one)
    equal(len(child), 1)
    one.process.kill()
    one.process.wait()
    Server.running.remove(one)
    end = time.monotonic() + 5
    while os.path.exists(f"/proc/{child[0]}") and time.monotonic() < end:
        time.sleep(0.01)
    check(not os.path.exists(f"/proc/{child[0]}"), "the training outlives its server")
    two = start(data)
    done = wait_for(two, name)
    equal(weights(two, done), undisturbed)
    check(two.get(f"/jobs/{name}/card").json["features_reused"] > 0, "nothing was reused")
    equal(done["crashes"], 0)


def test_the_server_ends_and_the_job_waits():
    data = data_folder()
    one = start(data)
    upload(one, files=pictures(80))
    name = ask(one, seed=5)
    in_features(one, name)
    one.stop()
    two = start(data)
    done = wait_for(two, name)
    check(two.get(f"/jobs/{name}/card").json["features_reused"] > 0, "nothing was reused")
    undisturbed = wait_for(two, ask(two, seed=5))
    equal(weights(two, done), weights(two, undisturbed))


def test_the_training_is_killed_and_goes_on():
    one = start()
    upload(one, files=pictures(80))
    name = ask(one, seed=5)
    in_features(one, name)
    os.kill(children(one)[0], signal.SIGKILL)
    done = wait_for(one, name)
    equal(done["crashes"], 1)
    kinds = [what["event"] for _, what in events(one, name)]
    equal(kinds.count("start"), 2)
    check("crash" in kinds, kinds)
    equal(weights(one, done), weights(one, wait_for(one, ask(one, seed=5))))


def test_three_crashes_are_a_failure():
    one = start()
    upload(one, files=pictures(150))
    name = ask(one)
    killed = []
    for crashes in (1, 2, 3):
        until(one, name, lambda _: [c for c in children(one) if c not in killed])
        killed += [child for child in children(one) if child not in killed]
        os.kill(killed[-1], signal.SIGKILL)
        until(one, name, lambda j: j["crashes"] == crashes)
    got = wait_for(one, name, "failed")
    equal(got["crashes"], 3)
    check("3 times" in got["result"]["error"], got)
    equal(one.post(f"/jobs/{name}/resume").status, 202)
    equal(wait_for(one, name)["crashes"], 0)


def test_a_training_that_cannot_be_fails_with_a_sentence():
    one = start()
    upload(one)
    name = ask(one, features="nosuch_tensor")
    got = wait_for(one, name, "failed")
    check("nosuch_tensor" in got["result"]["error"], got)
    equal(one.get(f"/jobs/{name}/card").status, 404)


def test_the_training_has_nothing_of_the_server():
    one = start()
    upload(one, files=pictures(80))
    name = ask(one)
    in_features(one, name)
    child = children(one)[0]
    os.kill(child, signal.SIGSTOP)
    try:
        files = {os.readlink(f"/proc/{child}/fd/{fd}") for fd in os.listdir(f"/proc/{child}/fd")}
        check(not [f for f in files if "socket" in f or "ocellus.db" in f or ".lock" in f], files)
        with open(f"/proc/{child}/stat", encoding="ascii") as f:
            words = f.read().rsplit(")", 1)[1].split()
        equal((int(words[2]), int(words[16])), (child, 19), "process group and niceness")
        with open(f"/proc/{child}/oom_score_adj", encoding="ascii") as f:
            check(int(f.read()) > 0)
        equal(one.get("/healthz").status, 200)
    finally:
        os.kill(child, signal.SIGCONT)
    wait_for(one, name)
