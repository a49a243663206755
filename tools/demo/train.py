#!/usr/bin/env python3
"""train - train the demo's classifier on pictures of generate.py, and measure it.

    train.py --out DIR                     train; writes DIR/parts.onnx and DIR/parts.names
    train.py --check FILE [--count 300]    measure a model on pictures that training never saw

A small convolutional network, trained from scratch on one processor core.  It
takes 160 x 160 RGB, value / 255, stretched there by plain bilinear resizing,
and answers logits.  Needs numpy and Pillow; to train also torch and onnx, to
check also onnxruntime.  The same seed on the same machine gives the same file.
"""

import argparse
import ctypes
import io
import os
import sys
import time
from multiprocessing import Pool

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np
from PIL import Image

import generate

CLASSES = generate.CLASSES
SIDE, GRID = 160, 20
TRAIN_SEED, HELD_OUT_SEED = 1000, 2000
DESCRIPTION = (
    "Demo classifier of machined parts: ok, scratch, dent, stain, loose-straw. "
    "Trained on pictures drawn by tools/demo/generate.py."
)


def keep_memory():
    """Tell glibc to keep freed blocks: a third of the time would go into getting them anew."""
    try:
        libc = ctypes.CDLL(None)
        libc.mallopt(-3, 1 << 30)  # M_MMAP_THRESHOLD
        libc.mallopt(-1, 1 << 30)  # M_TRIM_THRESHOLD
    except (OSError, AttributeError):
        pass


# --- pictures ---------------------------------------------------------------


def resize(image, width, height):
    """Bilinear without smoothing, equal to the byte to OpenCV's INTER_LINEAR."""

    def taps(n, m, clamp):
        f = ((np.arange(m) + 0.5) * (1 / (m / n)) - 0.5).astype(np.float32)
        s = np.floor(f).astype(np.int64)
        f = f - s.astype(np.float32)
        if clamp:
            f[(s < 0) | (s >= n - 1)] = 0
            s = np.clip(s, 0, n - 1)
        w0 = np.rint((1 - f).astype(np.float32) * 2048).astype(np.int32)
        w1 = np.rint(f * 2048).astype(np.int32)
        return np.clip(s, 0, n - 1), np.clip(s + 1, 0, n - 1), w0, w1

    h, w = image.shape[:2]
    x0, x1, a0, a1 = taps(w, width, True)
    y0, y1, b0, b1 = taps(h, height, False)

    def columns(rows):
        r = image[rows].astype(np.int32)
        return r[:, x0] * a0[:, None] + r[:, x1] * a1[:, None]

    top = (b0[:, None, None] * (columns(y0) >> 4)) >> 16
    bottom = (b1[:, None, None] * (columns(y1) >> 4)) >> 16
    return np.clip((top + bottom + 2) >> 2, 0, 255).astype(np.uint8)


def through_jpeg(image, quality):
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer).convert("RGB"))


def halve(image):
    i = image.astype(np.uint16)
    return ((i[::2, ::2] + i[1::2, ::2] + i[::2, 1::2] + i[1::2, 1::2] + 2) >> 2).astype(np.uint8)


