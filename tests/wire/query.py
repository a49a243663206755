"""query - comparators and operations of the query language on values of every type.

`query.json` holds what the reference answers; `python tests/wire/query.py URL` asks a
reference again and writes it.
"""
import http.client
import json
import os
import sys
import urllib.parse

FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "query.json")
COMPARATORS = ["(Detection) in zone", "(Number) in range", "(String) contains",
               "(String) startsWith", "(String) endsWith", "all in (Sequence)",
               "any in (Sequence)", "in (Sequence)", "(Number) <", "(Number) >=", "==", "!="]
SIDES = [None, 1, "a", [1], {"a": 1}, True, "", [], "abc", [[1]], ["a", 1], [1, 2],
         [[0, 0], [4, 0], [4, 4]]]
OPERATIONS = [
    {"type": "ToNumber", "cast_to": "int"}, {"type": "ToNumber", "cast_to": "float"},
    {"type": "NumberRound", "decimal_digits": -3}, {"type": "Multiply", "other": 3},
    {"type": "Divide", "other": 0}, {"type": "StringToUpperCase"}, {"type": "SequenceLength"},
    {"type": "SequenceAggregate", "mode": "first"},
    {"type": "SequenceAggregate", "mode": "most_common"},
    {"type": "LookupTable", "lookup_table": {"a": 1}},
    {"type": "StringSubSequence", "start": 0, "end": 2}, {"type": "SequenceElementsCount"},
    {"type": "ToString"}, {"type": "ToBoolean"}, {"type": "StringMatches", "regex": "a"},
    {"type": "NumericSequenceAggregate", "function": "max"},
    {"type": "NumericSequenceAggregate", "function": "min", "neutral_value": 3},
    {"type": "ExtractImageProperty", "property_name": "size"},
    {"type": "DetectionsOffset", "offset_x": 1, "offset_y": 1},
    {"type": "DetectionsPropertyExtract", "property_name": "size"},
    {"type": "ExtractDetectionProperty", "property_name": "size"},
    {"type": "ConvertImageToJPEG"}, {"type": "TimestampToISOFormat"},
    {"type": "ExtractFrameMetadata", "property_name": "seconds_elapsed"},
    {"type": "SequenceMap", "lookup_table": {"a": 1}},
    {"type": "SequenceApply", "operations": [{"type": "StringToUpperCase"}]},
    {"type": "ConvertDictionaryToJSON"},
]
OPERATIONS += [{"type": "ClassificationPropertyExtract", "property_name": name}
               for name in ("top_class", "top_class_confidence", "top_class_confidence_single",
                            "all_classes", "all_confidences")]
SUBJECTS = [None, 1, "a", [1], {"a": 1}, 1.5, "", [], "inf", [None, 1], "5", True, ["b", "a"],
            [[1], [1]], {"top": "x", "predictions": []}, {"top": 1}, {"predictions": {}},
            {"top": "x", "confidence": 0.5}, {"predicted_classes": ["a"]}, {"predictions": 5},
            {"predictions": {"a": {"confidence": 0.5, "class_id": 1}, "b": {
                "confidence": 0.2, "class_id": 0}}, "predicted_classes": ["a", "b"]},
            {"predictions": {"a": {"confidence": 0.5}}, "predicted_classes": ["a", "zz"]},
            {"top": "x", "predictions": [{"class": "x", "confidence": 0.3}]},
            {"top": "x", "predictions": [1]}]


def statement(inner):
    """An expression that is 1 where a statement holds, and 0 elsewhere."""
    return {"type": "roboflow_core/expression@v1", "name": "e",
            "data": {"a": "$inputs.a", "b": "$inputs.b"},
            "switch": {"type": "CasesDefinition", "default": {"type": "StaticCaseResult",
                                                              "value": 0},
                       "cases": [{"type": "CaseDefinition",
                                  "condition": {"type": "StatementGroup", "statements": [inner]},
                                  "result": {"type": "StaticCaseResult", "value": 1}}]}}


def operand(name, *operations):
    return {"type": "DynamicOperand", "operand_name": name, "operations": list(operations)}


def workflow(step, *inputs):
    return {"version": "1.0", "inputs": [{"type": kind, "name": name} for name, kind in inputs],
            "steps": [step], "outputs": [{"type": "JsonField", "name": "o",
                                          "selector": "$steps.e.output"}]}


def questions():
    """(key, workflow, inputs)"""
    both = ("a", "WorkflowParameter"), ("b", "WorkflowParameter")
    for name in COMPARATORS:
        step = statement({"type": "BinaryStatement", "left_operand": operand("a"),
                          "comparator": {"type": name}, "right_operand": operand("b")})
        for left in SIDES:
            for right in SIDES:
                yield (f"{json.dumps(left)} {name} {json.dumps(right)}", workflow(step, *both),
                       {"a": left, "b": right})
    for operation in OPERATIONS:
        inside = statement({"type": "UnaryStatement", "operand": operand("a", operation),
                            "operator": {"type": "Exists"}})
        alone = {"type": "roboflow_core/property_definition@v1", "name": "e",
                 "data": "$inputs.a", "operations": [operation]}
        for subject in SUBJECTS:
            key = f"{json.dumps(operation)} of {json.dumps(subject)}"
            yield "inside: " + key, workflow(inside, *both), {"a": subject, "b": 0}
            yield key, workflow(alone, ("a", "WorkflowBatchInput")), {"a": [subject]}


def told(status, answer):
    """What is compared: the output, or status, type, context and inner type of an error."""
    if status == 200:
        return answer["outputs"][0]["o"]
    return [status, answer["error_type"], answer["context"].split(" | ")[-1],
            answer["inner_error_type"]]


def test_comparators_and_operations_on_every_type():
    from harness import check, equal, server
    connection = http.client.HTTPConnection("127.0.0.1", server().port, timeout=60)
    with open(FILE, encoding="utf-8") as file:
        wanted = json.load(file)
    wrong, asked = [], 0
    for key, definition, inputs in questions():
        got = ask(connection, definition, inputs)
        asked += 1
        if json.dumps(got) != json.dumps(wanted[key]):
            wrong.append(f"{key}: got {got}, wanted {wanted[key]}")
    equal(asked, len(wanted))
    check(not wrong, f"{len(wrong)} of {asked} differ:\n" + "\n".join(wrong[:20]))


def ask(connection, definition, inputs):
    body = json.dumps({"api_key": "none", "specification": definition, "inputs": inputs})
    connection.request("POST", "/workflows/run", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    return told(answer.status, json.load(answer))


if __name__ == "__main__":
    reference = http.client.HTTPConnection(urllib.parse.urlsplit(sys.argv[1]).netloc, timeout=60)
    answers = {key: ask(reference, definition, inputs)
               for key, definition, inputs in questions()}
    with open(FILE, "w", encoding="utf-8") as out:
        out.write("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}"
                                     for k, v in answers.items()) + "\n}\n")
