"""describe - what workflows take and give and are made of, against the reference's answers.

describe.json holds definitions and what the reference says to them: of a description the
kinds (an input's in order of name, as the reference's order is a set's), of a schema its
name, of a workload the values without the words around them, of a problem what clients
look at.  To ask a running reference again:

    python tests/wire/describe.py URL
"""
import json
import os
import sys
import urllib.error
import urllib.request

from harness import EMPTY, check, equal, server

CASES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "describe.json")
PATH, WORKLOAD = "/workflows/describe_interface", "/workflows/describe_workload"
STORED = "/local/workflows/described"
CROP = {"type": "roboflow_core/absolute_static_crop@v1", "name": "crop",
        "images": "$inputs.image", "x_center": 4, "y_center": 4, "width": "$inputs.width",
        "height": 4}
WORKFLOW = {"version": "1.3.0",
            "inputs": [{"type": "WorkflowImage", "name": "image"},
                       {"type": "WorkflowParameter", "name": "width"}],
            "steps": [CROP],
            "outputs": [{"type": "JsonField", "name": "all", "selector": "$steps.crop.*"}]}


def without_sentences(schema):
    if isinstance(schema, dict):
        return {k: without_sentences(v) for k, v in schema.items()
                if k != "description" or not isinstance(v, str)}
    if isinstance(schema, list):
        return [without_sentences(v) for v in schema]
    return schema


def told_problem(status, answer):
    return {"status": status, **{k: answer.get(k) for k in ("error_type", "context",
                                                            "inner_error_type")}}


def told(status, answer):
    """What counts of an answer."""
    if status != 200:
        return told_problem(status, answer)
    return {"status": status,
            "inputs": {name: sorted(kinds) for name, kinds in answer["inputs"].items()},
            "outputs": answer["outputs"], "typing_hints": answer["typing_hints"],
            "schemas": sorted(answer["kinds_schemas"])}


def told_step(step):
    return [step["node_id"], step["block_type"], step["input_dimensionality"],
            step["output_dimensionality"], step["accepts_batch_input"],
            step["operations"]["items"], [r["code"] for r in step["restrictions"]["items"]],
            [r["metadata"]["model_id"] for r in step["resources"]["items"]],
            [[reason["code"], reason["details"]["declaration"]]
             for name in ("operations", "restrictions", "resources")
             for reason in step[name]["unknown_reasons"]]]


def told_workload(status, answer):
    if status != 200:
        return told_problem(status, answer)
    summary = answer["summary"]
    return {"status": status, "nodes": [[n["id"], n["kind"]] for n in answer["nodes"]],
            "edges": [[e["source"], e["target"], e["kind"]] for e in answer["edges"]],
            "steps": [told_step(step) for step in answer["steps"]],
            "models": [[m["model_id"], m["used_by_steps"], m["steps_by_dimensionality"]]
                       for m in summary["models"]["items"]],
            "unknown": [reason["code"] for reason in summary["models"]["unknown_reasons"]],
            "depths": [summary["max_dimensionality"], summary["steps_by_dimensionality"]]}


def read_cases():
    with open(CASES, encoding="utf-8") as f:
        return json.load(f)


def compare(path, cases, tell):
    wrong = []
    for case in cases:
        answer = server().post(path, {"api_key": "", "specification": case["specification"]})
        got = tell(answer.status, answer.json)
        if got != case["told"]:
            wrong.append(f"{case['name']}: got {got}, wanted {case['told']}")
    check(not wrong, f"{len(wrong)} of {len(cases)} differ:\n" + "\n".join(wrong[:10]))


def test_definitions():
    cases = read_cases()["cases"]
    check(len(cases) > 200, len(cases))
    compare(PATH, cases, told)


def test_workloads():
    cases = read_cases()["workloads"]
    check(len(cases) > 50, len(cases))
    compare(WORKLOAD, cases, told_workload)


def test_shape_of_a_workload():
    for case in read_cases()["whole"]:
        answer = server().post(WORKLOAD, {"api_key": "", "specification": case["specification"]})
        equal(without_sentences(answer.json), case["told"], case["name"])


def test_schemas():
    kinds = list(read_cases()["schemas"])
    answer = server().post(PATH, {"api_key": "", "specification": every_kind(kinds)}).json
    equal(without_sentences(answer["kinds_schemas"]), read_cases()["schemas"])
    check('"description"' in json.dumps(answer["kinds_schemas"]["image"]))


def test_problems_are_told_in_full():
    broken = {**WORKFLOW, "outputs": [{"type": "JsonField", "name": "o",
                                       "selector": "$steps.crop.nope"}]}
    answer = server().post(PATH, {"api_key": "", "specification": broken})
    equal(answer.status, 400)
    equal(sorted(answer.json), ["context", "error_type", "inner_error_message",
                                "inner_error_type", "message"])
    check("'o'" in answer.json["message"] and "'crop'" in answer.json["message"], answer.json)
    equal(answer.json["inner_error_message"], "None")


