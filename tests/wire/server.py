"""server - the routes' answers, and the Python client as it is."""
import base64
import gzip
import tempfile
import threading
import uuid
import warnings

from harness import (ECHO, EMPTY, PICTURE, Server, check, demo_pictures, demo_server, equal,
                     picture, png, server)

SLICES = {"version": "1.3.0", "inputs": [{"type": "WorkflowImage", "name": "image"}],
          "steps": [{"type": "roboflow_core/image_slicer@v2", "name": "tiles",
                     "image": "$inputs.image", "slice_width": 8, "slice_height": 8,
                     "overlap_ratio_width": 0, "overlap_ratio_height": 0}],
          "outputs": [{"type": "JsonField", "name": "tiles", "selector": "$steps.tiles.slices"}]}


def without_times(answer):
    return {k: v for k, v in answer.items() if k not in ("inference_id", "time")}


# ---- state

def test_state():
    info = server().get("/info").json
    equal(sorted(info), ["name", "uuid", "version"])
    equal(info["name"], "Ocellus")
    equal(server().get("/healthz").json, {"status": "healthy"})
    equal(server().get("/readiness").json, {"status": "ready"})
    equal(server().get("/v2/health/live").status, 200)
    equal(server().get("/v2/health/ready").status, 200)
    equal(server().get("//healthz").json, {"status": "healthy"})
    equal(server().get("///healthz/").json, {"status": "healthy"})


def test_headers_of_answers():
    one = server().get("/info")
    equal(one.headers["content-type"], "application/json")
    equal(one.headers["x-inference-engine"], "inference-models")
    equal(one.headers["vary"], "Origin")
    equal(one.headers["x-content-type-options"], "nosniff")
    equal(len(one.headers["x-request-id"]), 32)
    check(server().get("/info").headers["x-request-id"] != one.headers["x-request-id"])
    given = str(uuid.uuid4())
    for value, kept in ((given, True), ("abc", False), (given + "\tx", False)):
        got = server().get("/info", headers={"X-Request-ID": value}).headers["x-request-id"]
        equal(got == value, kept, value)


def test_metrics():
    server().run(SLICES, {"image": picture(png(16, 16))})
    server().get("/nope/nope/nope")
    answer = server().get("/metrics")
    check(answer.headers["content-type"].startswith("text/plain; version=0.0.4"), answer.headers)
    text = answer.body.decode()
    for line in ('ocellus_http_requests_total{route="/workflows/run",method="POST",code="200"} ',
                 'ocellus_http_request_duration_seconds_bucket{route="/workflows/run",le="+Inf"} ',
                 'ocellus_http_requests_total{route="none",method="GET",code="404"} ',
                 'ocellus_step_duration_seconds_count{block="roboflow_core/image_slicer@v2"} ',
                 'ocellus_http_in_flight 1\n', 'ocellus_memory_bytes{share="pictures"} 0\n',
                 'ocellus_inference_seconds_count ', 'ocellus_preprocess_seconds_total ',
                 'process_resident_memory_bytes ',
                 'process_start_time_seconds ', 'ocellus_build_info{version="'):
        check(line in text, line)
    for line in text.rstrip("\n").split("\n"):
        check(line.startswith("# ") or float(line.rsplit(" ", 1)[1]) >= 0, line)


# ---- workflows

def test_running_workflows():
    for path in ("/workflows/run", "/infer/workflows"):
        answer = server().post(path, {"specification": ECHO, "inputs": {"x": [1, 2.5, None]}})
        equal(answer.json, {"outputs": [{"x": [1, 2.5, None]}], "profiler_trace": []})
    answer = server().post("/workflows/run?countinference=False&service_secret=x",
                           {"specification": ECHO, "inputs": {"x": 1}, "excluded_fields": ["x"],
                            "use_cache": True, "enable_profiling": True, "api_key": None})
    equal(answer.json, {"outputs": [{}], "profiler_trace": []})


def test_a_picture_goes_through_unchanged():
    sent = picture(png(9, 7))
    got = server().run(PICTURE, {"image": sent}).json["outputs"][0]["image"]
    equal((got["type"], got["value"]), ("base64", sent["value"]))


def test_validate_and_versions():
    equal(server().post("/workflows/validate", ECHO).json, {"status": "ok"})
    equal(server().get("/workflows/execution_engine/versions").json, {"versions": ["1.17.0"]})


