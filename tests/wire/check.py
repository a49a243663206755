"""check - `ocellus workflow check`: all that is wrong or odd in a definition, without a run."""
import glob
import json
import os
import subprocess
import tempfile
from xml.etree import ElementTree

from harness import OCELLUS, ROOT, Server, Skip, check, equal

CASES = os.path.join(ROOT, "..", "shared", "conformance")
COMPILING = "workflow_compilation"


def ocellus(*words, given):
    return subprocess.run([OCELLUS, "workflow", *words], input=json.dumps(given), text=True,
                          capture_output=True, timeout=60, cwd=ROOT, check=False)


def look(definition):
    done = ocellus("check", "-", "--json", given=definition)
    answer = json.loads(done.stdout)
    equal(done.returncode, 2 if answer["errors"] else 0)
    equal(answer["errors"] + answer["warnings"], len(answer["findings"]))
    equal(answer["steps"] is None, answer["errors"] > 0)
    return answer


def found(definition):
    """What is said of which step and field."""
    return {(f["code"], f["step"], f["field"]) for f in look(definition)["findings"]}


def workflow(*steps, inputs=(), outputs=()):
    return {"version": "1.3.0",
            "inputs": [{"type": "WorkflowParameter", "name": name} for name in inputs],
            "steps": list(steps),
            "outputs": [{"type": "JsonField", "name": f"o{i}", "selector": selector}
                        for i, selector in enumerate(outputs)]}


def template(name, **data):
    return {"type": "roboflow_core/string_template@v1", "name": name, "template": "t",
            "data": data}


def condition(name, steps, left, right=1, parameters=None):
    operand = {"type": "DynamicOperand", "operand_name": left} if isinstance(left, str) else \
        {"type": "StaticOperand", "value": left}
    return {"type": "roboflow_core/continue_if@v1", "name": name, "next_steps": steps,
            "evaluation_parameters": parameters or {},
            "condition_statement": {"type": "StatementGroup", "statements": [
                {"type": "BinaryStatement", "left_operand": operand,
                 "comparator": {"type": "(Number) =="},
                 "right_operand": {"type": "StaticOperand", "value": right}}]}}


def switch(name, value, **cases):
    return {"type": "roboflow_core/switch_case@v1", "name": name, "value": value, "cases": cases,
            "default_next_steps": []}


# ---- the reference's problems ------------------------------------------------------------


def recorded_problems():
    """(name, definition, answer) of all recorded refusals of a definition."""
    if not os.path.isdir(CASES):
        raise Skip("../shared is not here")
    for path in sorted(glob.glob(os.path.join(CASES, "*", "*.json"))):
        with open(path, encoding="utf-8") as file:
            case = json.load(file)
        body = case.get("expect", {}).get("body", {})
        definition = case.get("request", {}).get("specification")
        if (case.get("bug") or not isinstance(body, dict) or not isinstance(definition, dict) or
                not str(body.get("context")).startswith(COMPILING)):
            continue
        yield os.path.relpath(path, CASES), definition, body


def names_it(findings, answer):
    """Whether the findings have the answer's class, and all steps and fields it names."""
    said = {(f["step"], f["field"]) for f in findings if f["severity"] == "error"}
    steps = {step for step, _ in said}
    if answer["error_type"] not in {f["code"] for f in findings}:
        return False
    for block in answer.get("blocks_errors") or []:
        if block["property_name"] is None and block["block_id"] not in steps:
            return False
        if block["property_name"] is not None and \
                (block["block_id"], block["property_name"]) not in said:
            return False
    return steps != {None}


def test_recorded_problems_are_named_with_step_and_field():
    total, missed = 0, []
    for name, definition, answer in recorded_problems():
        total += 1
        if not names_it(look(definition)["findings"], answer):
            missed.append(name)
    check(total >= 70, total)
    check(len(missed) <= total * 0.05, missed)


