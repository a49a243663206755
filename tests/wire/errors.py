"""errors - wrong and hostile input over HTTP, and servers that may not start."""
import json
import signal
import socket
import tempfile
import threading
import time

from harness import (ECHO, EMPTY, PICTURE, Server, check, equal, free_port, picture, png, run,
                     server)

CROP = {"version": "1.3.0", "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": [{"type": "roboflow_core/absolute_static_crop@v1", "name": "crop",
                   "images": "$inputs.image", "x_center": 4, "y_center": 4, "width": 4,
                   "height": 4}],
        "outputs": [{"type": "JsonField", "name": "crop", "selector": "$steps.crop.crops"}]}


def detail(answer):
    equal(answer.status, 422, str(answer))
    return answer.json["detail"]


def post(text, **headers):
    return server().post("/workflows/run", text, headers=headers or
                         {"Content-Type": "application/json"})


# ---- bodies

def test_text_that_is_no_json():
    for text, offset in (("nope", 0), ('{"a":1,}', None), ('{"a"', None), ("{}x", 2),
                         ('{"a":01}', None), ('{"a":"\\ud800"}', None)):
        problem, = detail(post(text))
        equal((problem["type"], problem["loc"][0], problem["input"]), ("json_invalid", "body", {}))
        check(problem["ctx"]["error"], "says nothing")
        if offset is not None:
            equal(problem["loc"][1], offset, text)
    equal(post(b"\xff{}").status, 400)


def test_json_at_its_borders():
    for value in (9007199254740993, -0.0, 18446744073709551615, 1e308, "\u0000\u2028\U0001f600",
                  {"": None}, [[[]]], "x" * 100000):
        equal(server().run(ECHO, {"x": value}).json["outputs"], [{"x": value}])
    answer = post('{"specification":%s,"inputs":{"x":1,"x":2}}' % json.dumps(ECHO))
    equal(answer.json["outputs"], [{"x": 2}])
    answer = post('{"specification":%s,"inputs":{"x":NaN}}' % json.dumps(ECHO))
    equal(answer.json["outputs"], [{"x": None}])


def test_json_that_is_too_deep_or_too_long():
    began = time.monotonic()
    for text in ("[" * 100000, '{"a":' * 100000, "[" + "1," * 2000000 + "1]"):
        check(post(text).status in (400, 413, 422), text[:20])
    check(time.monotonic() - began < 20, "took", time.monotonic() - began)


def test_bodies_that_are_no_object():
    equal(detail(post("[]"))[0]["type"], "model_attributes_type")
    equal(detail(post(""))[0], {"type": "missing", "loc": ["body"], "msg": "Field required",
                                "input": None})
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/jsonx", "json"):
        text = json.dumps({"specification": EMPTY, "inputs": {}})
        equal(detail(post(text, **{"Content-Type": kind}))[0]["type"], "model_attributes_type")
    for kind in ("application/json; charset=utf-8", "Application/JSON", "application/x+json"):
        text = json.dumps({"specification": EMPTY, "inputs": {}})
        equal(post(text, **{"Content-Type": kind}).status, 200, kind)


def test_members_of_wrong_types():
    wrong = {"api_key": 4, "inputs": [], "excluded_fields": [1, "a", None], "debug": 2,
             "workflow_id": 3, "inner_workflow_dispatch_depth": True, "disable_sinks": "x",
             "specification": "x", "is_preview": None}
    found = [(p["type"], p["loc"][1:]) for p in detail(server().post("/workflows/run", wrong))]
    equal(found, [("string_type", ["api_key"]), ("dict_type", ["inputs"]),
                  ("string_type", ["excluded_fields", 0]), ("string_type", ["excluded_fields", 2]),
                  ("bool_parsing", ["debug"]), ("string_type", ["workflow_id"]),
                  ("int_type", ["inner_workflow_dispatch_depth"]),
                  ("bool_parsing", ["disable_sinks"]), ("dict_type", ["specification"]),
                  ("bool_type", ["is_preview"])])


def test_missing_members():
    equal([p["loc"] for p in detail(server().post("/workflows/run", {}))],
          [["body", "inputs"], ["body", "specification"]])
    equal(detail(server().post("/w/workflows/x", {}))[0]["loc"], ["body", "inputs"])
    answer = server().post("/workflows/run?countinference=x", {"specification": EMPTY,
                                                               "inputs": {}})
    equal(detail(answer)[0]["loc"], ["query", "countinference"])
    for path, key in (("/model/add", "model_id"), ("/model/remove", "model_id"),
                      ("/infer/classification", "model_id"), ("/api/runs", "specification")):
        equal(detail(server().post(path, {}))[0]["loc"], ["body", key], path)


# ---- workflows

