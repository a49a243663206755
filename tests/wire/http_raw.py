"""http_raw - requests as bytes: malformed, split, slow, too large."""
import json
import socket
import threading
import time
import uuid

from harness import (ECHO, EMPTY, Server, check, equal, is_closed, microhttpd_version, read_answer,
                     server)

HOST = b"Host: localhost\r\n"
GET = b"GET /healthz HTTP/1.1\r\n"
POST = b"POST /workflows/run HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
BODY = json.dumps({"specification": ECHO, "inputs": {"x": 7}}).encode()

# What two programs could read differently: 400, and the connection is closed.
MALFORMED = {
    "no Host": GET + b"\r\n",
    "two Host": GET + HOST + HOST + b"\r\n",
    "two Host of different case": GET + HOST + b"hOST: other\r\n\r\n",
    "length and chunks": POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and length": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "two different lengths": POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    "two equal lengths": POST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
    "space before the colon": GET + HOST + b"X-A : b\r\n\r\n",
    "space before the colon of Host": GET + b"Host : localhost\r\n\r\n",
    "unknown encoding": POST + b"Transfer-Encoding: gzip\r\n\r\n",
    "two encodings": POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "chunked twice": POST + 2 * b"Transfer-Encoding: chunked\r\n" + b"\r\n0\r\n\r\n",
    "length with a sign": POST + b"Content-Length: +5\r\n\r\nhello",
    "negative length": POST + b"Content-Length: -5\r\n\r\nhello",
    "length in hex": POST + b"Content-Length: 0x5\r\n\r\nhello",
    "length with a blank": POST + b"Content-Length: 5 5\r\n\r\nhello",
    "empty length": POST + b"Content-Length: \r\n\r\n",
    "control letter in a value": GET + HOST + b"X-A: b\x01c\r\n\r\n",
    "letters of no name": GET + HOST + b"X(A): b\r\n\r\n",
    "chunk size with a sign": POST + b"Transfer-Encoding: chunked\r\n\r\n-1\r\nx\r\n0\r\n\r\n",
    "chunk size with 0x": POST + b"Transfer-Encoding: chunked\r\n\r\n0x1\r\nx\r\n0\r\n\r\n",
    "method of strange letters": b"G\xc9T / HTTP/1.1\r\n" + HOST + b"\r\n",
    "path with a NUL": b"GET /heal%00thz HTTP/1.1\r\n" + HOST + b"\r\n",
    "path that walks up": b"GET /../../etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n",
    "path that walks up, encoded": b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n",
    "path with backslashes": b"GET /..%5c..%5cetc HTTP/1.1\r\n" + HOST + b"\r\n",
    "path of overlong UTF-8": b"GET /%c0%ae%c0%ae/ HTTP/1.1\r\n" + HOST + b"\r\n",
    "path with half an escape": b"GET /health%7 HTTP/1.1\r\n" + HOST + b"\r\n",
    "path with a line end": b"GET /heal%0d%0athz HTTP/1.1\r\n" + HOST + b"\r\n",
    "path without a slash": b"GET healthz HTTP/1.1\r\n" + HOST + b"\r\n",
}

# libmicrohttpd before 1.0 repairs these before its callbacks can see them.
UNSEEN_BEFORE_1_0 = {
    "bare line feeds": b"GET /healthz HTTP/1.1\nHost: localhost\n\n",
    "folded header": GET + HOST + b"X-A: b\r\n c\r\n\r\n",
    "NUL in a header": GET + HOST + b"X-A: b\0c\r\n\r\n",
}


def test_malformed_requests_are_refused():
    for name, data in MALFORMED.items():
        answer = server().raw(data)
        check(answer is not None, name, "got no answer")
        equal(answer.status, 400, name)


def test_a_chunk_size_that_overflows_is_refused():
    for size in (b"FFFFFFFFFFFFFFFFF", b"1" + b"0" * 16, b"F" * 10000):
        with server().connect() as s:
            s.sendall(POST + b"Transfer-Encoding: chunked\r\n\r\n" + size + b"\r\nx\r\n")
            answer = read_answer(s)
            check(answer is not None and answer.status in (400, 413), size, answer)
            check(is_closed(s), size, "left the connection open")


def test_ambiguous_lengths_close_the_connection():
    for name in ("length and chunks", "two different lengths", "two Host"):
        with server().connect() as s:
            s.sendall(MALFORMED[name] + b"GET /info HTTP/1.1\r\n" + HOST + b"\r\n")
            equal(read_answer(s).status, 400, name)
            check(is_closed(s), name, "left the connection open")


def test_what_old_libraries_cannot_see():
    allowed = (400,) if microhttpd_version() >= 0x01000000 else (400, 200)
    for name, data in UNSEEN_BEFORE_1_0.items():
        answer = server().raw(data)
        check(answer is not None and answer.status in allowed, name, answer)


def test_http_1_0_needs_no_host():
    equal(server().raw(b"GET /healthz HTTP/1.0\r\n\r\n").status, 200)


