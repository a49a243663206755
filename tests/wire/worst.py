"""worst - definitions made to hurt: each ends within the limits with a clear answer."""
from harness import check, equal, picture, png, server

PARAMETER = {"type": "WorkflowParameter", "name": "x", "default_value": 1}
BATCH = {"type": "WorkflowBatchInput", "name": "b"}


def workflow(steps, inputs=(), outputs=()):
    return {"version": "1.3.0", "inputs": list(inputs), "steps": list(steps),
            "outputs": [{"type": "JsonField", "name": f"o{i}", "selector": s}
                        for i, s in enumerate(outputs)]}


def first(i, *selectors):
    return {"type": "FirstNonEmptyOrDefault", "name": f"s{i}", "data": list(selectors)}


def chain(length):
    return [first(0, "$inputs.x")] + [first(i, f"$steps.s{i - 1}.output")
                                      for i in range(1, length)]


def query(*operations):
    return workflow([{"type": "PropertyDefinition", "name": "p", "data": "$inputs.b",
                      "operations": list(operations)}], [BATCH], ["$steps.p.output"])


def template(text, data):
    return workflow([{"type": "roboflow_core/string_template@v1", "name": "t", "template": text,
                      "data": data}], [PARAMETER], ["$steps.t.output"])


def answered(status, error, definition, inputs=None):
    """Runs it; the answer has this status and class, and the server still lives."""
    got = server().run(definition, inputs)
    equal((got.status, got.json.get("error_type")), (status, error), str(got)[:300])
    if error:
        check(len(got.json["message"]) > 10, "says nothing")
    equal(server().get("/healthz").status, 200)
    return got


def test_as_many_steps_as_there_may_be():
    answered(200, None, workflow(chain(1000), [PARAMETER], ["$steps.s999.output"]))
    answered(400, "WorkflowSyntaxError", workflow(chain(1001), [PARAMETER]))
    got = server().run(workflow([{"type": "a", "name": str(i)} for i in range(300000)]))
    check(got.status in (400, 422), got)


def test_every_step_on_all_before_it():
    steps = [first(0, "$inputs.x")] + [first(i, *[f"$steps.s{k}.output" for k in range(i)])
                                       for i in range(1, 300)]
    answered(200, None, workflow(steps, [PARAMETER], ["$steps.s299.output"]))


def test_cycles():
    ring = [first(i, f"$steps.s{(i + 1) % 1000}.output") for i in range(1000)]
    answered(400, "ExecutionGraphStructureError", workflow(ring))
    answered(400, "ExecutionGraphStructureError", workflow([first(0, "$steps.s0.output")]))


def test_long_lists_of_everything():
    answered(200, None, workflow([first(0, *["$inputs.x"] * 100000)], [PARAMETER],
                                 ["$steps.s0.output"]))
    answered(200, None, template("{a0}", {f"a{i}": "$inputs.x" for i in range(50000)}))
    answered(200, None, workflow([], [{"type": "WorkflowParameter", "name": f"x{i}"}
                                      for i in range(50000)]))
    answered(200, None, workflow([], [PARAMETER], ["$inputs.x"] * 50000))


def test_long_literals_and_selectors():
    answered(500, "StepExecutionError", template("x" * 9000000, {}))
    answered(500, "StepExecutionError", template("{x:>999999999}", {"x": "$inputs.x"}))
    answered(500, "StepExecutionError", template("{x:>9999}" * 1000, {"x": "$inputs.x"}))
    answered(400, "WorkflowSyntaxError", workflow([first(0, "$steps." + ".".join("a" * 300))]))
    answered(400, "InvalidReferenceTargetError",
             workflow([first(0, "$inputs." + "a" * 100000)], [PARAMETER]))


def test_deep_nesting():
    deep = 1
    for _ in range(55):
        deep = [deep]
    answered(200, None, workflow([], [dict(PARAMETER, default_value=deep)], ["$inputs.x"]))
    statement = {"type": "UnaryStatement", "operand": {"type": "StaticOperand", "value": 1},
                 "operator": {"type": "Exists"}}
    for _ in range(20):
        statement = {"type": "StatementGroup", "statements": [statement]}
    answered(200, None, workflow([{"type": "ContinueIf", "name": "c", "next_steps": ["$steps.s0"],
                                   "condition_statement": statement}, first(0, "$inputs.x")],
                                 [PARAMETER], ["$steps.s0.output"]))