def problem(answer, status, kind):
    equal((answer.status, answer.json.get("error_type")), (status, kind), str(answer))
    check(answer.json["message"], "says nothing")
    return answer.json


def test_unknown_block():
    steps = [{"type": "roboflow_core/absolute_static_cropp@v1", "name": "a"}]
    said = problem(server().run({**EMPTY, "steps": steps}), 400, "WorkflowSyntaxError")
    equal(said["blocks_errors"][0]["block_type"], steps[0]["type"])
    said = problem(server().post("/workflows/validate", {**EMPTY, "steps": steps}), 400,
                   "WorkflowSyntaxError")


def test_missing_and_wrong_inputs():
    said = problem(server().run(PICTURE), 400, "RuntimeInputError")
    check("image" in said["message"], said)
    problem(server().run(PICTURE, {"image": 3}), 400, "RuntimeInputError")
    problem(server().run(PICTURE, {"image": {"type": "file", "value": "/etc/passwd"}}), 400,
            "RuntimeInputError")
    problem(server().run(PICTURE, {"image": {"type": "url", "value": "http://127.0.0.1/a.png"}}),
            400, "RuntimeInputError")


def test_unknown_workflow_names_those_that_are_there():
    with Server() as one:
        answer = one.post("/local/workflows/nope", {"inputs": {}})
        equal(answer.status, 404)
        check("nope" in answer.json["message"], answer)
        equal(one.request("PUT", "/local/workflows/there", {"specification": ECHO}).status, 201)
        answer = one.post("/any/workflows/nope", {"inputs": {}})
        equal(answer.status, 404)
        check("there" in answer.json["message"], answer)
        equal(one.get("/local/workflows/nope").status, 404)
        equal(one.request("DELETE", "/local/workflows/nope").status, 404)
        equal(one.request("PUT", "/local/workflows/a%20b", {"specification": ECHO}).status, 400)
        bad = {**EMPTY, "steps": [{"type": "nope", "name": "a"}]}
        problem(one.request("PUT", "/local/workflows/bad", {"specification": bad}), 400,
                "WorkflowSyntaxError")


def test_unknown_model():
    for answer in (server().post("/model/add", {"model_id": "nope/1"}),
                   server().get("/start/nope/1"),
                   server().post("/infer/classification",
                                 {"model_id": "nope/1", "image": picture(png(8, 8))})):
        equal(answer.status, 404, str(answer))
        check("nope/1" in answer.json["message"], answer)
    answer = server().post("/model/add", {"model_id": "../../etc/passwd"})
    check(answer.status in (400, 404), answer)
    equal(server().post("/model/remove", {"model_id": "nope/1"}).status, 200)


# ---- pictures

HOSTILE = {
    "no base64": {"type": "base64", "value": "xxx"},
    "base64 of nothing": {"type": "base64", "value": ""},
    "base64 of text": picture(b"hello, this is no picture"),
    "half a PNG": picture(png(64, 64)[:60]),
    "a PNG with too few rows": picture(png(64, 64, rows=10)),
    "a PNG of no size": picture(png(0, 0, rows=0)),
    "a PNG of 12000 x 12000": picture(png(12000, 12000, rows=1)),
    "a PNG of 65500 x 65500": picture(png(65500, 65500, rows=1)),
    "a PNG of 2147483647 x 2147483647": picture(png(2147483647, 2147483647, rows=0)),
    "an SVG": picture(b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
    "a GIF": picture(b"GIF89a" + b"\1\0\1\0\0\0\0;"),
    "half a JPEG": picture(b"\xff\xd8\xff\xe0\0\x10JFIF\0"),
}


def test_hostile_pictures():
    for name, value in HOSTILE.items():
        began = time.monotonic()
        answer = server().run(CROP, {"image": value})
        check(answer.status in (400, 413), name, answer)
        equal(answer.json["error_type"], "RuntimeInputError", name)
        answer = server().post("/infer/classification", {"model_id": "a/1", "image": value})
        check(answer.status in (400, 413, 415), name, answer)
        check("Could not load input image" in answer.json["message"], name, answer)
        check(time.monotonic() - began < 2, name, "took", time.monotonic() - began)
    equal(server().metric('ocellus_memory_bytes{share="pictures"}'), 0)


def test_picture_bombs_at_once():
    """A picture of 432 MB in some kilobytes, sixteen times."""
    bomb = picture(png(12000, 12000, rows=600))
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(server().run(CROP, {"image": bomb})))
               for _ in range(16)]
    before = server().metric("process_resident_memory_bytes")
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(time.monotonic() - began < 10, "took", time.monotonic() - began)
    check(all(a.status in (400, 413) for a in answers), answers)
    grown = server().metric("process_resident_memory_bytes") - before
    check(grown < 200e6, "memory grew by", grown)


