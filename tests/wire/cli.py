"""cli - the program as it is typed: answers, errors, exit codes, records."""
import json
import os
import subprocess
import tempfile

from harness import OCELLUS, ROOT, Skip

PARTS = os.path.join(ROOT, "examples/parts.onnx")
NAMES = os.path.join(ROOT, "examples/parts.names")
DEFINITION = os.path.join(ROOT, "examples/parts.json")


def ocellus(*words, env=None, data=None, given=""):
    command = [OCELLUS] + list(words) + (["--data", data] if data else [])
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120,
                          input=given, env=dict(os.environ, **(env or {})))


def demo():
    """A data folder with the demo model in it."""
    if not os.path.exists(PARTS):
        raise Skip("examples/parts.onnx is not there")
    data = tempfile.mkdtemp(prefix="ocellus-cli-")
    done = ocellus("model", "add", "parts/1", PARTS, "--classes", NAMES, data=data)
    assert done.returncode == 0, done.stderr
    return data


def straw():
    folder = os.path.join(ROOT, "examples/pictures")
    return os.path.join(folder, next(n for n in sorted(os.listdir(folder)) if "straw" in n))


def write(text, name="file.json"):
    path = os.path.join(tempfile.mkdtemp(prefix="ocellus-cli-"), name)
    with open(path, "wb") as out:
        out.write(text if isinstance(text, bytes) else text.encode())
    return path


# ---- help ---------------------------------------------------------------------

def test_help_on_every_level_has_an_example():
    assert "example:" in ocellus("--help").stdout
    for command in ("run", "replay", "serve", "infer", "evaluate", "model add", "model list",
                    "model show", "model check", "model bench", "model quantize",
                    "model remove",
                    "train classify", "workflow save", "workflow list",
                    "workflow show", "workflow rm", "workflow check", "workflow graph",
                    "workflow describe", "blocks", "doctor"):
        done = ocellus(*command.split(), "--help")
        assert done.returncode == 0 and "example: ocellus " + command in done.stdout, command


def test_mistyped_commands_and_options():
    done = ocellus("serv")
    assert done.returncode == 2 and "did you mean 'serve'" in done.stderr
    done = ocellus("run", "x.json", "--outt", "y")
    assert done.returncode == 2 and "--outt" in done.stderr
    assert ocellus("model").returncode == 2
    assert ocellus("run").returncode == 2


# ---- run ----------------------------------------------------------------------

def test_the_seed_answers_in_shape():
    data, out = demo(), tempfile.mkdtemp()
    done = ocellus("run", DEFINITION, straw(), "--json", data=data)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)[0]["model_predictions"]
    assert set(answer) == {"inference_id", "time", "image", "predictions", "top", "confidence",
                           "prediction_type", "parent_id", "root_parent_id"}
    assert answer["top"] == "loose-straw" and answer["prediction_type"] == "classification"
    assert answer["parent_id"] == answer["root_parent_id"] == "image"
    assert set(answer["predictions"][0]) == {"class", "class_id", "confidence"}
    done = ocellus("run", DEFINITION, straw(), "--out", out, data=data)
    assert done.returncode == 0 and len(os.listdir(out)) == 1, done.stderr
    assert out in done.stdout


def test_pictures_are_written_as_asked_for():
    data, sizes = demo(), {}
    for name, extension, begins in (("jpeg", "jpg", b"\xff\xd8"), ("jpeg444", "jpg", b"\xff\xd8"),
                                    ("png", "png", b"\x89PNG"), ("webp", "webp", b"RIFF")):
        out = tempfile.mkdtemp()
        done = ocellus("run", DEFINITION, straw(), "--out", out, "--format", name, data=data)
        assert done.returncode == 0, done.stderr
        (file,) = os.listdir(out)
        assert file.endswith("." + extension), file
        with open(os.path.join(out, file), "rb") as opened:
            content = opened.read()
        assert content.startswith(begins)
        sizes[name] = len(content)
    assert sizes["webp"] < sizes["jpeg"] < sizes["jpeg444"] < sizes["png"], sizes
    out = tempfile.mkdtemp()
    ocellus("run", DEFINITION, straw(), "--out", out, "-q", "40", data=data)
    assert os.path.getsize(os.path.join(out, os.listdir(out)[0])) < sizes["jpeg"] / 2
    for options, said in ((("--format", "gif"), "jpeg, jpeg444, png, webp"),
                          (("--quality", "0"), "1 to 100"), (("--quality", "101"), "1 to 100"),
                          (("--format", "png", "--quality", "50"), "PNG")):
        done = ocellus("run", DEFINITION, straw(), *options, data=data)
        assert done.returncode == 2 and said in done.stderr, (options, done.stderr)