def test_patterns_that_backtrack():
    got = server().run(query({"type": "StringMatches", "regex": "(a+)+$"}),
                       {"b": ["a" * 50000 + "!"] * 100})
    check(got.status in (200, 408, 500), got)
    equal(server().get("/healthz").status, 200)


def test_texts_and_lists_that_grow():
    thousand = {"type": "Multiply", "other": 1000}
    for value in ("ab", ["ab"]):
        got = server().run(query(*[thousand] * 8), {"b": [value, value]})
        check(got.status in (400, 500, 507), got)
        equal(server().get("/healthz").status, 200)
    answered(400, "InvalidInputTypeError",
             query({"type": "Multiply", "other": 1000000}, {"type": "SequenceJoin"}),
             {"b": [["ab"], ["c"]]})


def test_texts_whose_case_depends_on_all_of_them():
    """A sigma looks at what stands around it: that must not make long texts slow."""
    for text in ("\u03a3" * 500000, "a\u03a3." + "\u03a3." * 250000):
        got = server().run(query({"type": "StringToLowerCase"}, {"type": "SequenceLength"}),
                           {"b": [text]})
        equal(got.json["outputs"], [{"o0": len(text)}])


def test_long_lists_compared_with_each_other():
    """Every element of one is looked for in the other."""
    statement = {"type": "StatementGroup", "statements": [
        {"type": "BinaryStatement", "left_operand": {"type": "DynamicOperand", "operand_name": "v"},
         "comparator": {"type": "any in (Sequence)"},
         "right_operand": {"type": "DynamicOperand", "operand_name": "w"}}]}
    steps = [{"type": "ContinueIf", "name": "c", "condition_statement": statement,
              "evaluation_parameters": {"v": "$inputs.b", "w": "$inputs.c"},
              "next_steps": ["$steps.s0"]}, first(0, "$inputs.b")]
    definition = workflow(steps, [BATCH, dict(BATCH, name="c")], ["$steps.s0.output"])
    answered(200, None, definition, {"b": [list(range(100000)), [1]],
                                     "c": [list(range(-100000, -1)), [1]]})


def test_distinct_elements_are_counted():
    many = [list(range(100000)), [1]]
    got = answered(200, None, query({"type": "SequenceElementsCount"}, {"type": "SequenceLength"}),
                   {"b": many})
    equal(got.json["outputs"], [{"o0": 100000}, {"o0": 1}])
    answered(200, None, query({"type": "SequenceAggregate", "mode": "most_common"}), {"b": many})


def test_fans_and_batches():
    slicer = [{"type": "roboflow_core/image_slicer@v2", "name": name, "image": source,
               "slice_width": 2, "slice_height": 2, "overlap_ratio_width": 0.0,
               "overlap_ratio_height": 0.0}
              for name, source in (("a", "$inputs.im"), ("b", "$steps.a.slices"))]
    answered(507, "RuntimeLimitsCausedStepExecutionError",
             workflow(slicer, [{"type": "WorkflowImage", "name": "im"}], ["$steps.b.slices"]),
             {"im": picture(png(400, 400))})
    answered(413, "RuntimeInputError", workflow([], [BATCH], ["$inputs.b"]), {"b": [1] * 10001})


def test_inner_workflows_whose_texts_grow():
    def inner(child):
        return {"type": "roboflow_core/inner_workflow@v1", "name": "i",
                "workflow_definition": child, "parameter_bindings": {"v": "$inputs.v" * 2000}}

    value = [{"type": "WorkflowParameter", "name": "v"}]
    child = {"version": "1", "inputs": value, "outputs": [], "steps": [
        {"type": "roboflow_core/string_template@v1", "name": "t",
         "template": "a $inputs.v " * 2000}]}
    for _ in range(3):
        child = {"version": "1", "inputs": value, "steps": [inner(child)], "outputs": []}
    got = server().run({"version": "1.3.0", "inputs": value, "steps": [inner(child)],
                        "outputs": []}, {"v": 1})
    check(got.status in (400, 500, 507), got)
    equal(server().get("/healthz").status, 200)