def test_one_bad_picture_in_a_batch():
    good = picture(png(16, 16))
    answer = server().run(CROP, {"image": [good, HOSTILE["half a PNG"]]})
    problem(answer, 400, "RuntimeInputError")
    equal(len(server().run(CROP, {"image": [good, good]}).json["outputs"]), 2)


def test_question_shapes():
    def types(body):
        return [p["type"] for p in detail(server().post("/infer/classification", body))]

    good = {"model_id": "a/1", "image": picture(png(8, 8))}
    equal(types({"model_id": "a/1"}), ["missing"])
    equal(types({**good, "image": "abc"}), ["list_type", "model_type"])
    equal(types({**good, "image": {"value": "x"}}), ["list_type", "missing"])
    equal(types({**good, "image": {"type": None, "value": "x"}}), ["list_type", "string_type"])
    equal(types({**good, "confidence": "x"}), ["float_parsing", "literal_error"])
    equal(types({**good, "confidence": None}), ["float_type", "literal_error"])
    for kind in ("zzz", "url", "numpy", "file"):
        answer = server().post("/infer/classification",
                               {**good, "image": {"type": kind, "value": "/etc/passwd"}})
        equal(answer.status, 400, kind)
    equal(server().post("/infer/classification", {**good, "image": []}).status, 400)


def test_legacy_route():
    def ask(body, kind="application/x-www-form-urlencoded", query=""):
        headers = {"Content-Type": kind} if kind else {}
        return server().post("/nope/1" + query, body, headers=headers)

    equal(ask("zz!").status, 400)
    equal(ask("x", kind=None).json["message"], "Content-Type header not provided with request.")
    equal(ask("x", query="?confidence=zz").status, 422)
    equal(ask("x", query="?image=http://127.0.0.1/a.png").status, 400)
    equal(ask("x", query="?image_type=numpy").status, 400)
    good = png(8, 8)

    def form(name, mark=b"XX", last=b"--"):
        return (b"--" + mark + b"\r\nContent-Disposition: form-data; name=\"" + name
                + b"\"; filename=\"../../x\"\r\n\r\n" + good + b"\r\n--" + mark + last + b"\r\n")

    kind = "multipart/form-data; boundary=XX"
    equal(ask(form(b"file"), kind).status, 404)                      # it was read: no such model
    equal(ask(form(b"image") + b"", kind).status, 400)
    for body, mark in ((form(b"file"), ""), (form(b"file"), "; boundary="),
                       (form(b"file", b"YY"), "; boundary=XX"),
                       (form(b"file", last=b""), "; boundary=XX"),
                       (form(b"file"), "; boundary=" + "X" * 5000), (b"", "; boundary=XX"),
                       (b"--XX\r\n" * 100000, "; boundary=XX")):
        answer = ask(body, "multipart/form-data" + mark)
        equal(answer.status, 400, mark)


# ---- who may ask

def test_pages_of_other_sites():
    body = {"specification": EMPTY, "inputs": {}}

    def ask(origin, **more):
        return server().post("/workflows/run", body, headers={"Origin": origin, **more})

    for origin in ("http://evil.example", "https://localhost.evil.example", "null",
                   "http://127.0.0.1.evil.example", "file://"):
        answer = ask(origin)
        equal(answer.status, 403, origin)
        check("access-control-allow-origin" not in answer.headers, origin)
    for origin in ("http://localhost:3000", "http://127.0.0.1", server().url, "http://[::1]:9"):
        answer = ask(origin)
        equal(answer.status, 200, origin)
        equal(answer.headers["access-control-allow-origin"], origin)
    answer = server().get("/info", headers={"Origin": "http://evil.example"})
    equal(answer.status, 200)
    check("access-control-allow-origin" not in answer.headers)


def test_preflight():
    def ask(origin, **more):
        return server().request("OPTIONS", "/workflows/run", headers={
            "Origin": origin, "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type,x-a", **more})

    good = ask("http://localhost:3000")
    equal((good.status, good.body), (204, b""))
    check("POST" in good.headers["access-control-allow-methods"], good.headers)
    equal(good.headers["access-control-allow-headers"], "content-type,x-a")
    equal(ask("http://evil.example").status, 403)
    private = ask("http://localhost:3000", **{"Access-Control-Request-Private-Network": "true"})
    equal(private.status, 400)


def test_names_that_point_here():
    for host in ("evil.example", "evil.example:9001", "localhost.evil.example", "[::2]",
                 "127.0.0.1.evil.example", "0x7f.1"):
        equal(server().get("/info", headers={"Host": host}).status, 403, host)
    for host in ("localhost", "LocalHost:1", "127.0.0.1", "[::1]:80"):
        equal(server().get("/info", headers={"Host": host}).status, 200, host)


