"""flood_load - small requests beside a flood of large ones, for tools/bench/run.

A server of 256 MB is asked by 32 clients for pictures of 1080p, by 16 for pictures that
would fill its memory, and by one for a second model.  Meanwhile another client, in a
process of its own, asks something small every three milliseconds.  All of them share the
cores with the server; the small client never waits for one of them (real time, where that
is allowed), so that what it sees is the server's doing and the system's, not its own.
"""
import base64
import json
import multiprocessing
import os
import queue
import struct
import subprocess
import threading
import time
import zlib

from model_loads import TRIVIAL, Client, workflow

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PHOTOS, BOMBS, EVERY = 32, 16, 0.003


def png(width, height, rows):
    parts = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
             (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts)


def picture(width, height, row):
    """Rows of zeros, or of `row` turned a little further from one to the next."""
    turned = (b"\0" + (row[3 * (y % 64):] + row[:3 * (y % 64)] if row else bytes(3 * width))
              for y in range(height))
    return {"type": "base64", "value": base64.b64encode(png(width, height,
                                                            b"".join(turned))).decode()}


def bodies():
    row = b"".join(bytes((x % 256, x * x // 97 % 256, x // 3 % 256)) for x in range(1920))
    steps = [{"type": "roboflow_core/image_blur@v1", "name": "blur", "image": "$inputs.image",
              "kernel_size": 5},
             {"type": "roboflow_core/roboflow_classification_model@v1", "name": "part",
              "images": "$inputs.image", "model_id": "parts/1"}]
    outputs = [("blurred", "$steps.blur.image"), ("part", "$steps.part.predictions")]
    photo = picture(1920, 1080, row)
    return (workflow(steps, outputs, photo), workflow(steps, outputs, picture(12000, 12000, None)),
            json.dumps({"model_id": "parts/2", "image": photo}).encode())


def ask_small(port, count, told):
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except OSError:
        pass
    client, times, failed = Client(port), [], 0
    for _ in range(count):
        start = time.perf_counter()
        status, _ = client.send("POST", "/workflows/run", TRIVIAL)
        times.append(1000 * (time.perf_counter() - start))
        failed += status != 200
        time.sleep(EVERY)
    times.sort()
    told.put({"p50": times[count // 2], "p90": times[count * 9 // 10],
              "p99": times[count * 99 // 100], "failed": failed})


def ask_large(port, load, stop, told):
    counts = {}

    def ask(path, body):
        client = Client(port)
        while not stop.is_set():
            status, _ = client.send("POST", path, body)
            counts[status] = counts.get(status, 0) + 1

    photo, bomb, infer = load
    crowd = [threading.Thread(target=ask, args=one) for one in
             [("/workflows/run", photo)] * PHOTOS + [("/workflows/run", bomb)] * BOMBS +
             [("/infer/classification", infer)]]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    told.put(counts)


class FloodLoad:
    """A part of Bench, which see for what is used here and not defined."""

    def flood(self):
        for model in ("parts/1", "parts/2"):
            subprocess.run([os.path.join(self.build, "ocellus"), "model", "add", model,
                            os.path.join(ROOT, "examples/parts.onnx"), "--classes",
                            os.path.join(ROOT, "examples/parts.names"), "--data",
                            os.path.join(self.home, "flood")], check=True, capture_output=True)
        load = bodies()
        with self.ocellus("flood", "0,1", ("--memory", "256M")) as ours:
            quiet = self.small(ours.port)
            stop, told = multiprocessing.Event(), multiprocessing.Queue()
            large = multiprocessing.Process(target=ask_large, args=(ours.port, load, stop, told))
            large.start()
            time.sleep(2)
            busy = self.small(ours.port)
            stop.set()
            counts = told.get(timeout=120)
            large.join()
            served = Client(ours.port).send("GET", "/healthz")[0] == 200
        self.data["flood"] = {"quiet": quiet, "busy": busy, "large": counts}
        self.row("flood", "ms, small requests beside 48 clients of large ones: p50, p90, p99",
                 "%.2f, %.2f, %.2f" % (busy["p50"], busy["p90"], busy["p99"]),
                 "quiet %.2f, %.2f, %.2f" % (quiet["p50"], quiet["p90"], quiet["p99"]),
                 "p99 <= 3x, none lost",
                 served and not busy["failed"] and busy["p99"] <= 3 * quiet["p99"])

    def small(self, port):
        """What the small client tells of so many seconds."""
        told = multiprocessing.Queue()
        client = multiprocessing.Process(target=ask_small,
                                         args=(port, int(2 * self.seconds / EVERY / 1.3), told))
        client.start()
        try:
            return told.get(timeout=60 + 20 * self.seconds)
        except queue.Empty:
            raise AssertionError("the small client does not answer") from None
        finally:
            client.join()