def variants(job):
    """A drawn picture twice: nearly as it is, and as a worse camera may give it.

    Also in which cells of a GRID x GRID raster its defect lies.
    """
    seed, number, label = job
    image, mark = generate.render_marked(seed, number, label)
    marked_y, marked_x = np.nonzero(mark)
    rng = np.random.default_rng([seed, number, CLASSES.index(label), 1])
    pictures, cells = [], np.zeros((2, GRID, GRID), bool)
    for k, harsh in enumerate((False, True)):
        h, w = image.shape[:2]
        top, bottom, left, right = (
            2 * rng.integers(0, h // 60, 4) if rng.random() < 0.6 else (0, 0, 0, 0)
        )
        view = image[top : h - bottom, left : w - right]  # a little cut off the edges
        h, w = view.shape[:2]
        y, x = marked_y - top, marked_x - left
        inside = (y >= 0) & (y < h) & (x >= 0) & (x < w)
        cells[k, y[inside] * GRID // h, x[inside] * GRID // w] = True
        if harsh and rng.random() < 0.35:
            view = halve(view)
        if rng.random() < (0.8 if harsh else 0.4):
            view = through_jpeg(view, int(rng.integers(70, 97)))
        pictures.append(resize(view, SIDE, SIDE))
    return np.stack(pictures), cells


def views_to_check(job):
    """A held-out picture as drawn, through JPEG, and through JPEG at half size."""
    image = generate.render(*job)
    jpeg = through_jpeg(image, 90)
    half = through_jpeg(halve(image), 90)
    return (np.stack([resize(v, SIDE, SIDE) for v in (image, jpeg, half)]),)


def draw(work, seed, count, jobs):
    """All pictures of a set, in an order that does not depend on `jobs`."""
    tasks = [(seed, n, label) for n in range(count) for label in CLASSES]
    labels = np.array([CLASSES.index(t[2]) for t in tasks])
    if jobs == 1:
        results = [work(t) for t in tasks]
    else:
        with Pool(jobs, keep_memory) as pool:
            results = pool.map(work, tasks, chunksize=16)
    return [np.stack(r) for r in zip(*results)] + [labels]


# --- measuring --------------------------------------------------------------


def check(path, count, jobs):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    pictures, labels = draw(views_to_check, HELD_OUT_SEED, count, jobs)
    print("%d held-out pictures, %d of each class, seed %d" % (len(labels), count, HELD_OUT_SEED))
    for view, title in enumerate(["as drawn", "JPEG q90", "320x240 q90"]):
        logits = []
        for i in range(0, len(labels), 50):
            batch = pictures[i : i + 50, view].transpose(0, 3, 1, 2).astype(np.float32) / 255
            logits.append(session.run(["logits"], {"images": batch})[0])
        logits = np.concatenate(logits)
        e = np.exp(logits - logits.max(1, keepdims=True))
        sure = (e / e.sum(1, keepdims=True)).max(1)
        found = logits.argmax(1)
        print(
            "\n%-12s accuracy %.2f %%, mean confidence %.3f"
            % (title, 100 * (found == labels).mean(), sure.mean())
        )
        print("  %-12s" % "drawn" + "".join("%12s" % c for c in CLASSES) + "      recall")
        for k, name in enumerate(CLASSES):
            row = np.bincount(found[labels == k], minlength=len(CLASSES))
            print(
                "  %-12s" % name
                + "".join("%12d" % n for n in row)
                + "   %7.2f %%" % (100 * row[k] / row.sum())
            )


# --- training ---------------------------------------------------------------

# (kernel, stride, channels out, add the input again)
LAYERS = [
    (3, 2, 16, False),
    (3, 1, 16, True),
    (3, 1, 16, True),
    (3, 2, 32, False),
    (3, 1, 32, True),
    (3, 2, 56, False),
    (3, 1, 56, True),
    (3, 2, 88, False),
]


def make_network(torch):
    class Network(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.convs, self.norms = torch.nn.ModuleList(), torch.nn.ModuleList()
            before = 3
            for kernel, stride, after, _ in LAYERS:
                self.convs.append(
                    torch.nn.Conv2d(before, after, kernel, stride, kernel // 2, bias=False)
                )
                self.norms.append(torch.nn.BatchNorm2d(after))
                before = after
            self.head = torch.nn.Linear(2 * before, len(CLASSES))
            self.local = torch.nn.Conv2d(
                LAYERS[-2][2], len(CLASSES), 1
            )  # only while training: what is in each cell

        def forward(self, x):
            for conv, norm, (_, _, _, again) in zip(self.convs, self.norms, LAYERS):
                before, y = x, norm(conv(x))
                x = torch.relu(x + y if again else y)
            # a defect is small: its strongest trace counts beside the mean
            both = torch.cat([x.amax((2, 3)), x.mean((2, 3))], 1)
            return self.head(torch.nn.functional.dropout(both, 0.2, self.training)), self.local(
                before
            )

    return Network()


def augment(torch, x, cells, generator):
    """Flips, exposure, colour and contrast, on bytes already at 160 x 160."""
    n = len(x)

    def uniform(low, high, *shape):
        return torch.rand(shape, generator=generator) * (high - low) + low

    x = x.float().permute(0, 3, 1, 2) / 255
    for axis in (2, 3):
        flip = torch.rand(n, generator=generator) < 0.5
        x = torch.where(flip[:, None, None, None], x.flip(axis), x)
        cells = torch.where(flip[:, None, None], cells.flip(axis - 1), cells)
    gain = uniform(0.8, 1.2, n, 1, 1, 1) * uniform(0.95, 1.05, n, 3, 1, 1)
    x = (x - 0.4) * uniform(0.85, 1.15, n, 1, 1, 1) + 0.4
    return (x * gain).clamp(0, 1).contiguous(memory_format=torch.channels_last), cells


def train(pictures, cells, labels, epochs, seed, bf16):
    import torch
    from torch.nn.functional import cross_entropy

    torch.manual_seed(seed)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    generator = torch.Generator().manual_seed(seed)
    x = torch.from_numpy(pictures.reshape(-1, SIDE, SIDE, 3))
    y = torch.from_numpy(np.repeat(labels, pictures.shape[1]))
    # the class of every cell: 0 is "ok", nothing here
    z = torch.from_numpy(
        cells.reshape(-1, GRID, GRID) * np.repeat(labels, pictures.shape[1])[:, None, None]
    )
    rare = torch.tensor([0.3] + [1.0] * (len(CLASSES) - 1))
    network = make_network(torch).to(memory_format=torch.channels_last)
    batch = 32
    steps = epochs * (len(x) // batch)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 4e-3, total_steps=steps, pct_start=0.2
    )
    begin = time.time()
    for epoch in range(epochs):
        total = right = 0
        order = torch.randperm(len(x), generator=generator)
        network.train()
        for i in range(0, len(x) - batch + 1, batch):
            some = order[i : i + batch]
            view, local_y = augment(torch, x[some], z[some], generator)
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
                logits, local = (t.float() for t in network(view))
            loss = cross_entropy(logits, y[some], label_smoothing=0.01) + cross_entropy(
                local, local_y, rare
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
            right += (logits.argmax(1) == y[some]).sum().item()
        seen = len(x) // batch * batch
        print(
            "epoch %2d  loss %.4f  accuracy %.2f %%  %4.0f s"
            % (epoch + 1, total / (seen // batch), 100 * right / seen, time.time() - begin),
            flush=True,
        )
    return network.eval()


def export(network, path):
    """The network as ONNX: batch norm folded into the convolutions, written node by node."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    nodes, weights = [], []

    def constant(name, value):
        weights.append(numpy_helper.from_array(np.ascontiguousarray(value, np.float32), name))
        return name

    at = "images"
    for i, (conv, norm, (kernel, stride, _, again)) in enumerate(
        zip(network.convs, network.norms, LAYERS), 1
    ):
        w, g, b, m, v = (
            t.detach().numpy().astype(np.float64)
            for t in (conv.weight, norm.weight, norm.bias, norm.running_mean, norm.running_var)
        )
        scale = g / np.sqrt(v + norm.eps)
        inputs = [
            at,
            constant("conv%d.weight" % i, w * scale[:, None, None, None]),
            constant("conv%d.bias" % i, b - m * scale),
        ]
        nodes.append(
            helper.make_node(
                "Conv",
                inputs,
                ["conv%d" % i],
                "conv%d" % i,
                kernel_shape=[kernel] * 2,
                strides=[stride] * 2,
                pads=[kernel // 2] * 4,
            )
        )
        to = "conv%d" % i
        if again:
            nodes.append(helper.make_node("Add", [at, to], ["add%d" % i], "add%d" % i))
            to = "add%d" % i
        at = "relu%d" % i
        nodes.append(helper.make_node("Relu", [to], [at], at))
    nodes += [
        helper.make_node("GlobalMaxPool", [at], ["strongest"], "strongest"),
        helper.make_node("GlobalAveragePool", [at], ["mean"], "mean"),
        helper.make_node("Concat", ["strongest", "mean"], ["both"], "both", axis=1),
        helper.make_node("Flatten", ["both"], ["features"], "features", axis=1),
        helper.make_node(
            "Gemm",
            [
                "features",
                constant("head.weight", network.head.weight.detach().numpy()),
                constant("head.bias", network.head.bias.detach().numpy()),
            ],
            ["logits"],
            "logits",
            transB=1,
        ),
    ]
    graph = helper.make_graph(
        nodes,
        "parts",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["batch", 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", len(CLASSES)])],
        weights,
    )
    model = helper.make_model(
        graph,
        producer_name="ocellus-demo",
        producer_version="1",
        opset_imports=[helper.make_opsetid("", 13)],
        ir_version=8,
    )
    helper.set_model_props(
        model,
        {
            "task": "classify",
            "names": "{%s}" % ", ".join("%d: '%s'" % pair for pair in enumerate(CLASSES)),
            "imgsz": "[%d, %d]" % (SIDE, SIDE),
            "author": "Ocellus",
            "description": DESCRIPTION,
            "license": "Apache-2.0",
            "version": "1.0",
        },
    )
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def main():
    p = argparse.ArgumentParser(description="Train or check the demo's classifier.")
    p.add_argument("--out", help="train, and write parts.onnx and parts.names into this folder")
    p.add_argument("--check", help="measure this model on held-out pictures")
    p.add_argument("--count", type=int, help="pictures per class (training 1300, checking 300)")
    p.add_argument("--epochs", type=int, default=14)
    p.add_argument("--seed", type=int, default=7)
    p.add_argument("--jobs", type=int, default=1, help="processes that draw")
    p.add_argument(
        "--bf16",
        action="store_true",
        help="train twice as fast where the processor has AVX512-BF16",
    )
    p.add_argument(
        "--cache", help="keep the drawn training pictures in this file, or take them from it"
    )
    a = p.parse_args()
    keep_memory()
    if bool(a.out) == bool(a.check):
        p.error("say --out to train or --check to measure")
    if a.check:
        check(a.check, a.count or 300, a.jobs)
        return
    if a.cache and os.path.exists(a.cache):
        with np.load(a.cache) as z:
            pictures, cells, labels = z["pictures"], z["cells"], z["labels"]
    else:
        begin = time.time()
        pictures, cells, labels = draw(variants, TRAIN_SEED, a.count or 1300, a.jobs)
        print("%d pictures drawn in %.0f s" % (len(labels), time.time() - begin), flush=True)
        if a.cache:
            np.savez(a.cache, pictures=pictures, cells=cells, labels=labels)
    network = train(pictures, cells, labels, a.epochs, a.seed, a.bf16)
    os.makedirs(a.out, exist_ok=True)
    path = os.path.join(a.out, "parts.onnx")
    export(network, path)
    with open(os.path.join(a.out, "parts.names"), "w") as f:
        f.write("".join(name + "\n" for name in CLASSES))
    print("%s: %d bytes" % (path, os.path.getsize(path)))


if __name__ == "__main__":
    sys.exit(main())