def test_listed_origins():
    with Server(env={"ALLOW_ORIGINS": "https://a.example, https://b.example:8443/"}) as one:
        for origin in ("https://a.example", "https://b.example:8443"):
            answer = one.post("/model/clear", headers={"Origin": origin})
            equal(answer.status, 200)
            equal(answer.headers["access-control-allow-origin"], origin)
        equal(one.post("/model/clear", headers={"Origin": "http://a.example"}).status, 403)
        equal(one.get("/info", headers={"Host": "a.example"}).status, 200)
        equal(one.get("/info", headers={"Host": "c.example"}).status, 403)
    with Server(env={"ALLOW_ORIGINS": "*"}) as one:
        answer = one.post("/model/clear", headers={"Origin": "https://x.example"})
        equal((answer.status, answer.headers["access-control-allow-origin"]),
              (200, "https://x.example"))
        check("access-control-allow-credentials" not in answer.headers)


def test_keys_are_never_logged():
    with Server(env={"STRUCTURED_API_LOGGING": "1"}) as one:
        one.get("/info?api_key=topsecret1", headers={"Authorization": "Bearer topsecret2"})
        one.post("/workflows/run", {"specification": EMPTY, "inputs": {}, "api_key": "topsecret3"})
        one.post("/workflows/run", {"specification": 3, "inputs": {}, "api_key": "topsecret4"})
        said = one.said()
    lines = [json.loads(line) for line in said.split("\n") if line.startswith("{")]
    check(any("GET /info 200" in line["message"] for line in lines), said)
    check("topsecret" not in said, said)


def test_methods_and_paths():
    for method, path, status in (("PUT", "/info", 405), ("POST", "/healthz", 405),
                                 ("DELETE", "/workflows/run", 405), ("PATCH", "/info", 405),
                                 ("GET", "/nope", 404), ("GET", "/a/b/c/d", 404),
                                 ("BREW", "/info", 405)):
        answer = server().request(method, path)
        equal(answer.status, status, f"{method} {path}")
        check(answer.json["message"], answer)
    equal(server().request("PUT", "/info").headers["allow"], "GET, HEAD, OPTIONS")


# ---- starting and stopping

def test_port_in_use():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        port = s.getsockname()[1]
        with tempfile.TemporaryDirectory() as data:
            code, said = run("serve", "--port", str(port), "--data", data)
    check(code != 0, code)
    check(f"port {port} is in use" in said and "--port" in said, said)


def test_second_server_on_one_folder():
    code, said = run("serve", "--port", str(free_port()), "--data", server().data)
    check(code != 0, code)
    check("another server is running" in said, said)


def slow_body(steps):
    """A request for many crops of many tiles: a second for each hundred steps."""
    tiles = {"type": "roboflow_core/image_slicer@v2", "name": "tiles", "image": "$inputs.image",
             "slice_width": 4, "slice_height": 4, "overlap_ratio_width": 0,
             "overlap_ratio_height": 0}
    crops = [{"type": "roboflow_core/absolute_static_crop@v1", "name": f"c{i}",
              "images": "$steps.tiles.slices", "x_center": 2, "y_center": 2, "width": 2,
              "height": 2} for i in range(steps)]
    return {"specification": {**PICTURE, "steps": [tiles] + crops, "outputs": []},
            "inputs": {"image": picture(png(320, 320))}}


def test_a_client_that_hangs_up_stops_its_work():
    body = json.dumps(slow_body(400)).encode()
    with Server() as one:
        with one.connect() as s:
            s.sendall(b"POST /workflows/run HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                      b"application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            time.sleep(0.4)
            equal(one.metric("ocellus_http_in_flight"), 2, "requests in flight")
        began = time.monotonic()
        while one.metric("ocellus_http_in_flight") > 1:
            check(time.monotonic() - began < 5, "the work goes on")
            time.sleep(0.01)
        check(time.monotonic() - began < 0.5, "took", time.monotonic() - began)


def test_a_server_finishes_its_work_before_it_stops():
    answers = []
    with Server() as one:
        thread = threading.Thread(
            target=lambda: answers.append(one.post("/workflows/run", slow_body(100))))
        thread.start()
        time.sleep(0.3)
        one.stop(signal.SIGTERM)
        thread.join()
    check(answers and answers[0].status == 200, answers)


def test_a_server_stops_with_clients_connected():
    with Server() as one:
        idle = one.connect()
        half = one.connect()
        half.sendall(b"GET /healthz HTTP/1.1\r\nHo")
        began = time.monotonic()
        one.stop()
        check(time.monotonic() - began < 5, "took", time.monotonic() - began)
        idle.close()
        half.close()