def test_saved_workflows():
    with Server() as one:
        equal(one.get("/api/workflows").json["workflows"], [])
        first = one.request("PUT", "/local/workflows/echo-1", {"specification": ECHO,
                                                               "name": "Echo"})
        equal((first.status, first.json), (201, {"id": "echo-1", "name": "Echo", "revision": 1}))
        second = one.request("PUT", "/other/workflows/echo-1", {"definition": SLICES})
        equal((second.status, second.json["revision"]), (200, 2))
        equal(one.get("/x/workflows/echo-1").json["specification"], SLICES)
        equal(one.get("/x/workflows/echo-1?revision=1").json["specification"], ECHO)
        equal(one.get("/x/workflows/echo-1?revision=7").status, 404)
        one.request("PUT", "/local/workflows/echo-2", {"specification": ECHO})
        listed = one.get("/api/workflows").json
        equal([w["id"] for w in listed["workflows"]], ["echo-2", "echo-1"])
        equal(sorted(listed["workflows"][0]), ["created", "id", "name", "revision", "updated"])
        for path in ("/any/workflows/echo-2", "/infer/workflows/any/echo-2"):
            answer = one.post(path, {"inputs": {"x": 5}, "use_cache": False})
            equal(answer.json["outputs"], [{"x": 5}], path)
        equal(one.request("DELETE", "/any/workflows/echo-2").json, {"removed": "echo-2"})
        equal(one.post("/any/workflows/echo-2", {"inputs": {"x": 5}}).status, 404)
        data, one.folder = one.folder, None
    with Server(data=data) as again:
        again.folder = data
        equal([w["id"] for w in again.get("/api/workflows").json["workflows"]], ["echo-1"])


def test_runs_with_their_insides():
    body = {"specification": SLICES, "inputs": {"image": picture(png(32, 24))}}
    answer = server().post("/api/runs", body).json
    equal(sorted(answer), ["milliseconds", "outputs", "steps"])
    step, = answer["steps"]
    equal(sorted(step), ["elements", "milliseconds", "name", "outputs", "start_milliseconds",
                         "type"])
    equal((step["name"], step["type"], step["elements"]),
          ("tiles", "roboflow_core/image_slicer@v2", 1))
    equal(len(answer["outputs"][0]["tiles"]), 12)
    equal([v["type"] for v in step["outputs"]["slices"]], ["base64"] * 8)
    equal(server().post("/api/runs", {"specification": PICTURE}).json["error_type"],
          "RuntimeInputError")
    equal(server().post("/api/runs", {"workflow_id": "nope", "inputs": {}}).status, 404)


# ---- blocks

def test_blocks_describe():
    answer = server().get("/workflows/blocks/describe").json
    equal(sorted(answer), ["blocks", "declared_kinds", "dynamic_block_definition_schema",
                           "kinds_connections", "primitives_connections",
                           "universal_query_language_description"])
    blocks = {b["manifest_type_identifier"]: b for b in answer["blocks"]}
    crop = blocks["roboflow_core/absolute_static_crop@v1"]
    equal(crop["manifest_type_identifier_aliases"], ["AbsoluteStaticCrop"])
    equal(crop["outputs_manifest"][0]["kind"][0]["name"], "image")
    schema = crop["block_schema"]
    equal(schema["required"], ["type", "name", "images", "x_center", "y_center", "width", "height"])
    width = schema["properties"]["width"]
    equal(width["anyOf"][0], {"exclusiveMinimum": 0, "type": "integer"})
    equal(width["anyOf"][1]["kind"][0]["name"], "integer")
    equal((width["title"], width["anyOf"][1]["reference"], width["anyOf"][1]["selected_element"]),
          ("Width", True, "any_data"))
    image = schema["properties"]["images"]
    equal((image["type"], image["selector_points_to_batch"]), ("string", "dynamic"))
    model = blocks["roboflow_core/roboflow_classification_model@v3"]["block_schema"]["properties"]
    equal(model["confidence_mode"]["default"], "default")
    equal(model["custom_confidence"]["anyOf"][0], {"minimum": 0.0, "maximum": 1.0,
                                                   "type": "number"})
    equal(model["custom_confidence"]["anyOf"][2], {"type": "null"})
    equal(blocks["roboflow_core/image_slicer@v2"]["output_dimensionality_offset"], 1)
    takers = {(c["manifest_type_identifier"], c["property_name"])
              for c in answer["kinds_connections"]["image"]}
    check(("roboflow_core/absolute_static_crop@v1", "images") in takers)
    width = {"manifest_type_identifier": "roboflow_core/image_slicer@v2",
             "property_name": "slice_width", "type_annotation": "int"}
    check(any(width.items() <= p.items() for p in answer["primitives_connections"]))
    equal(server().post("/workflows/blocks/describe").json, answer)
    equal(server().post("/workflows/blocks/describe",
                        {"api_key": None, "dynamic_blocks_definitions": []}).json, answer)