def test_limits_of_the_head():
    def with_headers(count):
        return GET + HOST + b"".join(b"X-%d: y\r\n" % i for i in range(count - 1)) + b"\r\n"

    equal(server().raw(with_headers(100)).status, 200)
    equal(server().raw(with_headers(101)).status, 431)
    equal(server().raw(GET + HOST + b"X: " + b"y" * 31000 + b"\r\n\r\n").status, 200)
    equal(server().raw(GET + HOST + b"X: " + b"y" * 33000 + b"\r\n\r\n").status, 431)
    huge = server().raw(GET + HOST + b"X: " + b"y" * (1 << 20) + b"\r\n\r\n")
    check(huge is None or huge.status in (400, 413, 431), huge)
    equal(server().get("/healthz").status, 200)


def test_limits_of_the_url():
    def get(length):
        return server().raw(b"GET /" + b"a" * (length - 1) + b" HTTP/1.1\r\n" + HOST + b"\r\n")

    equal(get(8192).status, 404)
    equal(get(8193).status, 414)
    equal(get(10000).status, 414)
    long = get(1 << 20)
    check(long is None or long.status in (400, 414, 431), long)


def test_a_body_that_will_be_too_large_is_refused_unread():
    for length in (67108865, 10_000_000_000, 1 << 70):
        with server().connect() as s:
            began = time.monotonic()
            s.sendall(POST + b"Content-Length: %d\r\n\r\n" % length)
            equal(read_answer(s).status, 413)
            check(time.monotonic() - began < 1, "took too long")
    with server().connect() as s:
        s.sendall(POST + b"Expect: 100-continue\r\nContent-Length: 10000000000\r\n\r\n")
        equal(read_answer(s).status, 413)


def test_the_answer_survives_a_body_that_nobody_reads():
    with server().connect() as s:
        s.sendall(POST + b"Content-Length: 80000000\r\n\r\n" + b"x" * 2_000_000)
        equal(read_answer(s).status, 413)