def test_all_problems_of_a_definition_at_once():
    wrong = workflow(
        template("a", x="$inputs.gone"), template("a", x="$steps.c.nothing"),
        {"type": "roboflow_core/string_template@v1", "name": "b", "template": 1},
        {"type": "roboflow_core/expresion@v1", "name": "c"},
        template("d", x="$steps.c.whatever", y="$steps.b.what"),
        outputs=["$steps.a.missing", "$steps.c.whatever", "$inputs.none"])
    wrong["inputs"] = [{"type": "Number", "name": "n"}, {"type": "WorkflowImage"}]
    wrong["outputs"][2]["coordinates_system"] = "mine"
    wanted = {("WorkflowSyntaxError", "inputs[0]", None),
              ("WorkflowSyntaxError", "inputs[1]", None), ("WorkflowSyntaxError", "b", "template"),
              ("ExecutionGraphStructureError", "d", "data"),
              ("WorkflowSyntaxError", "c", None), ("WorkflowSyntaxError", "outputs[2]", None),
              ("DuplicatedNameError", "a", "name"), ("InvalidReferenceTargetError", "a", "data"),
              ("InvalidReferenceTargetError", "$outputs", "o0"),
              ("InvalidReferenceTargetError", "$outputs", "o2")}
    got = found(wrong)
    equal(got, wanted)


def test_shapes_that_are_none():
    for definition in ({}, {"version": 1, "inputs": {}, "steps": None, "outputs": "x"},
                       {"version": "1.0", "inputs": [1], "steps": [2, []], "outputs": [None]},
                       [], 7, None):
        check(look(definition)["errors"] > 0, definition)
    wrong = {"version": "9.0", "inputs": [], "steps": [template("a", x="$steps.b.output"),
             template("b", x="$steps.c.output"), template("c", x="$steps.b.output")],
             "outputs": []}
    equal(found(wrong), {("NotSupportedExecutionEngineError", "version", None),
                         ("ExecutionGraphStructureError", "b", None)})


def test_batches_that_do_not_fit_are_told_for_every_step():
    """Steps behind a wrong one are left alone; others are not."""
    crop = {"type": "roboflow_core/image_slicer@v2", "image": "$inputs.image", "slice_width": 8,
            "slice_height": 8}
    wrong = workflow({**crop, "name": "one"}, {**crop, "name": "two"},
                     template("mixed", a="$steps.one.slices", b="$steps.two.slices"),
                     template("mixed2", a="$steps.one.slices", b="$steps.two.slices"),
                     template("behind", a="$steps.mixed.output", b="$steps.one.slices"),
                     outputs=["$steps.mixed2.output", "$steps.behind.output"])
    wrong["inputs"] = [{"type": "WorkflowImage", "name": "image"}]
    equal(found(wrong), {("StepInputLineageError", "mixed", "data"),
                         ("StepInputLineageError", "mixed2", "data")})


# ---- warnings ------------------------------------------------------------------------------


def test_keys_that_no_field_has():
    step = {**template("t"), "tempalte": "x", "colour": 1}
    answer = look(workflow(step, outputs=["$steps.t.output"]))
    equal([(f["code"], f["step"], f["field"]) for f in answer["findings"]],
          [("unknown_key", "t", "tempalte"), ("unknown_key", "t", "colour")])
    check("'template'" in answer["findings"][0]["text"], answer["findings"][0])
    check("mean" not in answer["findings"][1]["text"], answer["findings"][1])


def test_what_nobody_reads():
    equal(found(workflow(template("used", v="$inputs.a"), template("lost", v="$inputs.b"),
                         template("before", v="$inputs.b"),
                         template("after", v="$steps.before.output"),
                         inputs=["a", "b", "c"], outputs=["$steps.used.*"])),
          {("unused_input", "c", None), ("unused_step", "lost", None),
           ("unused_step", "before", None), ("unused_step", "after", None)})
    sink = {"type": "roboflow_core/local_file_sink@v1", "name": "sink",
            "content": "$steps.t.output", "file_type": "txt", "output_mode": "separate_files",
            "target_directory": "/tmp", "file_name_prefix": "x"}
    equal(found(workflow(template("t"), sink)), set())


def test_branches_that_never_run():
    gates = [switch("s", "$inputs.v", red="$steps.red", blue="$steps.blue"),
             template("red"), template("blue")]
    equal(found(workflow(*gates, template("both", a="$steps.red.output", b="$steps.blue.output"),
                         template("behind", a="$steps.both.output"), inputs=["v"],
                         outputs=["$steps.behind.output"])), {("never_runs", "both", None)})
    first = {"type": "roboflow_core/first_non_empty_or_default@v1", "name": "any",
             "data": ["$steps.red.output", "$steps.blue.output"]}
    equal(found(workflow(*gates, first, inputs=["v"], outputs=["$steps.any.output"])), set())
    nested = [switch("s", "$inputs.v", red="$steps.t", blue="$steps.if"),
              condition("if", ["$steps.t"], "v", parameters={"v": "$inputs.v"}), template("t")]
    equal(found(workflow(*nested, inputs=["v"], outputs=["$steps.t.output"])),
          {("never_runs", "t", None)})