def test_shapes_that_are_none():
    """The reference fails at these with 500; here they are told."""
    for broken in ({"inputs": None}, {"inputs": "x"}, {"inputs": [3]}, {"inputs": {"a": 1}},
                   {"steps": None}, {"steps": 3}, {"steps": ["x"]}, {"outputs": None},
                   {"outputs": ["x"]}, {"outputs": True},
                   {"inputs": [{"type": "WorkflowImage", "name": 3}]},
                   {"outputs": [{"name": 3, "selector": "$steps.crop.crops"}]}):
        answer = server().post(PATH, {"api_key": "", "specification": {**WORKFLOW, **broken}})
        equal((answer.status, answer.json["error_type"]), (400, "WorkflowDefinitionError"),
              broken)


def test_key_is_asked_for():
    body = {"specification": EMPTY}
    described = {"inputs": {}, "outputs": {}, "typing_hints": {}, "kinds_schemas": {}}
    for path in (PATH, WORKLOAD):
        for wrong in (body, {**body, "api_key": None}):
            answer = server().post(path, wrong)
            equal((answer.status, list(answer.json)), (400, ["message"]), path)
    for header in ("Bearer ", "Basic abc", "Bearer"):
        answer = server().post(PATH, body, headers={"Authorization": header})
        equal(answer.status, 400, header)
    for header in ("Bearer abc", "bearer abc"):
        answer = server().post(PATH, body, headers={"Authorization": header})
        equal((answer.status, answer.json), (200, described), header)
    equal(server().post(PATH, {**body, "api_key": ""}).json, described)


def test_bodies_that_are_none():
    for body, kind, place in (
            ({"api_key": 3, "specification": EMPTY}, "string_type", ["body", "api_key"]),
            ({"api_key": "x"}, "missing", ["body", "specification"]),
            ({"specification": []}, "dict_type", ["body", "specification"])):
        answer = server().post(PATH, body)
        equal(answer.status, 422, body)
        equal([(d["type"], d["loc"]) for d in answer.json["detail"]], [(kind, place)], body)


def test_stored_workflow():
    equal(server().request("PUT", STORED, {"specification": WORKFLOW}).status, 201)
    given = server().post(PATH, {"api_key": "x", "specification": WORKFLOW})
    equal(given.status, 200)
    equal(given.json["inputs"], {"image": ["image"], "width": ["integer"]})
    for body in ({"api_key": "x"}, {"api_key": "x", "use_cache": False,
                                    "workflow_version_id": None}):
        stored = server().post(STORED + "/describe_interface", body)
        equal((stored.status, stored.body), (200, given.body))
    workload = server().post(WORKLOAD, {"api_key": "x", "specification": WORKFLOW})
    stored = server().post(STORED + "/describe_workload", {"api_key": "x"})
    equal((stored.status, stored.body), (200, workload.body))
    equal(server().post(STORED + "/describe_interface", {}).status, 400)
    equal(server().post("/local/workflows/none/describe_interface", {"api_key": "x"}).status, 404)
    equal(server().post(STORED + "/describe_interface",
                        {"api_key": "x", "use_cache": "perhaps"}).status, 422)


# ---- asking the reference

def every_kind(kinds):
    return {"version": "1.3.0", "steps": [],
            "inputs": [{"type": "WorkflowParameter", "name": "p", "kind": kinds}],
            "outputs": [{"type": "JsonField", "name": "o", "selector": "$inputs.p"}]}


def ask(url, specification, path=PATH):
    body = json.dumps({"api_key": "", "specification": specification}).encode()
    question = urllib.request.Request(url + path, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(question) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as e:
        return e.code, json.load(e)


def record_list(url, cases, path, tell):
    return "[\n" + ",\n".join(
        json.dumps({"name": case["name"], "specification": case["specification"],
                    "told": tell(*ask(url, case["specification"], path))})
        for case in cases) + "\n]"


def record(url):
    data = read_cases()
    _, answer = ask(url, every_kind(list(data["schemas"])))
    schemas = json.dumps(without_sentences(answer["kinds_schemas"]))
    lists = [record_list(url, data["cases"], PATH, told),
             record_list(url, data["workloads"], WORKLOAD, told_workload),
             record_list(url, data["whole"], WORKLOAD, lambda _, a: without_sentences(a))]
    with open(CASES, "w", encoding="utf-8") as f:
        f.write('{"schemas": %s,\n"cases": %s,\n"workloads": %s,\n"whole": %s}\n'
                % (schemas, *lists))


if __name__ == "__main__":
    record(sys.argv[1])