def chunked(pieces):
    return (POST + b"Transfer-Encoding: chunked\r\n\r\n"
            + b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n")


def test_chunked_bodies():
    whole = server().raw(chunked([BODY]))
    equal(whole.json["outputs"], [{"x": 7}])
    equal(server().raw(chunked([BODY[i:i + 1] for i in range(len(BODY))])).body, whole.body)
    trailer = POST + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\nX-A: b\r\n\r\n"
    equal(server().raw(trailer % (len(BODY), BODY)).body, whole.body)
    extension = POST + b"Transfer-Encoding: chunked\r\n\r\n%x;name=value\r\n%s\r\n0\r\n\r\n"
    answer = server().raw(extension % (len(BODY), BODY))
    check(answer.status == 400 or answer.body == whole.body, answer)   # libmicrohttpd 1.0: 400


def test_chunked_bodies_over_the_limit_are_cut_short():
    block = b"100000\r\n" + b" " * (1 << 20) + b"\r\n"
    with server().connect(60) as s:
        answer = None
        try:
            s.sendall(POST + b"Transfer-Encoding: chunked\r\n\r\n")
            for _ in range(70):
                s.sendall(block)
        except OSError:
            pass
        answer = read_answer(s)
    check(answer is not None and answer.status == 413, answer)


def test_a_body_in_too_many_pieces():
    piece = b"1\r\n \r\n" * 4096
    with server().connect(120) as s:
        try:
            s.sendall(POST + b"Transfer-Encoding: chunked\r\n\r\n")
            for _ in range(300):
                s.sendall(piece)
        except OSError:
            pass
        answer = read_answer(s)
    check(answer is not None and answer.status == 413, answer)


def test_100_continue():
    with server().connect() as s:
        s.sendall(POST + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(BODY))
        equal(read_answer(s).status, 100)
        s.sendall(BODY)
        equal(read_answer(s).json["outputs"], [{"x": 7}])


def test_a_request_split_at_every_byte():
    request = POST + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
    with server().connect() as s:
        for at in range(1, len(request)):
            s.sendall(request[:at])
            time.sleep(0.0005)
            s.sendall(request[at:])
            answer = read_answer(s)
            check(answer is not None and answer.status == 200, "split at", at, answer)
            equal(answer.json["outputs"], [{"x": 7}], f"split at {at}")


def test_pipelined_requests_are_answered_in_order():
    ids = [str(uuid.uuid4()) for _ in range(2000)]
    data = b"".join(GET + HOST + b"X-Request-ID: " + i.encode() + b"\r\n\r\n" for i in ids)
    with server().connect() as s:
        threading.Thread(target=s.sendall, args=(data,)).start()
        rest = b""
        for i in ids:
            answer = read_answer(s, rest)
            rest = answer.rest
            equal(answer.headers["x-request-id"], i)


def test_head_is_get_without_a_body():
    get = server().get("/info")
    with server().connect() as s:
        s.sendall(b"HEAD /info HTTP/1.1\r\n" + HOST + b"\r\n" + GET + HOST + b"\r\n")
        data = b""
        while data.count(b"\r\n\r\n") < 2:
            data += s.recv(65536)
        head, rest = data.split(b"\r\n\r\n", 1)
    check(b"200 OK" in head and b"Content-Length: %d" % len(get.body) in head, head)
    check(rest.startswith(b"HTTP/1.1 200"), rest)


def test_keep_alive_and_close():
    with server().connect() as s:
        for _ in range(3):
            s.sendall(GET + HOST + b"\r\n")
            equal(read_answer(s).status, 200)
        s.sendall(GET + HOST + b"Connection: close\r\n\r\n")
        equal(read_answer(s).status, 200)
        check(is_closed(s))


def test_a_body_on_get_is_tolerated():
    body = b'{"api_key":null}'
    answer = server().raw(b"GET /model/registry HTTP/1.1\r\n" + HOST
                          + b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                          % len(body) + body)
    equal(answer.status, 200)


# ---- slow and absent clients; one test, because each takes many seconds

def trickle(s, data, pause, seconds):
    """Sends a byte now and then until the server closes; when that was, and what
    it said."""
    began = time.monotonic()
    s.settimeout(pause)
    for byte in data:
        try:
            s.sendall(bytes([byte]))
            if time.monotonic() - began > seconds:
                return None, b""
            said = s.recv(65536)
            return time.monotonic() - began, said
        except socket.timeout:
            continue
        except OSError:
            return time.monotonic() - began, b""
    return None, b""


def slow_head(one, first, most):
    with one.connect() as s:
        if first:
            s.sendall(GET + HOST + b"\r\n")
            equal(read_answer(s).status, 200)
        s.sendall(GET)
        after, said = trickle(s, b"X-A: " + b"a" * 500, 0.5, most + 8)
        check(after is not None and after < most, "a slow head was closed after", after)
        check(b" 408 " in said, said)


def slow_body(one):
    with one.connect() as s:
        s.sendall(POST + b"Content-Length: 100000\r\n\r\n")
        after, said = trickle(s, b" " * 500, 0.5, 20)
        check(after is not None and after < 14, "a slow body was closed after", after)
        check(b" 408 " in said, said)


def endless_chunk(one):
    """Its size fits 64 bits, so the library waits for it: until the deadline."""
    with one.connect() as s:
        s.sendall(POST + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\nx")
        answer = read_answer(s)
        check(answer is not None and answer.status in (400, 408, 413), answer)
        check(is_closed(s), "left the connection open")


def lazy_reader(one):
    body = json.dumps({"specification": ECHO, "inputs": {"x": "y" * 30_000_000}}).encode()
    with one.connect(60) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        s.sendall(POST + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        time.sleep(26)
        equal(one.metric("ocellus_http_in_flight"), 1, "requests in flight")


def dripping_reader(one):
    body = json.dumps({"specification": ECHO, "inputs": {"x": "y" * 30_000_000}}).encode()
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        s.settimeout(60)
        s.connect(("127.0.0.1", one.port))
        s.sendall(POST + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        began = time.monotonic()
        while True:
            try:
                if not s.recv(100 if time.monotonic() - began < 26 else 1 << 20):
                    return
            except OSError:
                return
            check(time.monotonic() - began < 40, "a dripping reader was left connected")
            time.sleep(0.3 if time.monotonic() - began < 26 else 0)


def idle_client(one):
    with one.connect() as s:
        s.sendall(GET + HOST + b"\r\n")
        equal(read_answer(s).status, 200)
        check(is_closed(s, 20), "an idle connection was left open")


def test_slow_and_idle_clients_are_closed():
    jobs = [(slow_head, False, 14), (slow_head, True, 30), (slow_body,), (lazy_reader,),
            (idle_client,), (endless_chunk,), (dripping_reader,)]
    failures = []

    def work(one, job):
        try:
            job[0](one, *job[1:])
        except AssertionError as e:
            failures.append(f"{job[0].__name__}: {e}")

    with Server() as one:
        threads = [threading.Thread(target=work, args=(one, job)) for job in jobs]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            began = time.monotonic()
            equal(one.get("/healthz").status, 200)
            check(time.monotonic() - began < 2, "others wait")
            time.sleep(1)
    check(not failures, "; ".join(failures))


def test_many_connections_at_once():
    sockets = [server().connect() for _ in range(200)]
    for s in sockets:
        s.sendall(POST + b"Content-Length: %d\r\n\r\n" % len(BODY))
    for s in sockets:
        s.sendall(BODY)
    for s in sockets:
        equal(read_answer(s).json["outputs"], [{"x": 7}])
        s.close()


def test_an_empty_workflow_over_raw_bytes():
    body = json.dumps({"specification": EMPTY, "inputs": {}}).encode()
    answer = server().raw(POST + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    equal(answer.json, {"outputs": [{}], "profiler_trace": []})