# What the reference's answer names, in its order.
OPERATIONS = """
StringToLowerCase StringToUpperCase LookupTable ToNumber NumberRound SequenceMap SequenceApply
NumericSequenceAggregate ToString ToBoolean StringSubSequence DetectionsPropertyExtract
SequenceAggregate ExtractDetectionProperty DetectionsFilter DetectionsOffset DetectionsShift
DetectionsRename RandomNumber StringMatches ExtractImageProperty ExtractFrameMetadata
SequenceLength SequenceElementsCount SequenceJoin Multiply Divide DetectionsSelection
SortDetections ClassificationPropertyExtract ConvertImageToJPEG ConvertImageToBase64
DetectionsToDictionary ConvertDictionaryToJSON PickDetectionsByParentClass TimestampToISOFormat
""".split()


def test_query_language_is_described():
    answer = server().get("/workflows/blocks/describe").json
    language = answer["universal_query_language_description"]
    equal(list(language), ["operations_description", "operators_descriptions"])
    operations = {o["operation_type"]: o for o in language["operations_description"]}
    equal(list(operations), OPERATIONS)
    operators = language["operators_descriptions"]
    equal([o["operator_type"] for o in operators], ["(Number) !=", "!=", "(Number) ==", "=="])

    known = {kind["name"] for kind in answer["declared_kinds"]}
    for one in operations.values():
        nested = [one["nested_operation_input_kind"], one["nested_operation_output_kind"]]
        for kinds in [one["input_kind"], one["output_kind"]] + nested * one["compound"]:
            equal((bool(kinds), set(kinds) - known), (True, set()))
        equal((all(nested), one["description"][-1]), (one["compound"], "."))
    for one in operators:
        equal((one["operands_number"], len(one["operands_kinds"])), (2, 2))
        for kinds in one["operands_kinds"]:
            equal(set(kinds), {"integer", "string", "float", "float_zero_to_one", "boolean",
                               "list_of_values"})

    keep = operations["DetectionsFilter"]
    equal((keep["nested_operation_input_kind"], keep["nested_operation_output_kind"]),
          (["detection"], ["boolean"]))
    equal(set(operations["ToNumber"]["input_kind"]),
          {"string", "boolean", "integer", "float", "float_zero_to_one"})
    equal({name: len(one["property_name_options"]) for name, one in operations.items()
           if one["property_name_options"]},
          {"DetectionsPropertyExtract": 31, "ExtractDetectionProperty": 31,
           "ExtractImageProperty": 4, "ExtractFrameMetadata": 3,
           "ClassificationPropertyExtract": 5})
    equal(operations["ExtractImageProperty"]["property_name_options"],
          ["size", "height", "width", "aspect_ratio"])


def test_every_block_has_a_sound_schema():
    for block in server().get("/workflows/blocks/describe").json["blocks"]:
        schema = block["block_schema"]
        for name, entry in schema["properties"].items():
            check(entry["title"] and entry.get("description") or name == "type", block, name)
            check("default" in entry or name in schema["required"], schema["name"], name)


def test_dynamic_outputs():
    answer = server().post("/workflows/blocks/dynamic_outputs",
                           {"type": "roboflow_core/json_parser@v1", "name": "p",
                            "raw_json": "$inputs.x", "expected_fields": ["a", "b"]})
    equal([(o["name"], o["kind"][0]["name"]) for o in answer.json],
          [("error_status", "boolean"), ("a", "*"), ("b", "*")])
    answer = server().post("/workflows/blocks/dynamic_outputs", {"type": "nope", "name": "p"})
    equal((answer.status, answer.json["error_type"]), (400, "WorkflowSyntaxError"))


# ---- models and pages

def test_registry_of_no_models():
    answer = server().get("/model/registry?api_key=None").json
    equal(answer, {"models": [], **dict.fromkeys((
        "total_vram_bytes", "gpu_memory_used", "gpu_memory_total", "torch_cuda_allocated",
        "torch_cuda_reserved", "torch_cuda_allocator_cache", "non_torch_gpu_memory"))})
    equal(server().post("/model/clear").json, answer)