def test_a_record_holds_every_step():
    data, record = demo(), tempfile.mkdtemp()
    done = ocellus("run", DEFINITION, straw(), "--record", record, data=data)
    assert done.returncode == 0, done.stderr
    folder = os.path.join(record, os.listdir(record)[0])
    with open(os.path.join(folder, "run.json")) as file:
        steps = json.load(file)["steps"]
    assert [step["name"] for step in steps] == ["model", "label"]
    for step in steps:
        assert step["milliseconds"] >= 0 and step["elements"] == 1
        for names in step["outputs"].values():
            assert all(os.path.exists(os.path.join(folder, name)) for name in names)


def test_settings_are_json_or_text():
    definition = write(json.dumps({
        "version": "1.0", "inputs": [{"type": "WorkflowParameter", "name": "a"},
                                     {"type": "WorkflowParameter", "name": "b"}],
        "steps": [], "outputs": [{"type": "JsonField", "name": "a", "selector": "$inputs.a"},
                                 {"type": "JsonField", "name": "b", "selector": "$inputs.b"}]}))
    done = ocellus("run", definition, "--set", "a=[1, 2.0]", "--set", "b=plain", "--json",
                   data=tempfile.mkdtemp())
    assert json.loads(done.stdout) == [{"a": [1, 2.0], "b": "plain"}], done.stderr


def test_one_bad_picture_does_not_stop_the_others():
    data, bad = demo(), write(b"\xff\xd8\xff\xe0 not a picture", "bad.jpg")
    done = ocellus("run", DEFINITION, bad, straw(), "--json", data=data)
    assert done.returncode == 5 and bad in done.stderr
    assert "loose-straw" in done.stdout


# ---- bad input ------------------------------------------------------------------

def fails(code, part, *words, **how):
    done = ocellus(*words, **how)
    assert done.returncode == code, (done.returncode, done.stderr)
    assert part in done.stderr, done.stderr
    assert "error: " in done.stderr
    return done


def test_bad_definitions():
    data = tempfile.mkdtemp()
    fails(3, "neither a file nor a stored workflow", "run", "nosuch", data=data)
    fails(2, "line 1", "run", write("{nope"), data=data)
    fails(2, "inputs: this is not a list", "run",
          write('{"version": "1.0", "inputs": 3, "steps": [], "outputs": []}'), data=data)
    step = {"type": "roboflow_core/image_slicer@v9", "name": "s"}
    fails(2, "did you mean 'roboflow_core/image_slicer@v2'", "run",
          write(json.dumps({"version": "1.0", "inputs": [], "steps": [step], "outputs": []})),
          data=data)


def test_bad_pictures():
    data = demo()
    fails(3, "nosuch.jpg", "run", DEFINITION, "nosuch.jpg", data=data)
    fails(2, "picture", "run", DEFINITION, write(b"GIF89a" + bytes(50), "a.jpg"), data=data)
    with open(straw(), "rb") as file:
        whole = file.read()
    fails(2, "", "run", DEFINITION, write(whole[:20], "cut.jpg"), data=data)
    huge = whole.replace(b"\xff\xc0\x00\x11\x08" + whole[whole.index(b"\xff\xc0") + 5:][:4],
                         b"\xff\xc0\x00\x11\x08\xff\xff\xff\xff")
    fails(2, "", "run", DEFINITION, write(huge, "huge.jpg"), data=data)
    fails(2, "required", "run", DEFINITION, data=data)


def test_bad_models():
    data = demo()
    fails(3, "parts/1", "infer", "-m", "nosuch/1", straw(), data=data)
    fails(2, "project/version", "model", "add", "noslash", PARTS, data=data)
    fails(2, "", "model", "add", "x/1", write(b"not an onnx file", "a.onnx"), data=data)
    fails(3, "nosuch.onnx", "model", "add", "x/1", "nosuch.onnx", data=data)
    done = fails(2, "5", "model", "add", "x/1", PARTS, "--classes", write("one\ntwo\n", "n.txt"),
                 data=data)
    assert "2" in done.stderr
    assert ocellus("model", "list", "--json", data=data).stdout.count("\n") == 1
    fails(3, "no model", "model", "remove", "x/1", data=data)


def test_no_onnx_runtime_says_how_to_get_it():
    data = demo()
    done = fails(1, "ONNX Runtime", "infer", "-m", "parts/1", straw(), data=data,
                 env={"OCELLUS_ONNXRUNTIME": "/nonexistent.so"})
    assert "install" in done.stderr or "bootstrap" in done.stderr


def test_infer():
    done = ocellus("infer", "-m", "parts/1", straw(), data=demo())
    assert done.returncode == 0 and "loose-straw" in done.stdout, done.stderr


def test_bench_tells_figures_and_the_best_settings():
    data = demo()
    done = ocellus("model", "bench", "parts/1", "--seconds", "0.02", data=data)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith("best here: --threads "), done.stdout
    done = ocellus("model", "bench", "parts/1", "--seconds", "0.02", "--threads", "1", "--batch",
                   "3", "--clients", "2", "--picture", straw(), "--json", data=data)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    setting = answer["settings"][0]
    assert len(answer["settings"]) == 1 and setting["threads"] == 1
    assert [batch["size"] for batch in setting["batches"]] in ([1], [1, 2])
    assert [one["count"] for one in setting["clients"]] == [1, 2]
    assert setting["load_ms"] > 0 and setting["memory_bytes"] > 0
    for times in (setting["network"], setting["with_preprocessing"]):
        assert 0 < times["min_ms"] <= times["p50_ms"] <= times["p99_ms"] and times["runs"] >= 3
    assert answer["best"]["latency_threads"] == answer["best"]["rate_threads"] == 1
    assert answer["providers"] == "cpu"


