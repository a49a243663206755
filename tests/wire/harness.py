"""harness - what the wire tests share: a running server, requests, raw sockets.

A suite is a file of functions test_*.  It asks server() for a server that all its
tests share, or starts one of its own with Server(...).  Every server must end
well when it is stopped: exit code 0, and nothing from a sanitizer in its log.
"""
import base64
import ctypes
import ctypes.util
import http.client
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
import zlib

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
OCELLUS = os.path.join(ROOT, os.environ.get("OCELLUS", "build/ocellus"))

# fontconfig keeps its configuration behind offsets that no leak checker can follow, and
# ONNX Runtime is not ours to judge.
os.environ.setdefault("LSAN_OPTIONS", "print_suppressions=0:suppressions=" +
                      os.path.join(ROOT, "tests/wire/leaks"))
START_SECONDS, STOP_SECONDS = 30, 30
SANITIZER = re.compile(r"(ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:).*")

EMPTY = {"version": "1.3.0", "inputs": [], "steps": [], "outputs": []}
ECHO = {"version": "1.3.0", "inputs": [{"type": "WorkflowParameter", "name": "x"}], "steps": [],
        "outputs": [{"type": "JsonField", "name": "x", "selector": "$inputs.x"}]}
PICTURE = {"version": "1.3.0", "inputs": [{"type": "WorkflowImage", "name": "image"}], "steps": [],
           "outputs": [{"type": "JsonField", "name": "image", "selector": "$inputs.image"}]}


class Skip(Exception):
    """Raised by a test that cannot run here, with the reason."""


def check(condition, *values):
    if not condition:
        raise AssertionError(" ".join(repr(v) if not isinstance(v, str) else v for v in values)
                             or "does not hold")


def equal(got, wanted, what=""):
    if got != wanted:
        raise AssertionError(f"{what}{': ' if what else ''}got {got!r}, wanted {wanted!r}")


class Answer:
    """Status, headers (lower-case names) and body of an answer."""

    def __init__(self, status, headers, body):
        self.status, self.body = status, body
        self.headers = {k.lower(): v for k, v in headers}

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def run(*words, env=None, seconds=60):
    """Runs a command of the program; its exit code and what it printed."""
    done = subprocess.run([OCELLUS, *words], capture_output=True, text=True, timeout=seconds,
                          env={**os.environ, **(env or {})}, cwd=ROOT, check=False)
    return done.returncode, done.stdout + done.stderr


class Server:
    """A running server, with a data folder of its own unless one is given."""

    running = []

    def __init__(self, *options, data=None, env=None):
        self.port = free_port()
        self.folder = None if data else tempfile.mkdtemp(prefix="ocellus-wire-")
        self.data = data or self.folder
        self.log = tempfile.NamedTemporaryFile(prefix="ocellus-log-", delete=False)
        self.process = subprocess.Popen(
            [OCELLUS, "serve", "--port", str(self.port), "--data", self.data, *options],
            stdout=self.log, stderr=self.log, cwd=ROOT,
            env={**os.environ, "ALLOW_ORIGINS": "", **(env or {})})
        Server.running.append(self)
        self.wait()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def wait(self):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if self.get("/healthz").status == 200:
                    return
            except OSError:
                time.sleep(0.02)
        raise AssertionError("the server does not start:\n" + self.said())

    def said(self):
        with open(self.log.name, encoding="utf-8", errors="replace") as f:
            return f.read()

    # ---- requests

    def request(self, method, path, body=None, headers=None, seconds=120):
        headers = dict(headers or {})
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.getheaders(), answer.read())
        finally:
            connection.close()

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def post(self, path, body=None, **more):
        return self.request("POST", path, body, **more)

    def run(self, specification, inputs=None, **more):
        return self.post("/workflows/run",
                         {"specification": specification, "inputs": inputs or {}, **more})

    def metric(self, name):
        """The value of a metric without labels."""
        for line in self.get("/metrics").body.decode().split("\n"):
            if line.startswith(name + " "):
                return float(line.split()[1])
        raise AssertionError(f"there is no metric {name}")

    # ---- raw sockets

    def connect(self, seconds=30):
        s = socket.create_connection(("127.0.0.1", self.port), timeout=seconds)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return s

    def raw(self, data, seconds=30):
        """Sends bytes, closes the way out, and reads all that comes: an Answer,
        or None when the connection was closed without one."""
        with self.connect(seconds) as s:
            try:
                s.sendall(data)
            except OSError:
                pass
            return read_answer(s)

    # ---- the end

    def stop(self, number=signal.SIGTERM):
        """Ends the server; raises if it does not end well."""
        if self not in Server.running:
            return
        Server.running.remove(self)
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            code = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            code = "none in time"
        said = self.said()
        self.log.close()
        os.unlink(self.log.name)
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)
        found = SANITIZER.search(said)
        check(not found, found and said[found.start():][:3000])
        equal(code, 0, "exit code of the server; it said " + said[-1500:])

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.stop()