def test_what_is_not_here_yet_says_so():
    for path in ("/clip/embed_image", "/infer/lmm", "/doctr/ocr", "/sam2/embed_image",
                 "/inference_pipelines/list", "/easy_ocr/ocr"):
        answer = server().post(path, {"x": 1})
        equal(answer.status, 501, path)
        check("classification" in answer.json["message"], answer)
    equal(server().post("/gaze/gaze_detection", {}).status, 410)


def test_pages():
    for path in ("/", "/docs"):
        page = server().get(path)
        equal((page.status, page.headers["content-type"]), (200, "text/html; charset=utf-8"))
        check("default-src 'self'" in page.headers["content-security-policy"], page.headers)
    check(b"/workflows/run" in server().get("/docs").body)
    index = server().get("/examples/index.json")
    equal(index.headers["content-type"], "application/json")
    tag = index.headers["etag"]
    again = server().get("/examples/index.json", headers={"If-None-Match": tag})
    equal((again.status, again.body), (304, b""))
    for name in [e["name"] for e in index.json]:
        example = server().get("/examples/" + name)
        check("steps" in example.json, name)
        packed = server().get(f"/examples/{name}.json", headers={"Accept-Encoding": "gzip"})
        if packed.headers.get("content-encoding") == "gzip":
            equal(gzip.decompress(packed.body), example.body)
        equal(server().post("/workflows/validate", example.json).json, {"status": "ok"}, name)
    equal(server().get("/examples/nope").status, 404)
    equal(server().get("/examples/..%2f..%2fetc").status, 400)


# ---- the client

def client(one):
    from inference_sdk import InferenceHTTPClient
    warnings.simplefilter("ignore")
    return InferenceHTTPClient(api_url=one.url, api_key="none")


def test_client_without_models():
    sdk = client(server())
    info = sdk.get_server_info()
    equal((info.name, bool(info.version), bool(info.uuid)), ("Ocellus", True, True))
    equal(sdk.list_loaded_models().models, [])
    equal(sdk.run_workflow(specification=ECHO, parameters={"x": {"a": [1, 2]}}),
          [{"x": {"a": [1, 2]}}])
    with tempfile.NamedTemporaryFile(suffix=".png") as f:
        f.write(png(20, 10))
        f.flush()
        got = sdk.run_workflow(specification=PICTURE, images={"image": f.name})
        equal(base64.b64decode(got[0]["image"]), png(20, 10))
        got = sdk.run_workflow(specification=PICTURE, images={"image": [f.name, f.name]})
        equal(len(got), 2)
    server().request("PUT", "/w/workflows/sdk", {"specification": ECHO})
    equal(sdk.run_workflow(workspace_name="w", workflow_id="sdk", parameters={"x": 3}), [{"x": 3}])
    equal(sdk.run_workflow(specification=ECHO, parameters={"x": 3}, excluded_fields=["x"]), [{}])
    slashed = client(server())
    slashed._InferenceHTTPClient__api_url = server().url + "/"
    equal(slashed.get_server_info().name, "Ocellus")


def test_client_sees_our_messages():
    from inference_sdk.http.errors import HTTPCallErrorError
    for call in (lambda sdk: sdk.run_workflow(specification=PICTURE),
                 lambda sdk: sdk.run_workflow(workspace_name="w", workflow_id="nope"),
                 lambda sdk: sdk.load_model("nope/1")):
        try:
            call(client(server()))
        except HTTPCallErrorError as e:
            check(e.status_code in (400, 404) and e.api_message, e)
        else:
            raise AssertionError("nothing was raised")


def test_client_with_the_demo_model():
    with demo_server() as one:
        sdk = client(one)
        path = demo_pictures()[0]
        described, = sdk.load_model("parts/1").models
        equal((described.model_id, described.task_type), ("parts/1", "classification"))
        check(described.input_height and described.input_width, described)
        answer = sdk.infer(path, model_id="parts/1")
        equal(sorted(answer), ["confidence", "image", "inference_id", "predictions", "time", "top"])
        check(answer["top"] and answer["confidence"] == answer["predictions"][0]["confidence"])
        several = sdk.infer([path, path], model_id="parts/1")
        equal([without_times(a) for a in several], [without_times(answer)] * 2)
        sdk.select_api_v0()
        equal(without_times(sdk.infer(path, model_id="parts/1")), without_times(answer))
        sdk.select_api_v1()
        equal(sdk.unload_model("parts/1").models, [])
        sdk.unload_all_models()


