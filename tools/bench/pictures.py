"""pictures - what OpenCV and Python take for the work of tools/bench/pictures.c.

    pictures.py --make PHOTO FOLDER      the files that both sides work on
    pictures.py FOLDER [SECONDS]         best times in microseconds, and checksums

On one thread.  Cubic is timed as OpenCV comes (Intel's IPP), and its checksum is
that of OpenCV's own kernel.
"""
import base64
import json
import os
import sys
import time
import zlib

import cv2
import numpy

SIDE, PADDING = 640, 114
RESTARTS = 720      # MCUs between restarts: ours encodes pictures of this size in such stripes


def make(photo, folder):
    """1080p: the photograph beside itself, mirrored, until it is large enough."""
    picture = cv2.imread(photo)
    while picture.shape[1] < 1920 or picture.shape[0] < 1080:
        picture = numpy.vstack([picture, picture[::-1]])
        picture = numpy.hstack([picture, picture[:, ::-1]])
    picture = numpy.ascontiguousarray(picture[:1080, :1920])
    quality, webp = cv2.IMWRITE_JPEG_QUALITY, cv2.IMWRITE_WEBP_QUALITY
    for name, options in (
            ("photo.jpg", [quality, 90]), ("photo.png", []), ("photo.bmp", []),
            ("progressive.jpg", [quality, 90, cv2.IMWRITE_JPEG_PROGRESSIVE, 1]),
            ("photo.webp", [webp, 80]), ("lossless.webp", [webp, 101])):
        cv2.imwrite(os.path.join(folder, name), picture, options)


def letterbox(photo):
    height, width = photo.shape[:2]
    scale = min(SIDE / width, SIDE / height)
    size = int(width * scale), int(height * scale)
    left, top = (SIDE - size[0]) // 2, (SIDE - size[1]) // 2
    small = cv2.resize(photo, size, interpolation=cv2.INTER_LINEAR)
    canvas = cv2.copyMakeBorder(small, top, SIDE - size[1] - top, left, SIDE - size[0] - left,
                                cv2.BORDER_CONSTANT, value=(PADDING,) * 3)
    planes = cv2.split(cv2.cvtColor(canvas, cv2.COLOR_BGR2RGB))
    tensor = numpy.empty((3, SIDE, SIDE), numpy.float32)
    for plane, out in zip(planes, tensor):
        numpy.divide(plane, numpy.float32(255), out=out, dtype=numpy.float32)
    return tensor


def works(folder):
    def load(name):
        with open(os.path.join(folder, name), "rb") as file:
            return file.read()

    files = {name: numpy.frombuffer(load(name), numpy.uint8) for name in os.listdir(folder)}
    photo = cv2.imdecode(files["photo.jpg"], cv2.IMREAD_COLOR)
    jpeg = load("photo.jpg")
    text = base64.b64encode(jpeg)

    def decode(name):
        return lambda: cv2.imdecode(files[name], cv2.IMREAD_COLOR)

    def resize(width, height, how):
        return lambda: cv2.resize(photo, (width, height), interpolation=how)

    linear, area, cubic = cv2.INTER_LINEAR, cv2.INTER_AREA, cv2.INTER_CUBIC
    return {
        "decode JPEG, progressive": decode("progressive.jpg"),
        "decode WebP": decode("photo.webp"),
        "decode WebP, lossless": decode("lossless.webp"),
        "decode PNG": decode("photo.png"),
        "decode JPEG": decode("photo.jpg"),
        "encode JPEG": lambda: cv2.imencode(".jpg", photo, [cv2.IMWRITE_JPEG_QUALITY, 90,
                                                            cv2.IMWRITE_JPEG_RST_INTERVAL,
                                                            RESTARTS])[1],
        "resize linear, smaller": resize(1000, 562, linear),
        "resize linear, larger": resize(2500, 1400, linear),
        "resize area, a third": resize(640, 360, area),
        "resize area, half": resize(960, 540, area),
        "resize area, 0.52": resize(1000, 562, area),
        "resize cubic, smaller": resize(1000, 562, cubic),
        "resize cubic, larger": resize(2500, 1400, cubic),
        "gray": lambda: cv2.cvtColor(photo, cv2.COLOR_BGR2GRAY),
        "letterbox 640, NCHW": lambda: letterbox(photo),
        "base64, encode": lambda: base64.b64encode(jpeg),
        "base64, decode": lambda: base64.b64decode(text),
        "copy of the base64 text": lambda: bytes(bytearray(text)),
    }


def best_of(work, seconds):
    end, best, count = time.perf_counter() + seconds, float("inf"), 0
    while count < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        work()
        best, count = min(best, time.perf_counter() - start), count + 1
    return best * 1e6


def main():
    if sys.argv[1] == "--make":
        make(sys.argv[2], sys.argv[3])
        return
    cv2.setNumThreads(1)
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 0.1
    found = {}
    for name, work in works(sys.argv[1]).items():
        best = best_of(work, seconds)
        cv2.ipp.setUseIPP("cubic" not in name)
        out = work()
        cv2.ipp.setUseIPP(True)
        data = out if isinstance(out, bytes) else numpy.ascontiguousarray(out).tobytes()
        found[name] = [best, zlib.crc32(data)]
    print(json.dumps(found))


if __name__ == "__main__":
    main()
