"""language - what a definition can say that needs a store, an environment or a clock."""
import json

from harness import Server, check, equal, server

VALUE = [{"type": "WorkflowParameter", "name": "v", "default_value": "d"}]
CHILD = {"version": "1.3.0", "inputs": VALUE,
         "steps": [{"type": "roboflow_core/string_template@v1", "name": "t", "template": "<{v}>",
                    "data": {"v": "$inputs.v"}}],
         "outputs": [{"type": "JsonField", "name": "r", "selector": "$steps.t.output"}]}


def naming(workflow, version=None):
    """A workflow that contains a stored one."""
    step = {"type": "roboflow_core/inner_workflow@v1", "name": "i",
            "workflow_workspace_id": "local", "workflow_id": workflow,
            "parameter_bindings": {"v": "$inputs.v"}}
    if version:
        step["workflow_version_id"] = version
    return {"version": "1.3.0", "inputs": VALUE, "steps": [step],
            "outputs": [{"type": "JsonField", "name": "r", "selector": "$steps.i.r"}]}


def save(name, definition):
    return server().request("PUT", f"/local/workflows/{name}", {"specification": definition})


def test_a_stored_workflow_inside_another():
    got = server().run(naming("not-there"), {"v": 1})
    equal((got.status, got.json["error_type"]), (400, "WorkflowDefinitionError"))
    check("local/not-there" in got.json["message"], got.json)
    check(save("inside", CHILD).status in (200, 201))
    equal(server().run(naming("inside"), {"v": 1}).json["outputs"], [{"r": "<1>"}])
    check(save("outside", naming("inside")).status in (200, 201))
    equal(server().run(naming("outside"), {"v": 2}).json["outputs"], [{"r": "<2>"}])


def test_a_change_of_a_stored_workflow_counts_at_once():
    first = save("changing", CHILD).json["revision"]
    equal(server().run(naming("changing"), {"v": 1}).json["outputs"], [{"r": "<1>"}])
    changed = json.loads(json.dumps(CHILD).replace("<{v}>", "[{v}]"))
    save("changing", changed)
    equal(server().run(naming("changing"), {"v": 1}).json["outputs"], [{"r": "[1]"}])
    equal(server().run(naming("changing", str(first)), {"v": 1}).json["outputs"], [{"r": "<1>"}])
    equal(server().run(naming("changing", "soon"), {"v": 1}).status, 400)


def test_a_workflow_that_contains_itself():
    save("snake", CHILD)
    check(save("snake", naming("snake")).status in (200, 201))
    got = server().run(naming("snake"), {"v": 1})
    equal((got.status, got.json["error_type"]), (400, "InnerWorkflowCompositionCycleError"))


def test_traces_for_those_who_ask_of_a_server_that_gives_them():
    asked = {"specification": CHILD, "inputs": {"v": 1}, "enable_profiling": True}
    equal(server().post("/workflows/run", asked).json["profiler_trace"], [])
    tracing = Server(env={"ENABLE_WORKFLOWS_PROFILING": "True"})
    try:
        equal(tracing.run(CHILD, {"v": 1}).json["profiler_trace"], [])
        events = tracing.post("/workflows/run", asked).json["profiler_trace"]
    finally:
        tracing.stop()
    names = [e["name"] for e in events]
    for name in ("workflow_run", "workflow_compilation", "workflow_input_assembly",
                 "workflow_execution", "group_of_steps_execution", "step_execution",
                 "outputs_construction"):
        check(name in names, names)
    for event in events:
        check(event["ph"] == "X" and event["dur"] >= 0 and event["ts"] > 0, event)
    step, = [e for e in events if e["name"] == "step_execution"]
    equal(step["args"], {"step": "$steps.t", "type": "roboflow_core/string_template@v1",
                         "elements": 1})
    whole = events[names.index("workflow_run")]
    check(all(whole["ts"] <= e["ts"] and e["ts"] + e["dur"] <= whole["ts"] + whole["dur"] + 1
              for e in events), events)


def test_secrets_of_the_environment_only_where_they_are_allowed():
    definition = {"version": "1.3.0", "inputs": [], "steps": [
        {"type": "roboflow_core/environment_secrets_store@v1", "name": "s",
         "variables_storing_secrets": ["OCELLUS_TEST_WORD"]}],
        "outputs": [{"type": "JsonField", "name": "o", "selector": "$steps.s.ocellus_test_word"}]}
    word = {"OCELLUS_TEST_WORD": "correct horse"}
    for env, status in ((word, 200), (dict(word, **{
            "ALLOW_WORKFLOW_BLOCKS_ACCESSING_ENVIRONMENTAL_VARIABLES": "False"}), 500)):
        one = Server(env=env)
        try:
            got = one.run(definition)
        finally:
            one.stop()
        equal(got.status, status)
        check(b"correct horse" not in got.body, got)
        if status == 200:
            equal(got.json["outputs"], [{"o": "co********se"}])


def test_the_schema_of_definitions():
    schema = server().get("/workflows/definition/schema").json["schema"]
    steps = schema["properties"]["steps"]["items"]
    blocks = server().get("/workflows/blocks/describe").json["blocks"]
    equal(len(steps["oneOf"]), len(blocks))
    for pointer in [s["$ref"] for s in steps["oneOf"]] + \
            list(steps["discriminator"]["mapping"].values()):
        name = pointer[len("#/$defs/"):].replace("~1", "/")
        check(pointer.startswith("#/$defs/") and name in schema["$defs"], pointer)
    for block in blocks:
        equal(schema["$defs"][block["manifest_type_identifier"]], block["block_schema"])
    equal(schema["required"], ["version", "inputs", "steps", "outputs"])