DEMO_MODEL = os.path.join(ROOT, "examples", "parts.onnx")
DEMO_CLASSES = os.path.join(ROOT, "examples", "parts.names")


def demo_pictures():
    folder = os.path.join(ROOT, "examples", "pictures")
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder))
            if name.endswith(".jpg")]


def demo_server():
    """A server of its own that has the demo model as parts/1."""
    if not os.path.exists(DEMO_MODEL):
        raise Skip("examples/parts.onnx is not there")
    data = tempfile.mkdtemp(prefix="ocellus-wire-")
    code, said = run("model", "add", "parts/1", DEMO_MODEL, "--classes", DEMO_CLASSES,
                     "--data", data)
    equal(code, 0, "model add says " + said)
    one = Server(data=data)
    one.folder = data
    return one


_shared = []


def server():
    """The server that the tests of a suite share."""
    if not _shared or _shared[0].process.poll() is not None:
        _shared[:] = [Server()]
    return _shared[0]


def stop_all():
    """Ends every server that still runs; the complaints."""
    complaints = []
    for one in list(Server.running):
        try:
            one.stop()
        except AssertionError as e:
            complaints.append(str(e))
    _shared.clear()
    return complaints


def read_answer(s, left=b""):
    """One answer off a socket; None when it is closed before a whole head came."""
    data = left
    while b"\r\n\r\n" not in data:
        try:
            piece = s.recv(65536)
        except ConnectionResetError:
            piece = b""
        if not piece:
            return None
        data += piece
    head, body = data.split(b"\r\n\r\n", 1)
    lines = head.decode("latin-1").split("\r\n")
    headers = [line.split(": ", 1) for line in lines[1:]]
    length = int(dict((k.lower(), v) for k, v in headers).get("content-length", 0))
    while len(body) < length:
        piece = s.recv(65536)
        if not piece:
            break
        body += piece
    answer = Answer(int(lines[0].split()[1]), headers, body[:length])
    answer.rest = body[length:]
    return answer


def is_closed(s, seconds=5):
    """Whether the server closes the connection in time, reading what is left."""
    s.settimeout(seconds)
    try:
        while True:
            if not s.recv(65536):
                return True
    except ConnectionResetError:
        return True
    except socket.timeout:
        return False


def microhttpd_version():
    """Of the library the program is linked to, such as 0x00097500."""
    name = ctypes.util.find_library("microhttpd") or "libmicrohttpd.so.12"
    library = ctypes.CDLL(name)
    library.MHD_get_version.restype = ctypes.c_char_p
    major, minor, patch = (library.MHD_get_version().decode().split(".") + ["0"])[:3]
    return int(major) << 24 | int(minor) << 16 | int(patch) << 8


# ---- pictures, made without any library

def png(width, height, color=(200, 100, 50), rows=None):
    """A small PNG; with `rows` fewer rows than its header promises."""
    def chunk(kind, data):
        whole = kind + data
        return struct.pack(">I", len(data)) + whole + struct.pack(">I", zlib.crc32(whole))

    row = b"\0" + bytes(color) * width
    packer = zlib.compressobj(9)
    data = b"".join(packer.compress(row) for _ in range(height if rows is None else rows))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
            + chunk(b"IDAT", data + packer.flush()) + chunk(b"IEND", b""))


def picture(data):
    return {"type": "base64", "value": base64.b64encode(data).decode()}
