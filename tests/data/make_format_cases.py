"""make_format_cases - the table in tests/unit/test_image_formats.c, by OpenCV.

    build/venv/bin/python tests/data/make_format_cases.py

prints, for the fuzzer's seeds of each format, the sizes and the CRC-32 of the
pixels that OpenCV gives, 0 for what it refuses.
"""

import pathlib
import zlib

import cv2
import numpy

SEEDS = pathlib.Path("tests/fuzz/corpus/image")
FORMATS = ["bmp", "webp", "gif", "tiff", "avif"]


def main():
    assert cv2.__version__.startswith("4.12."), cv2.__version__
    for path in sorted(path for name in FORMATS for path in SEEDS.glob(name + "_*")):
        data = numpy.fromfile(path, numpy.uint8)
        image = cv2.imdecode(data, cv2.IMREAD_COLOR)
        height, width = image.shape[:2] if image is not None else (0, 0)
        crc = zlib.crc32(image.tobytes()) if image is not None else 0
        print('    { "%s", %d, %d, 0x%08X },' % (path.name, width, height, crc))


if __name__ == "__main__":
    main()