def test_bench_refuses():
    data = demo()
    fails(3, "parts/1", "model", "bench", "part/1", data=data)
    for words in (("--batch", "0"), ("--batch", "65"), ("--threads", "0"), ("--threads", "257"),
                  ("--clients", "17"), ("--seconds", "0"), ("--seconds", "nan"),
                  ("--seconds", "x"), ("--providers", "gpu")):
        fails(2, words[0].strip("-"), "model", "bench", "parts/1", *words, data=data)
    fails(3, "nosuch.jpg", "model", "bench", "parts/1", "--picture", "nosuch.jpg", data=data)


def test_providers_that_the_library_lacks():
    data = demo()
    done = fails(1, "cuda", "serve", "--port", "0", "--providers", "cuda:1,cpu", data=data)
    assert "it has cpu" in done.stderr, done.stderr
    done = fails(1, "openvino", "model", "bench", "parts/1", "--providers", "openvino:GPU",
                 data=data)
    assert "it has cpu" in done.stderr, done.stderr
    fails(1, "cuda", "infer", "-m", "parts/1", straw(), data=data,
          env={"OCELLUS_PROVIDERS": "CUDAExecutionProvider"})
    fails(2, "there is no 'gpu'", "serve", "--port", "0", "--providers", "gpu", data=data)
    fails(2, "OCELLUS_THREADS", "serve", "--port", "0", data=data, env={"OCELLUS_THREADS": "two"})
    done = ocellus("doctor", data=data, env={"OCELLUS_PROVIDERS": "cuda"})
    assert done.returncode == 1 and "cannot run on cuda" in done.stdout, done.stdout
    done = ocellus("doctor", data=data, env={"OCELLUS_PROVIDERS": "cpu", "OCELLUS_THREADS": "1"})
    assert done.returncode == 0 and "in use: cpu, 1 thread" in done.stdout, done.stdout


# ---- stored workflows, blocks, doctor -----------------------------------------------

def test_stored_workflows():
    data = demo()
    assert ocellus("workflow", "save", "parts", DEFINITION, data=data).returncode == 0
    assert "revision 2" in ocellus("workflow", "save", "parts", DEFINITION, data=data).stderr
    rows = [json.loads(line) for line in
            ocellus("workflow", "list", "--json", data=data).stdout.splitlines()]
    assert rows[0]["id"] == "parts" and rows[0]["revision"] == 2
    with open(DEFINITION) as file:
        assert json.loads(ocellus("workflow", "show", "parts", data=data).stdout) == json.load(file)
    assert ocellus("run", "parts", straw(), data=data).returncode == 0
    fails(2, "no block", "workflow", "save", "bad",
          write('{"version":"1.0","inputs":[],"steps":[{"type":"x","name":"s"}],"outputs":[]}'),
          data=data)
    assert ocellus("workflow", "rm", "parts", data=data).returncode == 0
    fails(3, "", "workflow", "show", "parts", data=data)


def test_blocks_page_is_the_committed_one():
    with open(os.path.join(ROOT, "docs/blocks.md")) as file:
        assert file.read() == ocellus("blocks", "--markdown").stdout
    assert "slice_width" in ocellus("blocks", "image_slicer").stdout
    fails(3, "did you mean", "blocks", "image_slicerr@v2")


def test_doctor_is_content():
    done = ocellus("doctor", data=tempfile.mkdtemp())
    assert done.returncode == 0 and "ONNX Runtime" in done.stdout, done.stdout + done.stderr


def test_serve_refuses_an_open_address():
    fails(4, "--insecure", "serve", "--host", "0.0.0.0", "--port", "0", data=tempfile.mkdtemp())


def test_a_definition_through_a_pipe():
    text = json.dumps({"version": "1.3.0", "inputs": [], "steps": [
        {"type": "roboflow_core/string_template@v1", "name": "t", "template": "hello"}],
        "outputs": [{"type": "JsonField", "name": "o", "selector": "$steps.t.output"}]})
    with tempfile.TemporaryDirectory() as data:
        done = ocellus("run", "-", "--json", data=data, given=text)
        assert (done.returncode, json.loads(done.stdout)) == (0, [{"o": "hello"}]), done
        done = ocellus("run", "-", data=data, given=text.replace("hello\"", "hello\", \"x\": $"))
        assert done.returncode != 0 and "standard input" in done.stderr, done
        done = ocellus("run", "-", data=data, given=text.replace("hello", "$steps.gone.output"))
        assert done.returncode != 0 and "'t'" in done.stderr and "gone" in done.stderr, done
