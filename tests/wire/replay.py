"""replay - recordings, and what runs again after a change."""
import json
import os
import shutil
import tempfile

from cli import DEFINITION, demo, ocellus, straw, write
from check import condition, switch, template, workflow
from harness import check, equal

VOLATILE = ("inference_id", "time", "frame_timestamp")
IMAGE = {"type": "WorkflowImage", "name": "image"}
SLICER = {"type": "roboflow_core/image_slicer@v2", "name": "slicer", "image": "$inputs.image",
          "slice_width": 300, "slice_height": 300}
SIZE = {"type": "roboflow_core/property_definition@v1", "name": "size",
        "data": "$steps.slicer.slices",
        "operations": [{"type": "ExtractImageProperty", "property_name": "size"}]}


def record(definition, *words, data=None):
    folder = tempfile.mkdtemp(prefix="ocellus-replay-")
    done = ocellus("run", write(json.dumps(definition)), *words, "--record", folder, data=data)
    equal(done.returncode, 0, done.stderr)
    return os.path.join(folder, os.listdir(folder)[0])


def settings(values):
    return [word for name, value in values.items()
            for word in ("--set", f"{name}={json.dumps(value)}")]


def replay(folder, definition=None, values=None, data=None):
    """The outcome of each step, and the whole answer."""
    words = ["--workflow", write(json.dumps(definition))] if definition else []
    done = ocellus("replay", folder, "--json", *words, *settings(values or {}), data=data)
    equal(done.returncode, 0, done.stderr)
    report = json.loads(done.stdout)
    with open(os.path.join(folder, "answer.json"), encoding="utf-8") as file:
        answer = json.load(file)
    if len(answer) != len(report["changed"]):
        answer = [{} for _ in report["changed"]]
    for before, now in zip(answer, report["changed"]):
        for name in set(before) - set(report["same"]):
            del before[name]
        before.update(now)
    return {step["name"]: step["outcome"] for step in report["steps"]}, answer


def fresh(definition, *words, data=None):
    done = ocellus("run", write(json.dumps(definition)), *words, "--json", data=data)
    equal(done.returncode, 0, done.stderr)
    return json.loads(done.stdout)


def demo_definition():
    with open(DEFINITION, encoding="utf-8") as file:
        return json.load(file)


def forget_ids(answer):
    """Identifiers are drawn in every run; times pass."""
    if isinstance(answer, dict):
        return {k: forget_ids(v) for k, v in answer.items() if k not in VOLATILE}
    return [forget_ids(v) for v in answer] if isinstance(answer, list) else answer


def agree(definition, changed, picture=None, before=None, after=None, data=None):
    """Replays a change; the outcomes, having checked that the answer is that of a new run."""
    words = [picture] if picture else []
    folder = record(definition, *words, *settings(before or {}), data=data)
    outcomes, answer = replay(folder, changed, after, data=data)
    equal(forget_ids(answer), forget_ids(fresh(changed or definition, *words, *settings(
        {**(before or {}), **(after or {})}), data=data)))
    return outcomes


# ---- what runs again ---------------------------------------------------------------------


def test_behind_a_model_only_what_changed_runs():
    data = demo()
    definition = demo_definition()
    equal(agree(definition, None, straw(), data=data), {"model": "reused", "label": "reused"})
    definition["steps"][1]["text"] = "Confidence"
    folder = record(json.loads(json.dumps(definition).replace("Confidence", "Class")), straw(),
                    data=data)
    outcomes, answer = replay(folder, definition, data=data)
    equal(outcomes, {"model": "reused", "label": "ran"})
    equal(forget_ids(answer), forget_ids(fresh(definition, straw(), data=data)))
    done = ocellus("replay", folder, "--workflow", write(json.dumps(definition)), data=data)
    check("1 of 2 steps reused" in done.stdout and "of the pixels" in done.stdout, done.stdout)


def test_another_model_under_the_same_name_runs():
    data = demo()
    folder = record(demo_definition(), straw(), data=data)
    equal(replay(folder, data=data)[0]["model"], "reused")
    package = os.path.join(data, "models", "parts", "1")
    for name in os.listdir(package):
        os.utime(os.path.join(package, name))
    equal(replay(folder, data=data)[0]["model"], "ran")


