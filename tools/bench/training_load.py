"""training_load - light requests beside a training, for tools/bench/run.

The training has the server's core to share with it: what keeps it out of the way is its
priority, and nothing else.  Sixteen clients leave nothing of that core, and it waits.  Its
pictures are the examples', so ../shared is not needed.
"""
import json
import os
import shutil
import subprocess
import time

from model_loads import TRIVIAL, Client

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
ROUNDS = 3
EACH = 40           # times every example is there
COPIES = 100        # changed ones of each, so that it does not end too soon


class TrainingLoad:
    """A part of Bench, which see for what is used here and not defined."""

    def pictures_to_learn(self):
        """A folder for each class of the examples."""
        source = os.path.join(ROOT, "examples/pictures")
        folder = os.path.join(self.home, "learn")
        for name in sorted(os.listdir(source)):
            if name.endswith(".jpg"):
                place = os.path.join(folder, name.rsplit("-", 1)[0])
                os.makedirs(place, exist_ok=True)
                for i in range(EACH):
                    shutil.copyfile(os.path.join(source, name),
                                    os.path.join(place, "%d-%s" % (i, name)))
        return folder

    def training(self):
        data = os.path.join(self.home, "training")
        subprocess.run([os.path.join(self.build, "ocellus"), "model", "add", "parts/1",
                        os.path.join(ROOT, "examples/parts.onnx"), "--classes",
                        os.path.join(ROOT, "examples/parts.names"), "--data", data],
                       check=True, capture_output=True)
        request = json.dumps({"folder": self.pictures_to_learn(), "base": "parts/1",
                              "augment": "flip,crop,color", "copies": COPIES}).encode()
        for connections in (1, 16):
            with self.ocellus("training") as ours:
                rounds = [self.training_round(ours.port, request, connections)
                          for _ in range(ROUNDS)]
            quiet = min(one["quiet"]["p50"] for one in rounds)
            busy = min(one["busy"]["p50"] for one in rounds)
            self.data["training_c%d" % connections] = {"rounds": rounds}
            self.row("training c=%d" % connections, "p50 ms, trivial workflow beside a training",
                     "%.3f" % busy, "quiet %.3f" % quiet, "<= 1.5x; %.2fx" % (busy / quiet),
                     busy <= 1.5 * quiet and
                     (connections > 1 or all(one["went_on"] for one in rounds)))

    def training_round(self, port, request, connections):
        quiet = self.wrk(port, "/workflows/run", TRIVIAL, connections)
        status, text = Client(port).send("POST", "/train/classify", request)
        assert status == 202, text
        job = "/jobs/" + json.loads(text)["job_id"]
        before = self.pictures_seen(job, port, least=1)
        busy = self.wrk(port, "/workflows/run", TRIVIAL, connections)
        after = self.pictures_seen(job, port)
        client = Client(port)
        client.send("POST", job + "/stop")
        while json.loads(client.send("GET", job)[1])["state"] == "running":
            time.sleep(0.1)
        return {"quiet": quiet, "busy": busy, "seen": after - before, "went_on": after > before}

    def pictures_seen(self, job, port, least=0):
        """By its last event; waits until there are so many."""
        client, end = Client(port), time.monotonic() + 30
        while time.monotonic() < end:
            status, text = client.send("GET", job)
            assert status == 200, text
            event = json.loads(text)["last_event"] or {}
            if event.get("event") == "features" and event["done"] >= least:
                return event["done"]
            time.sleep(0.05)
        raise AssertionError("the training does not begin: %s" % text)