def test_elements_that_take_different_branches_meet_again():
    """What folds a batch runs when any element is left: nothing to warn of."""
    crop = {"type": "roboflow_core/image_slicer@v2", "name": "crop", "image": "$inputs.image",
            "slice_width": 8, "slice_height": 8}
    fold = [{"type": "roboflow_core/dimension_collapse@v1", "name": f"fold_{name}",
             "data": f"$steps.{name}.output"} for name in ("red", "blue")]
    value = {"type": "roboflow_core/property_definition@v1", "name": "v",
             "data": "$steps.crop.slices", "operations": [
                 {"type": "ExtractImageProperty", "property_name": "size"}]}
    definition = workflow(crop, value, switch("s", "$steps.v.output", **{
        "1": "$steps.red", "2": "$steps.blue"}), template("red", a="$steps.v.output"),
        template("blue", a="$steps.v.output"), *fold,
        template("both", a="$steps.fold_red.output", b="$steps.fold_blue.output"),
        outputs=["$steps.both.output"])
    definition["inputs"] = [{"type": "WorkflowImage", "name": "image"}]
    equal(found(definition), set())
    steps = {step["name"]: step for step in look(definition)["steps"]}
    equal((steps["red"]["runs_over"], steps["red"]["if"]), ("batch > crop", ["s: 1"]))
    equal((steps["crop"]["runs_over"], steps["crop"]["gives"]), ("batch", "batch > crop"))
    equal((steps["both"]["gives"], steps["both"]["dimensionality"]), ("batch", 1))


def test_conditions_that_look_at_nothing():
    for left, word in ((1, "true"), (2, "false")):
        answer = look(workflow(condition("c", ["$steps.t"], left), template("t"),
                               outputs=["$steps.t.output"]))
        equal([(f["code"], f["step"], f["field"]) for f in answer["findings"]],
              [("constant_condition", "c", "condition_statement")])
        check(f"it is {word}" in answer["findings"][0]["text"], answer)
    equal(found(workflow(condition("c", ["$steps.t"], "v", parameters={"v": "$inputs.v"}),
                         template("t"), inputs=["v"], outputs=["$steps.t.output"])), set())


# ---- upgrades ------------------------------------------------------------------------------


def upgraded(definition):
    done = ocellus("check", "-", "--upgrade", given=definition)
    equal(done.returncode, 0, done.stderr)
    return json.loads(done.stdout), int(done.stderr.split()[0])


def old(*outputs):
    return {"version": "1.0", "inputs": [{"type": "InferenceImage", "name": "image"},
                                         {"type": "InferenceParameter", "name": "c"}],
            "steps": [{"type": "ClassificationModel", "name": "m", "image": "$inputs.image",
                       "model_id": "a/1", "confidence": "$inputs.c", "extra": {"type": "Crop"}}],
            "outputs": [{"type": "JsonField", "name": f"o{i}", "selector": selector}
                        for i, selector in enumerate(outputs)]}


def test_upgrades_change_names_and_what_is_the_same():
    now, changes = upgraded(old("$steps.m.predictions"))
    equal(now["inputs"][0]["type"], "WorkflowImage")
    equal(now["inputs"][1]["type"], "WorkflowParameter")
    equal(now["steps"][0], {
        "type": "roboflow_core/roboflow_classification_model@v2", "name": "m",
        "images": "$inputs.image", "model_id": "a/1", "confidence": "$inputs.c",
        "extra": {"type": "Crop"}})
    equal(changes, 4)
    equal(upgraded(now), (now, 0))


def test_upgrades_leave_what_would_answer_otherwise():
    now, _ = upgraded(old("$steps.m.*"))        # v2 has one output more
    equal(now["steps"][0]["type"], "roboflow_core/roboflow_classification_model@v1")
    asked = old("$steps.t.iso_string")        # v2's inference_id is of another kind
    asked["steps"].append({"type": "roboflow_core/current_time@v1", "name": "t",
                           "timezone": "$steps.m.inference_id"})
    check(not any(f["severity"] == "error" for f in look(asked)["findings"]), look(asked))
    now, _ = upgraded(asked)
    equal(now["steps"][0]["type"], "roboflow_core/roboflow_classification_model@v1")