def test_parameters_and_what_is_behind_them():
    definition = workflow(
        template("a", v="$inputs.v"), template("b", w="$inputs.w"),
        template("both", a="$steps.a.output", b="$steps.b.output"), inputs=["v", "w"],
        outputs=["$steps.both.output", "$steps.a.output"])
    for step in definition["steps"]:
        step["template"] = "".join("{%s}" % name for name in step["data"])
    equal(agree(definition, None, before={"v": 1, "w": 2}, after={"w": 3}),
          {"a": "reused", "b": "ran", "both": "ran"})
    equal(agree(definition, None, before={"v": 1, "w": 2}, after={"w": 2}),
          {"a": "reused", "b": "reused", "both": "reused"})
    equal(agree(definition, None, before={"v": 1, "w": 2}, after={"w": 2.0})["b"], "ran")


def test_a_step_that_gives_the_same_again_stops_the_change():
    definition = workflow(template("a", v="$inputs.v"), template("b", a="$steps.a.output"),
                          inputs=["v"], outputs=["$steps.b.output"])
    equal(agree(definition, None, before={"v": 1}, after={"v": 2}), {"a": "ran", "b": "reused"})


def test_batches_children_and_branches():
    definition = workflow(
        SLICER, SIZE, switch("s", "$steps.size.output", **{"90000": "$steps.big"}),
        {**template("big", n="$steps.size.output"), "template": "big {n}"},
        {"type": "roboflow_core/dimension_collapse@v1", "name": "all",
         "data": "$steps.big.output"},
        {**template("text", n="$steps.all.output", k="$inputs.k"), "template": "{n} {k}"},
        inputs=["k"], outputs=["$steps.text.output", "$steps.big.output", "$steps.size.*"])
    definition["inputs"].append(IMAGE)
    outcomes = agree(definition, None, straw(), before={"k": 1}, after={"k": 2})
    equal(outcomes, {"slicer": "reused", "size": "reused", "s": "reused", "big": "reused",
                     "all": "reused", "text": "ran"})
    changed = json.loads(json.dumps(definition).replace("big {n}", "large {n}"))
    equal(agree(definition, changed, straw(), before={"k": 1})["big"], "ran")
    changed = json.loads(json.dumps(definition).replace("90000", "90001"))
    outcomes = agree(definition, changed, straw(), before={"k": 1})
    equal((outcomes["size"], outcomes["s"], outcomes["big"]), ("reused", "ran", "ran"))
    changed = json.loads(json.dumps(definition).replace("300", "200"))
    equal(agree(definition, changed, straw(), before={"k": 1})["slicer"], "ran")


def test_a_renamed_step_and_a_new_one():
    definition = workflow(SLICER, SIZE, outputs=["$steps.size.output"])
    definition["inputs"].append(IMAGE)
    changed = json.loads(json.dumps(definition).replace("slicer\"", "tiles\"")
                         .replace("steps.slicer", "steps.tiles"))
    changed["steps"].append(template("new", a="$steps.size.output"))
    changed["outputs"].append({"type": "JsonField", "name": "more", "selector": "$steps.new.*"})
    outcomes = agree(definition, changed, straw())
    equal((outcomes["tiles"], outcomes["new"]), ("reused", "ran"))


def test_steps_that_remember_or_look_at_the_world_run():
    definition = workflow(
        {"type": "roboflow_core/current_time@v1", "name": "now"},
        {"type": "roboflow_core/rate_limiter@v1", "name": "rate", "cooldown_seconds": 1,
         "depends_on": "$steps.now.date", "next_steps": ["$steps.t"]},
        template("t"), condition("c", ["$steps.u"], 1), template("u"), inputs=["v"],
        outputs=["$steps.t.output", "$steps.u.output"])
    outcomes = agree(definition, None, before={"v": 1})
    equal((outcomes["now"], outcomes["rate"], outcomes["u"]),
          ("always_runs", "always_runs", "reused"))


def read_all(folder):
    texts = set()
    for path, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(path, name), encoding="utf-8") as file:
                texts.add(file.read())
    return texts


