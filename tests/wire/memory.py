"""memory - the ceiling that --memory sets holds, and who comes meanwhile is served."""
import base64
import os
import struct
import tempfile
import threading
import time
import zlib

import harness
from harness import DEMO_MODEL, Server, check, equal

MEMORY = 256 << 20
PICTURE = {"version": "1.0", "inputs": [{"type": "WorkflowImage", "name": "image"}],
           "steps": [{"type": "roboflow_core/image_blur@v1", "name": "blur",
                      "image": "$inputs.image", "kernel_size": 5},
                     {"type": "roboflow_core/roboflow_classification_model@v1", "name": "part",
                      "images": "$inputs.image", "model_id": "parts/1"}],
           "outputs": [{"type": "JsonField", "name": "blurred", "selector": "$steps.blur.image"},
                       {"type": "JsonField", "name": "part",
                        "selector": "$steps.part.predictions"}]}
LIGHT = {"version": "1.0", "inputs": [{"type": "WorkflowParameter", "name": "x"}], "steps": [],
         "outputs": [{"type": "JsonField", "name": "x", "selector": "$inputs.x"}]}


def png(width, height, rows):
    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data +
                struct.pack(">I", zlib.crc32(kind + data)))

    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2,
                                                             0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b""))


def photograph():
    """1080p with enough in it to be a few hundred kilobytes."""
    row = b"".join(bytes((x % 256, (x * x // 97) % 256, (x // 3) % 256)) for x in range(1920))
    return png(1920, 1080, b"".join(b"\0" + row[3 * (y % 64):] + row[:3 * (y % 64)]
                                    for y in range(1080)))


class Group:
    """A memory cgroup of the same size where one may be made: the kernel then kills
    what goes over.  Without one only the peak tells."""

    def __init__(self, process):
        self.path = None
        for root, limit in (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
                            ("/sys/fs/cgroup", "memory.max")):
            if not os.path.exists(os.path.join(root, "cgroup.procs")):
                continue
            try:
                path = tempfile.mkdtemp(prefix="ocellus-test-", dir=root)
            except OSError:
                continue
            try:
                with open(os.path.join(path, limit), "w", encoding="ascii") as f:
                    f.write(str(MEMORY))
                with open(os.path.join(path, "cgroup.procs"), "w", encoding="ascii") as f:
                    f.write(str(process.pid))
                self.path = path
                return
            except OSError:
                os.rmdir(path)

    def remove(self):
        for _ in range(50 if self.path else 0):
            try:
                os.rmdir(self.path)
                return
            except OSError:
                time.sleep(0.1)     # the process is not all gone yet


def peak(process):
    with open(f"/proc/{process.pid}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) << 10 for line in f if line.startswith("VmHWM"))


class Crowd:
    """Threads that ask, and what they were told."""

    def __init__(self):
        self.threads, self.answers, self.wrong = [], [], []

    def add(self, name, count, times, ask, fine):
        def work():
            for _ in range(times):
                try:
                    answer = ask()
                except OSError as e:
                    self.wrong.append(f"{name}: {e!r}")
                    return
                self.answers.append((name, answer.status))
                if not fine(answer):
                    self.wrong.append(f"{name}: {answer}")

        self.threads += [threading.Thread(target=work) for _ in range(count)]

    def run(self):
        for t in self.threads:
            t.start()
        for t in self.threads:
            t.join()


def image(data):
    return {"image": {"type": "base64", "value": base64.b64encode(data).decode()}}


def held(running):
    return [running.metric(f'ocellus_memory_bytes{{share="{share}"}}')
            for share in ("pictures", "work", "bodies")]


def test_a_flood_in_a_quarter_of_a_gigabyte():
    instrumented = "asan" in harness.OCELLUS or "tsan" in harness.OCELLUS
    data = tempfile.mkdtemp(prefix="ocellus-memory-")
    for name in ("parts/1", "parts/2"):
        code, said = harness.run("model", "add", name, DEMO_MODEL, "--data", data)
        equal(code, 0, said)
    running = Server("--memory", "256M", data=data)
    group = None if instrumented else Group(running.process)
    photo, bomb = image(photograph()), image(png(12000, 12000, bytes(36001) * 12000))

    def busy_or(status):
        return lambda a: a.status == status or (a.status == 503 and a.headers.get("retry-after"))

    crowd = Crowd()
    crowd.add("light", 1, 300, lambda: running.run(LIGHT, {"x": 7}), lambda a: a.status == 200)
    crowd.add("bomb", 16, 1, lambda: running.run(PICTURE, bomb), busy_or(413))
    crowd.add("photo", 32, 3, lambda: running.run(PICTURE, photo), busy_or(200))
    crowd.add("swap", 1, 20, lambda: running.post("/infer/classification", {
        "model_id": "parts/2", "api_key": "", **photo}), busy_or(200))
    crowd.run()
    equal(running.process.poll(), None, "the server is there")
    check(not crowd.wrong, crowd.wrong[:3])
    answered = sum(status == 200 for name, status in crowd.answers if name == "photo")
    check(answered >= 90, f"{answered} of 96 pictures were answered")
    if not instrumented:
        check(peak(running.process) < MEMORY, f"{peak(running.process) >> 20} MB at the peak")
    until = time.monotonic() + 10      # an answer is read before its request has ended
    while any(held(running)) and time.monotonic() < until:
        time.sleep(0.05)
    equal(held(running), [0, 0, 0])
    running.stop()
    if group:
        group.remove()


def test_sizes():
    for size in ("100", "63M", "many", "-1G", "1X", "G"):
        code, said = harness.run("serve", "--memory", size, "--port", "0")
        equal(code, 2, said)
        check("--memory" in said and "512M" in said, said)
    with Server("--memory", "1.5 GiB") as running:
        limit = running.metric('ocellus_memory_limit_bytes{share="pictures"}')
        check(400 << 20 < limit < 512 << 20, limit)
    with Server(env={"OCELLUS_MEMORY": "128m"}) as running:
        tall = image(png(4000, 4000, bytes(12001) * 4000))
        answer = running.run(PICTURE, tall)
        equal(answer.status, 413)
        check("all pictures together may take" in answer.json["message"], answer)