# ---- pictures and descriptions ---------------------------------------------------------------

SVG = "{http://www.w3.org/2000/svg}"


def boxes(svg):
    """(x, y, width, height) of the boxes, without the bars on their left."""
    return [tuple(float(r.get(k)) for k in ("x", "y", "width", "height"))
            for r in svg.iter(SVG + "rect") if "bar" not in r.get("class", "")]


def overlap(a, b):
    return a[0] < b[0] + b[2] and b[0] < a[0] + a[2] and a[1] < b[1] + b[3] and b[1] < a[1] + a[3]


def test_a_graph_has_every_box_apart():
    steps = [switch("s", "$inputs.v", **{"a<b": "$steps.red", "&": "$steps.blue"}),
             template("red", x="$inputs.v"), template("blue", x="$inputs.v")]
    steps += [template(f"t{i}", x="$inputs.v", y="$steps.red.output") for i in range(9)]
    steps += [template(f"u{i}", x=f"$steps.t{i}.output", y="$steps.s2.output") for i in range(9)]
    steps += [template("s2", x="$inputs.w")]
    done = ocellus("graph", "-", given=workflow(
        *steps, inputs=["v", "w", "a_name_that_is_much_too_long_for_its_box"],
        outputs=["$steps.u1.output", "$steps.t2.output", "$inputs.v"]))
    equal(done.returncode, 0, done.stderr)
    svg = ElementTree.fromstring(done.stdout)
    placed = boxes(svg)
    equal(len(placed), 3 + len(steps) + 3)
    for i, box in enumerate(placed):
        check(0 <= box[0] and box[0] + box[2] <= float(svg.get("width")), box)
        check(0 <= box[1] and box[1] + box[3] <= float(svg.get("height")), box)
        check(not any(overlap(box, other) for other in placed[:i]), box)
    texts = [t.text for t in svg.iter(SVG + "text")]
    check({"s", "red", "u8", "o2", "switch_case@v1", "a_name_that_is_much_to\u2026"} <= set(texts),
          texts)
    titles = [t.text for t in svg.iter(SVG + "title")]
    check(any("only if: s: a<b" in title for title in titles), titles)


def test_costs_of_the_last_runs():
    data = tempfile.mkdtemp(prefix="ocellus-costs-")
    definition = workflow(template("t", x="$inputs.v"), inputs=["v"], outputs=["$steps.t.output"])
    renamed = json.loads(json.dumps(definition).replace('"name": "t"', '"name": "u"')
                         .replace("steps.t.", "steps.u."))

    def cost(of):
        done = ocellus("check", "-", "--json", "--data", data, given=of)
        return json.loads(done.stdout)["steps"][0]["milliseconds"]

    equal(cost(definition), None)
    done = subprocess.run([OCELLUS, "run", "-", "--set", "v=1", "--data", data], text=True,
                          input=json.dumps(definition), capture_output=True, timeout=60, check=True)
    check(cost(definition) > 0 and cost(renamed) == cost(definition), done.stderr)
    other = json.loads(json.dumps(definition).replace('"template": "t"', '"template": "other"'))
    equal(cost(other), None)
    running = Server(data=data)
    equal(running.run(other, {"v": 1}).status, 200)
    running.stop()
    check(cost(other) > 0)


def test_a_description_tells_inputs_steps_and_outputs():
    done = ocellus("describe", "-", given=workflow(
        template("t", x="$inputs.v"), inputs=["v"], outputs=["$steps.t.output", "$steps.t.*"]))
    words = " ".join(done.stdout.split())
    for line in ("v parameter any, default null", "1 t string_template@v1 once", "o0 string",
                 "o1 all of t"):
        check(line in words, done.stdout)
    done = ocellus("describe", "-", "--json", given=workflow(
        template("t", x="$inputs.v"), inputs=["v"], outputs=["$steps.t.output"]))
    equal(json.loads(done.stdout)["outputs"], {"o0": ["string"]})
    done = ocellus("describe", "-", given=workflow(template("t", x="$inputs.v")))
    equal(done.returncode, 2)
    check("$inputs.v" in done.stderr, done.stderr)