def test_sinks_act_only_when_they_are_let():
    target = tempfile.mkdtemp(prefix="ocellus-sink-")
    environment = {"WORKFLOW_BLOCKS_WRITE_DIRECTORY": target}
    definition = workflow(
        {**template("t", v="$inputs.v"), "template": "{v}"},
        {"type": "roboflow_core/local_file_sink@v1", "name": "sink", "content": "$steps.t.output",
         "file_type": "txt", "output_mode": "separate_files", "target_directory": target,
         "file_name_prefix": "x"}, inputs=["v"], outputs=["$steps.sink.error_status"])
    folder = tempfile.mkdtemp()
    path = write(json.dumps(definition))
    done = ocellus("run", path, "--set", "v=one", "--record", folder, env=environment)
    equal(done.returncode, 0, done.stderr)
    equal(read_all(target), {"one"})
    done = ocellus("replay", folder, "--set", "v=two", env=environment)
    check("left out" in done.stdout, done.stdout, done.stderr)
    equal(read_all(target), {"one"})
    done = ocellus("replay", folder, "--set", "v=two", "--sinks", env=environment)
    equal(done.returncode, 0, done.stderr)
    equal(read_all(target), {"one", "two"})


# ---- recordings that are not right -------------------------------------------------------


def test_secrets_are_not_written_down():
    definition = workflow(
        {"type": "roboflow_core/environment_secrets_store@v1", "name": "s",
         "variables_storing_secrets": ["OCELLUS_TEST_SECRET"]},
        {**template("t", s="$steps.s.ocellus_test_secret"), "template": "-{s}-"},
        template("u", t="$steps.t.output", k="$inputs.key"),
        outputs=["$steps.s.*", "$steps.t.output"])
    definition["inputs"] = [{"type": "WorkflowParameter", "name": "key", "kind": ["secret"]}]
    folder = tempfile.mkdtemp()
    done = ocellus("run", write(json.dumps(definition)), "--set", "key=hush-2",
                   "--record", folder, env={"OCELLUS_TEST_SECRET": "hush-\u00e9\"1"})
    equal(done.returncode, 0, done.stderr)
    for path, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(path, name), "rb") as file:
                check(b"hush" not in file.read(), name)


def test_damaged_recordings_are_refused_or_run_anew():
    definition = workflow(SLICER, SIZE, outputs=["$steps.size.output"])
    definition["inputs"].append(IMAGE)
    good = record(definition, straw())
    changed = json.loads(json.dumps(definition).replace('"size"}', '"height"}'))
    path = write(json.dumps(changed))
    name = next(n for n in os.listdir(good) if "slicer.record" in n)
    with open(os.path.join(good, name), "rb") as file:
        whole = file.read()
    for cut in (0, 7, 8, 15, 16, 100, 1000, len(whole) // 2, len(whole) - 1):
        for broken in (whole[:cut], whole[:cut] + b"\xff" * 9 + whole[cut + 9:]):
            folder = shutil.copytree(good, os.path.join(tempfile.mkdtemp(), "x"))
            with open(os.path.join(folder, name), "wb") as file:
                file.write(broken)
            done = ocellus("replay", folder, "--json", "--workflow", path)
            check(done.returncode in (0, 1, 2), done.returncode, done.stderr)
            check(done.returncode == 0 or "record" in done.stderr, done.stderr)


def test_names_in_a_recording_stay_in_its_folder():
    definition = workflow(template("a", v="$inputs.v"), inputs=["v"], outputs=["$steps.a.output"])
    folder = record(definition, "--set", "v=1")
    index = os.path.join(folder, "run.json")
    with open(index, encoding="utf-8") as file:
        report = json.load(file)
    shutil.copy(os.path.join(folder, report["steps"][0]["record"]), os.path.dirname(folder))
    for name in ("../" + report["steps"][0]["record"], "/etc/passwd", ".", "", 7, None):
        report["steps"][0]["record"] = name
        with open(index, "w", encoding="utf-8") as file:
            json.dump(report, file)
        equal(replay(folder)[0], {"a": "ran"}, str(name))


def test_what_is_no_recording():
    empty = tempfile.mkdtemp()
    done = ocellus("replay", empty)
    equal(done.returncode, 3)
    check("--record" in done.stderr, done.stderr)
    with open(os.path.join(empty, "run.json"), "w", encoding="utf-8") as file:
        file.write("[1, 2")
    equal(ocellus("replay", empty).returncode, 2)
    equal(ocellus("replay", os.path.join(empty, "not-here")).returncode, 3)
