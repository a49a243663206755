"""decoded - YOLOX and FastestDet with their decoding added to the graph, as packages.

A server that knows one layout of boxes only (centre, size and a score a class, in columns)
can be asked about them so, which is how figures of other servers than ours are had.
"""
import json
import os
import shutil

import numpy
import onnx
from onnx import helper, numpy_helper


class Graph:
    """A network that nodes are added to behind its output."""

    def __init__(self, path):
        self.model = onnx.load(path)
        self.graph = self.model.graph
        self.last = self.graph.output[0].name
        self.count = 0

    def add(self, kind, *inputs, **settings):
        self.count += 1
        name = f"decoded_{self.count}"
        names = [self.constant(one) if isinstance(one, numpy.ndarray) else one for one in inputs]
        self.graph.node.append(helper.make_node(kind, names, [name], name=name, **settings))
        return name

    def constant(self, value):
        self.count += 1
        name = f"constant_{self.count}"
        self.graph.initializer.append(numpy_helper.from_array(value, name))
        return name

    def part(self, tensor, axis, first, end):
        whole = [numpy.array([number], numpy.int64) for number in (first, end, axis)]
        return self.add("Slice", tensor, *whole)

    def save(self, path, result, shape):
        del self.graph.output[:]
        self.graph.output.append(
            helper.make_tensor_value_info(result, onnx.TensorProto.FLOAT, shape))
        onnx.checker.check_model(self.model)
        onnx.save(self.model, path)


def floats(value):
    return numpy.asarray(value, numpy.float32)


def yolox(assets, path):
    """[1, 3549, 85] relative to cells of 8, 16 and 32 pixels, to [1, 84, 3549]."""
    graph = Graph(os.path.join(assets, "yolox_nano.onnx"))
    corners, strides = [], []
    for stride in (8, 16, 32):
        side = 416 // stride
        y, x = numpy.meshgrid(range(side), range(side), indexing="ij")
        corners.append(numpy.stack((x.ravel(), y.ravel()), 1))
        strides.append(numpy.full((side * side, 1), stride))
    grid, stride = floats(numpy.concatenate(corners)), floats(numpy.concatenate(strides))
    middle = graph.add("Mul", graph.add("Add", graph.part(graph.last, 2, 0, 2), grid), stride)
    size = graph.add("Mul", graph.add("Exp", graph.part(graph.last, 2, 2, 4)), stride)
    score = graph.add("Mul", graph.part(graph.last, 2, 4, 5), graph.part(graph.last, 2, 5, 85))
    whole = graph.add("Concat", middle, size, score, axis=2)
    graph.save(path, graph.add("Transpose", whole, perm=[0, 2, 1]), [1, 84, 3549])


def fastestdet(assets, path):
    """[1, 85, 22, 22]: objectness, place and size in a cell, classes, to [1, 84, 484]."""
    graph = Graph(os.path.join(assets, "FastestDet.onnx"))
    y, x = numpy.meshgrid(range(22), range(22), indexing="ij")
    grid = floats(numpy.stack((x, y)))[None]
    place = graph.add("Add", graph.add("Tanh", graph.part(graph.last, 1, 1, 3)), grid)
    middle = graph.add("Mul", place, floats(16))
    size = graph.add("Mul", graph.add("Sigmoid", graph.part(graph.last, 1, 3, 5)), floats(352))
    score = graph.add("Mul", graph.add("Pow", graph.part(graph.last, 1, 0, 1), floats(0.6)),
                      graph.add("Pow", graph.part(graph.last, 1, 5, 85), floats(0.4)))
    whole = graph.add("Concat", middle, size, score, axis=1)
    graph.save(path, graph.add("Reshape", whole, numpy.array([1, 84, 484], numpy.int64)),
               [1, 84, 484])


def write_package(assets, folder, name, decode, network_input):
    """models/NAME/1 below `folder`."""
    package = os.path.join(folder, name, "1")
    os.makedirs(package, exist_ok=True)
    decode(assets, os.path.join(package, "weights.onnx"))
    shutil.copyfile(os.path.join(assets, "coco80.names"),
                    os.path.join(package, "class_names.txt"))
    texts = {"model_config.json": {
        "model_id": f"{name}/1", "model_architecture": "yolov8", "task_type": "object-detection",
        "backend_type": "onnx", "quantization": "fp32"},
        "inference_config.json": {
        "image_pre_processing": {"auto-orient": {"enabled": True}},
        "network_input": {"dynamic_spatial_size_supported": False, "color_mode": "bgr",
                          "input_channels": 3, "normalization": None, **network_input},
        "forward_pass": {"static_batch_size": 1, "max_dynamic_batch_size": None},
        "post_processing": {"type": "nms", "fused": False, "nms_parameters": {
            "max_detections": 300, "confidence_threshold": 0.25, "iou_threshold": 0.45,
            "class_agnostic": 0}}}}
    for file, text in texts.items():
        with open(os.path.join(package, file), "w", encoding="utf-8") as out:
            json.dump(text, out, indent=1)


def write_packages(assets, folder):
    for name, place in (("yolox-center", "center"), ("yolox-corner", "top-left")):
        write_package(assets, folder, name, yolox, {
            "training_input_size": {"height": 416, "width": 416}, "resize_mode": "letterbox",
            "padding_value": 114, "padding_place": place, "scaling_factor": None})
    write_package(assets, folder, "fastestdet", fastestdet, {
        "training_input_size": {"height": 352, "width": 352}, "resize_mode": "stretch",
        "padding_value": None, "scaling_factor": 255})
