"""lossless - the same pixels in another file are the same to a network, to the last digit."""
import base64
import io
import os
import tempfile

from PIL import Image

import harness
from harness import ROOT, Server, Skip, check, equal

ASSETS = os.path.join(ROOT, "..", "shared", "assets")
PHOTO = os.path.join(ASSETS, "images/photos-fastestdet/0.jpg")
MODELS = {"cifar": ("derived/cifar10_resnet20.onnx", 10),
          "mobilenet": ("derived/mobilenet_v2_fp32_from_int8.onnx", 1000)}    # classes


def saved(picture, kind, **options):
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def models():
    if not os.path.exists(PHOTO):
        raise Skip("../shared is not here")
    data = tempfile.mkdtemp(prefix="ocellus-lossless-")
    for name, (weights, classes) in MODELS.items():
        names = os.path.join(data, name + ".names")
        with open(names, "w", encoding="ascii") as out:
            out.writelines(f"class {i}\n" for i in range(classes))
        code, said = harness.run("model", "add", name + "/1",
                                 os.path.join(ASSETS, "models", weights), "--classes", names,
                                 "--data", data)
        equal(code, 0, said)
    return data


def classified(running, model, picture):
    answer = running.post("/infer/classification", {
        "model_id": model + "/1", "api_key": "", "confidence": 0,
        "image": {"type": "base64", "value": base64.b64encode(picture).decode()}})
    equal(answer.status, 200, answer.body[:300])
    found = answer.json
    return found["image"], found["predictions"]


def test_the_same_pixels_are_classified_alike_in_every_lossless_file():
    with Server(data=models()) as running:
        photo = Image.open(PHOTO).convert("RGB").resize((320, 240))
        few = photo.quantize(64)                 # what a GIF can hold without loss
        for picture, kinds in ((photo, ("PNG", "BMP", "TIFF", "WEBP")),
                               (few.convert("RGB"), ("PNG", "BMP", "TIFF", "WEBP")),
                               (few, ("GIF", "PNG", "BMP", "TIFF"))):
            files = {kind: saved(picture, kind, **({"lossless": True} if kind == "WEBP" else {}))
                     for kind in kinds}
            files["TIFF, LZW"] = saved(picture, "TIFF", compression="tiff_lzw")
            if picture is few:
                files["PNG, of colours"] = saved(few.convert("RGB"), "PNG")
            for model in MODELS:
                wanted = classified(running, model, files["PNG"])
                check(len(wanted[1]) >= 10, wanted)
                for kind, data in files.items():
                    equal(classified(running, model, data), wanted, f"{model}, {kind}")
        jpeg = saved(photo, "JPEG", quality=30)
        check(classified(running, "cifar", jpeg) !=
              classified(running, "cifar", saved(photo, "PNG")), "a JPEG is not lossless")