def test_asking_the_demo_model():
    with demo_server() as one:
        with open(demo_pictures()[0], "rb") as f:
            raw = f.read()
        body = {"model_id": "parts/1", "image": picture(raw)}
        whole = one.post("/infer/classification", {**body, "confidence": 0, "id": "my-id"})
        equal(whole.headers["x-model-id"], "parts/1")
        equal(whole.json["inference_id"], "my-id")
        total = sum(p["confidence"] for p in whole.json["predictions"])
        check(abs(total - 1) < 0.01, total)
        for path in ("/infer/object_detection", "/infer/keypoints_detection"):
            equal(without_times(one.post(path, {**body, "confidence": 0}).json),
                  without_times(whole.json))
        listed = one.post("/infer/classification", {**body, "image": [body["image"]] * 3})
        equal(len(listed.json), 3)
        equal(one.post("/infer/classification", {**body, "confidence": 1.01}).json["top"], "")
        equal(one.post("/infer/classification", {**body, "confidence": "best"}).status, 200)
        shown = one.post("/infer/classification", {**body, "visualize_predictions": True})
        check(base64.b64decode(shown.json["visualization"])[:2] == b"\xff\xd8")
        equal(one.get("/start/parts/1").json["status"], 200)
        equal(one.get("/model/registry").json["models"][0]["model_id"], "parts/1")
        check(one.metric("ocellus_inference_seconds_count") >= 5)


def test_many_who_ask_for_a_model_at_once_load_it_once():
    with demo_server() as one:
        with open(demo_pictures()[0], "rb") as f:
            body = {"model_id": "parts/1", "image": picture(f.read())}
        answers, ready = [], threading.Barrier(8)

        def ask():
            ready.wait()
            answers.append(one.post("/infer/classification", body))

        for _ in range(3):                       # cold each time
            loads = one.metric("ocellus_model_loads_total")
            equal(one.post("/model/clear", {}).status, 200)
            askers = [threading.Thread(target=ask) for _ in range(8)]
            for asker in askers:
                asker.start()
            for asker in askers:
                asker.join()
            equal([answer.status for answer in answers], [200] * len(answers))
            check(all(without_times(a.json) == without_times(answers[0].json) for a in answers))
            equal(one.metric("ocellus_model_loads_total"), loads + 1)
        equal(len(answers), 24)


def test_the_legacy_route_with_the_demo_model():
    with demo_server() as one:
        with open(demo_pictures()[0], "rb") as f:
            raw = f.read()
        text = base64.b64encode(raw).decode()
        wanted = without_times(one.post("/infer/classification", {
            "model_id": "parts/1", "image": picture(raw)}).json)

        def ask(body, kind="application/x-www-form-urlencoded", query="", method="POST"):
            return one.request(method, "/parts/1" + query, body, headers={"Content-Type": kind})

        equal(without_times(ask(text).json), wanted)
        equal(without_times(ask(text, "application/json").json), wanted)
        equal(without_times(ask(text, query="?confidence=40").json), wanted)
        equal(without_times(ask(text, method="GET").json), wanted)
        equal(without_times(ask("data:image/jpeg;base64," + text).json), wanted)
        form = (b"--XX\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\nx\r\n--XX\r\n"
                b"Content-Disposition: form-data; name=\"file\"; filename=\"a.jpg\"\r\n"
                b"Content-Type: image/jpeg\r\n\r\n" + raw + b"\r\n--XX--\r\n")
        equal(without_times(ask(form, "multipart/form-data; boundary=\"XX\"").json), wanted)
        shown = ask(text, query="?format=image")
        equal(shown.headers["content-type"], "image/jpeg")
        check(shown.body[:2] == b"\xff\xd8" and shown.body != raw)
        check(ask(text, query="?format=image_and_json").json["visualization"])


def test_a_workflow_with_the_demo_model():
    with demo_server() as one:
        specification = one.get("/examples/parts").json
        with open(demo_pictures()[0], "rb") as f:
            answer = one.run(specification, {"image": picture(f.read())})
        equal(answer.status, 200, str(answer))
        equal(len(answer.json["outputs"]), 1)


def test_an_empty_workflow():
    equal(server().run(EMPTY).json, {"outputs": [{}], "profiler_trace": []})
