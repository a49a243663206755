"""model_loads - workloads with models, and those held against other libraries, for tools/bench/run.

What needs other people's libraries (supervision, Pillow, onnx) runs in the tests' environment, as
tools/bench/peer; without it, or without ../shared, a workload is left out and says so.
"""
import http.client
import json
import os
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SHARED = os.path.join(HERE, "..", "..", "..", "shared")
IMAGES = os.path.join(SHARED, "assets/images")
EXECUTION = "roboflow-inference/tests/workflows/integration_tests/execution/assets/"
MOSAIC = ["supervision/zidane.jpg", EXECUTION + "dogs.jpg", EXECUTION + "car.jpg",
          "derived/bus_422.jpg"] + ["photos-fastestdet/%d.jpg" % n for n in range(4)]
TRIVIAL = json.dumps({"specification": {
    "version": "1.0", "inputs": [{"type": "WorkflowParameter", "name": "x"}],
    "steps": [{"type": "roboflow_core/first_non_empty_or_default@v1", "name": "s",
               "data": ["$inputs.x"]}],
    "outputs": [{"type": "JsonField", "name": "o", "selector": "$steps.s.output"}]},
    "inputs": {"x": 1}}).encode()
ROUNDS = 3


def step(kind, name, **fields):
    return dict({"type": "roboflow_core/" + kind, "name": name}, **fields)


def workflow(steps, outputs, image):
    return json.dumps({"specification": {
        "version": "1.0", "inputs": [{"type": "WorkflowImage", "name": "image"}], "steps": steps,
        "outputs": [{"type": "JsonField", "name": n, "selector": s} for n, s in outputs]},
        "inputs": {"image": image}}).encode()


def detect_crop_classify(image):
    return workflow([
        step("roboflow_object_detection_model@v2", "find", images="$inputs.image",
             model_id="det/1", confidence=0.36),
        step("dynamic_crop@v1", "crop", images="$inputs.image",
             predictions="$steps.find.predictions"),
        step("roboflow_classification_model@v2", "model", images="$steps.crop.crops",
             model_id="mobilenet/1", confidence=0.25),
        step("bounding_box_visualization@v1", "boxes", image="$inputs.image",
             predictions="$steps.find.predictions"),
        step("label_visualization@v1", "labels", image="$steps.boxes.image",
             predictions="$steps.find.predictions"),
    ], [("found", "$steps.find.predictions"), ("classes", "$steps.model.predictions"),
        ("picture", "$steps.labels.image")], image)


class Client:
    """One persistent connection."""

    def __init__(self, port):
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def send(self, method, path, body=None):
        self.http.request(method, path, body, {"Content-Type": "application/json"})
        answer = self.http.getresponse()
        return answer.status, answer.read()


