"""detect - detectors from ONNX files as people have them: imported, asked, answered."""
import base64
import json
import os
import shutil
import tempfile

from cli import ocellus
from harness import ROOT, Server, Skip, check, equal

ASSETS = os.path.join(ROOT, "..", "shared", "assets")
YOLO = os.path.join(ASSETS, "models/derived/yolov8n-seg_boxes_320_fp32.onnx")
YOLOX = os.path.join(ASSETS, "models/yolox_nano.onnx")
NAMES = os.path.join(ASSETS, "models/coco80.names")
ZIDANE = os.path.join(ASSETS, "images/supervision/zidane.jpg")


def detectors():
    """A data folder with both, made with as few flags as can be."""
    if not os.path.exists(YOLO):
        raise Skip("../shared is not here")
    data = tempfile.mkdtemp(prefix="ocellus-detect-")
    done = ocellus("model", "add", "yolo/1", YOLO, "--task", "object-detection", data=data)
    equal(done.returncode, 0, done.stderr)
    check("320 x 320, rgb, letterbox, x / 255" in done.stdout, done.stdout)
    check("in columns" in done.stdout and "classes: 80 (person" in done.stdout, done.stdout)
    done = ocellus("model", "add", "yolox/1", YOLOX, "--classes", NAMES, data=data)
    equal(done.returncode, 0, done.stderr)
    check("416 x 416, bgr, letterbox top-left\n" in done.stdout, done.stdout)
    check("layout: cells" in done.stdout, done.stdout)
    return data


def near(box, x1, y1, x2, y2, most=20):
    corners = (box["x"] - box["width"] / 2, box["y"] - box["height"] / 2,
               box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    return all(abs(a - b) <= most for a, b in zip(corners, (x1, y1, x2, y2)))


def test_detectors_are_imported_and_asked():
    data = detectors()
    done = ocellus("infer", "-m", "yolo/1", ZIDANE, "--json", data=data)
    people = [p for p in json.loads(done.stdout)["predictions"] if p["class"] == "person"]
    equal(len(people), 2, done.stdout)
    check(near(people[0], 743, 38, 1146, 711), people[0])
    check(all(v == int(v * 2) / 2 for v in (people[0]["x"], people[0]["y"])), people[0])
    done = ocellus("infer", "-m", "yolox/1", ZIDANE, data=data)
    check("3 objects" in done.stdout and "tie 49" in done.stdout, done.stdout)
    done = ocellus("model", "list", "--json", data=data)
    equal({json.loads(line)["task_type"] for line in done.stdout.splitlines()},
          {"object-detection"})
    done = ocellus("model", "check", "yolox/1", data=data)
    equal(done.returncode, 0, done.stderr)


def test_models_of_every_task_are_asked_on_the_command_line():
    if not os.path.exists(ASSETS):
        raise Skip("../shared is not here")
    data = tempfile.mkdtemp(prefix="ocellus-tasks-")
    for name, weights in (("seg", "yolov8n-seg_int8.onnx"),
                          ("voc", "derived/deeplab_v3_nchw_257.onnx"),
                          ("points", "derived/cells_keypoints_320.onnx"),
                          ("cifar-multi", "derived/cifar10_resnet20.onnx")):
        folder = os.path.join(data, "models", name, "1")
        shutil.copytree(os.path.join(ASSETS, "../conformance/models/packages", name, "1"), folder)
        shutil.copyfile(os.path.join(ASSETS, "models", weights),
                        os.path.join(folder, "weights.onnx"))

    def said(model, picture=ZIDANE):
        done = ocellus("infer", "-m", model + "/1", picture, "--confidence", "25", data=data)
        equal(done.returncode, 0, done.stderr)
        return done.stdout

    check("3 objects" in said("seg") and said("seg").count("with its mask") == 3, said("seg"))
    check(said("voc").endswith(": background, person\n"), said("voc"))
    cells = said("points", os.path.join(ASSETS, "images/photos-fastestdet/4.jpg"))
    check("24 objects" in cells and cells.count("4 key points") == 24, cells)
    check("cat 99." in said("cifar-multi"), said("cifar-multi"))


def test_detectors_answer_over_http_and_in_workflows():
    running = Server(data=detectors())
    with open(ZIDANE, "rb") as file:
        image = {"type": "base64", "value": base64.b64encode(file.read()).decode()}
    got = running.post("/infer/object_detection", {
        "model_id": "yolo/1", "image": [image, image], "api_key": "", "confidence": 0.3,
        "class_filter": ["person"], "max_detections": 1, "visualize_predictions": True})
    equal(got.status, 200, got)
    equal([len(one["predictions"]) for one in got.json], [1, 1])
    check(base64.b64decode(got.json[0]["visualization"])[:2] == b"\xff\xd8", "no JPEG")
    legacy = running.request("POST", "/yolo/1?confidence=30&overlap=30&max_detections=2",
                             image["value"], {"Content-Type":
                                              "application/x-www-form-urlencoded"})
    equal((legacy.status, len(legacy.json["predictions"])), (200, 2), legacy)
    steps = [{"type": "roboflow_core/roboflow_object_detection_model@v3", "name": "find",
              "images": "$inputs.image", "model_id": "yolo/1", "class_filter": ["person"]},
             {"type": "roboflow_core/dynamic_crop@v1", "name": "crop", "images": "$inputs.image",
              "predictions": "$steps.find.predictions"},
             {"type": "roboflow_core/roboflow_object_detection_model@v2", "name": "again",
              "images": "$steps.crop.crops", "model_id": "yolo/1", "confidence": 0.3},
             {"type": "roboflow_core/bounding_box_visualization@v1", "name": "draw",
              "image": "$inputs.image", "predictions": "$steps.find.predictions"}]
    definition = {"version": "1.3.0", "inputs": [{"type": "WorkflowImage", "name": "image"}],
                  "steps": steps, "outputs": [
                      {"type": "JsonField", "name": "found", "selector": "$steps.find.*"},
                      {"type": "JsonField", "name": "parts",
                       "selector": "$steps.again.predictions"},
                      {"type": "JsonField", "name": "picture", "selector": "$steps.draw.image"}]}
    answer = running.run(definition, {"image": image})
    equal(answer.status, 200, answer)
    out = answer.json["outputs"][0]
    equal(len(out["found"]["predictions"]["predictions"]), 2)
    equal(len(out["parts"]), 2)
    check(any(p["class"] == "person" for p in out["parts"][0]["predictions"]), out["parts"][0])
    equal(out["found"]["model_id"], "yolo/1")


def test_what_is_no_detector():
    data = detectors()
    done = ocellus("model", "add", "pose/1", os.path.join(ASSETS, "models/pfld.onnx"), "--task",
                   "object-detection", "--classes", NAMES, data=data)
    check(done.returncode != 0 and "no layout of boxes" in done.stderr, done.stderr)
    running = Server(data=data)
    got = running.post("/infer/classification", {
        "model_id": "yolo/1", "api_key": "",
        "image": {"type": "base64", "value": "iVBORw0KGgoAAAANSUhEUgAAAAQAAAADCAIAAAA7ljmRAAAAGElE"
                  "QVR4nGNkYIiyYWCAIBaGAAY4QOEAAC8CAbjuf9mhAAAAAElFTkSuQmCC"}})
    equal((got.status, got.json["predictions"]), (200, []))