class ModelLoads:
    """A part of Bench, which see for what is used here and not defined."""

    def peer(self, *words):
        """What tools/bench/peer prints; None without the environment it needs."""
        python = os.environ.get("VENV", os.path.join(HERE, "../../build/venv")) + "/bin/python"
        if not os.path.exists(python):
            return None
        done = subprocess.run(["taskset", "-c", "0", python, os.path.join(HERE, "peer"), *words],
                              capture_output=True, text=True)
        if done.returncode != 0:
            print("peer %s: %s" % (words[0], done.stderr.strip().splitlines()[-1:]),
                  file=sys.stderr)
            return None
        return done.stdout

    def packages(self, data):
        """The packages that conformance uses, in a data folder; False without ../shared."""
        script = os.path.join(SHARED, "peer/packages.py")
        if not os.path.exists(script):
            return False
        subprocess.run([sys.executable, script, os.path.join(SHARED, "conformance"),
                        os.path.join(SHARED, "assets"), os.path.join(self.home, data, "models")],
                       check=True, capture_output=True)
        return True

    def left_out(self, name, why):
        self.row(name, "left out: " + why, "", "", "")

    def metrics(self, port):
        status, text = Client(port).send("GET", "/metrics")
        assert status == 200
        found = {}
        for line in text.decode().splitlines():
            if line.startswith("ocellus_") and "{" not in line:
                found[line.split()[0]] = float(line.split()[1])
        return found

    # ---- B6: detect, crop, classify, draw ----------------------------------------

    def mosaic(self):
        """A picture of 1280 x 720 in which det/1 finds a dozen objects, as an input."""
        import base64
        path = os.path.join(self.home, "mosaic.jpg")
        if self.peer("picture", path, *(os.path.join(IMAGES, name) for name in MOSAIC)) is None:
            return None
        with open(path, "rb") as file:
            return {"type": "base64", "value": base64.b64encode(file.read()).decode()}

    def b6(self):
        picture = self.mosaic() if self.packages("b6") else None
        if picture is None:
            return self.left_out("B6", "no ../shared or no environment for tests")
        body = detect_crop_classify(picture)
        for threads, cores in ((1, "0"), (2, "0,1")):
            with self.ocellus("b6", cores, ["--threads", str(threads)]) as ours:
                status, answer = Client(ours.port).send("POST", "/workflows/run", body)
                assert status == 200, answer[:300]
                objects = len(json.loads(answer)["outputs"][0]["found"]["predictions"])
                rounds = [self.b6_round(ours, body) for _ in range(ROUNDS)]
            best = min(rounds, key=lambda one: one["outside"])
            self.data["b6_%d" % threads] = dict(best, objects=objects)
            self.row("B6 intra_op %d" % threads,
                     "ms: whole, networks, outside them; %d objects, 720p" % objects,
                     "%.1f, %.1f, %.1f" % (best["whole"], best["network"], best["outside"]),
                     "of it preprocessing %.1f" % best["prepare"],
                     "outside <= 12; %.0f inferences a request (2: crops in one)"
                     % best["inferences"],
                     best["outside"] <= 12 and best["inferences"] == 2)

    def b6_round(self, ours, body):
        """Request by request, as what a busy machine adds to one is not what it adds to another."""
        client, taken = Client(ours.port), []
        end = time.monotonic() + 2 * self.seconds
        client.send("POST", "/workflows/run", body)
        while time.monotonic() < end or len(taken) < 5:
            before, start = self.metrics(ours.port), time.monotonic()
            client.send("POST", "/workflows/run", body)
            whole, after = 1000 * (time.monotonic() - start), self.metrics(ours.port)
            inside, prepare, count = (after[name] - before[name] for name in (
                "ocellus_inference_seconds_sum", "ocellus_preprocess_seconds_total",
                "ocellus_inference_seconds_count"))
            network = 1000 * (inside - prepare)
            taken.append({"whole": whole, "network": network, "prepare": 1000 * prepare,
                          "outside": whole - network, "inferences": count})
        median = {name: sorted(one[name] for one in taken)[len(taken) // 2] for name in taken[0]}
        return dict(median, requests=len(taken))

    # ---- B9: suppression ----------------------------------------------------------

    def b9(self):
        for kind in ("clusters", "scattered"):
            for count, bar in ((300, 0.04), (3000, 3)):
                path = os.path.join(self.home, "boxes")
                if self.peer("boxes", path, str(count), kind) is None:
                    return self.left_out("B9", "no environment for tests")
                rounds = [self.b9_round(path) for _ in range(ROUNDS)]
                ours = min(one[0]["min"] for one in rounds) / 1000
                theirs = min(one[1]["min"] for one in rounds)
                self.data["b9_%s_%d" % (kind, count)] = {"ocellus": ours, "supervision": theirs}
                self.row("B9 %d %s" % (count, kind),
                         "ms, NMS; %d stay" % len(rounds[0][0]["kept"]), "%.3f" % ours,
                         "supervision %s %.2f" % (rounds[0][1]["version"], theirs),
                         "<= %g; %.0fx" % (bar, theirs / ours), ours <= bar)

    def b9_round(self, path):
        ours = json.loads(subprocess.run(
            ["taskset", "-c", "0", os.path.join(self.build, "bench/nms"), path],
            capture_output=True, text=True, check=True).stdout)
        theirs = json.loads(self.peer("nms", path))
        assert sorted(ours["kept"]) == theirs["kept"], "the two keep different boxes"
        return ours, theirs

    # ---- B17: a trivial workflow while a large model loads ------------------------

    def big_model(self, data):
        weights, names = (os.path.join(self.home, name) for name in ("big.onnx", "big.names"))
        with open(names, "w") as out:
            out.write("\n".join("class %d" % i for i in range(10)) + "\n")
        if self.peer("big", weights, "400") is None:
            return False
        subprocess.run([os.path.join(self.build, "ocellus"), "model", "add", "big/1", weights,
                        "--classes", names, "--size", "224", "--data",
                        os.path.join(self.home, data)], check=True, capture_output=True)
        os.unlink(weights)
        return True

    def load_over_and_over(self, port, over, times):
        client = Client(port)
        while not over.is_set():
            client.send("POST", "/model/clear")
            start = time.monotonic()
            status, data = client.send("POST", "/model/add", b'{"model_id": "big/1"}')
            assert status == 200, data[:300]
            times.append(time.monotonic() - start)

    def b17(self):
        if not self.big_model("b17"):
            return self.left_out("B17", "no environment for tests")
        for connections in (1, 16):
            with self.ocellus("b17") as ours:
                rounds = [self.b17_round(ours.port, connections) for _ in range(ROUNDS)]
            quiet = min(one["quiet"] for one in rounds)
            busy = min(one["busy"] for one in rounds)
            loads = sum(one["loads"] for one in rounds)
            self.data["b17_c%d" % connections] = {"rounds": rounds}
            self.row("B17 c=%d" % connections,
                     "p50 ms, trivial workflow while 400 MB load (%d times)" % loads,
                     "%.3f" % busy, "quiet %.3f" % quiet, "<= 1.2x; %.2fx" % (busy / quiet),
                     busy <= 1.2 * quiet and loads > 0)

    def b17_round(self, port, connections):
        quiet = self.wrk(port, "/workflows/run", TRIVIAL, connections)
        over, times = threading.Event(), []
        loader = threading.Thread(target=self.load_over_and_over, args=(port, over, times))
        loader.start()
        busy = self.wrk(port, "/workflows/run", TRIVIAL, connections)
        over.set()
        loader.join()
        return {"quiet": quiet["p50"], "busy": busy["p50"], "quiet_p99": quiet["p99"],
                "busy_p99": busy["p99"], "loads": len(times), "load_s": min(times)}

    # ---- memory over many requests of all kinds -----------------------------------

    def mixed(self):
        if not self.packages("mixed"):
            return self.left_out("mixed", "no ../shared")
        photo = self.image_input()["image"]
        classify = workflow([step("roboflow_classification_model@v2", "m", images="$inputs.image",
                                  model_id="mobilenet/1", confidence=0.05)],
                            [("o", "$steps.m.predictions")], photo)
        detect = workflow([step("roboflow_object_detection_model@v2", "m", model_id="det/1",
                                images="$inputs.image", confidence=0.36),
                           step("bounding_box_visualization@v1", "b", image="$inputs.image",
                                predictions="$steps.m.predictions")],
                          [("o", "$steps.b.image")], photo)
        direct = json.dumps({"id": "x", "model_id": "cifar/1", "image": photo}).encode()
        unknown = json.dumps({"id": "x", "model_id": "none/1", "image": photo}).encode()
        kinds = 9 * [("/workflows/run", TRIVIAL, 200)] + [
            ("/infer/classification", direct, 200), ("/infer/classification", direct, 200),
            ("/workflows/run", classify, 200), ("/workflows/run", detect, 200),
            ("/workflows/run", TRIVIAL[:-3], 422), ("/infer/classification", unknown, 404)]
        with self.ocellus("mixed", "0,1") as ours:
            self.send_mixed(ours.port, kinds, 1500, 8)    # more at once than later: the peak
            sizes = [ours.rss()]
            for _ in range(4):
                self.send_mixed(ours.port, kinds, 2500, 4)
                sizes.append(ours.rss())
        growth = sizes[4] - sizes[0]
        self.data["mixed"] = {"rss": sizes}
        self.row("mixed", "MB warm, and after each 2,500 of 10,000 requests of all kinds",
                 ", ".join("%.1f" % size for size in sizes), "",
                 "flat: grows by at most 4 MB; %+.1f" % growth, growth <= 4)

    def send_mixed(self, port, kinds, count, clients):
        wrong = []

        def send(first):
            client = Client(port)
            for i in range(first, count, clients):
                path, body, expected = kinds[i % len(kinds)]
                status, data = client.send("POST", path, body)
                if status != expected:
                    wrong.append((path, status, data[:200]))

        senders = [threading.Thread(target=send, args=(i,)) for i in range(clients)]
        for one in senders:
            one.start()
        for one in senders:
            one.join()
        if wrong:
            sys.exit("%d of %d mixed requests failed: %s" % (len(wrong), count, wrong[0]))
