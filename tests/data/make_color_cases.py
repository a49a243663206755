"""make_color_cases - the checksums in tests/unit/test_color.c, computed by OpenCV.

    build/venv/bin/python tests/data/make_color_cases.py

For each conversion the CRC-32 of what cv2.cvtColor() makes of all 2^24 colours, in
rows of 256, and of rows of all lengths up to 70.  Run with OpenCV 4.12 on a machine
with AVX2: HSV to BGR depends on how many pixels a vector has.
"""

import zlib

import cv2
import numpy

CHANGES = [("COLOR_BGR_TO_HSV", cv2.COLOR_BGR2HSV), ("COLOR_HSV_TO_BGR", cv2.COLOR_HSV2BGR),
           ("COLOR_BGR_TO_LAB", cv2.COLOR_BGR2LAB), ("COLOR_LAB_TO_BGR", cv2.COLOR_LAB2BGR)]


def all_colours(third):
    first, second = numpy.mgrid[:256, :256].astype(numpy.uint8)
    return numpy.dstack([first, second, numpy.full_like(first, third)])


def short_row(length):
    row = (numpy.arange(3 * length) * 7919 + length * 31) % 251
    return row.astype(numpy.uint8).reshape(1, length, 3)


def main():
    assert cv2.__version__.startswith("4.12."), cv2.__version__
    for name, change in CHANGES:
        whole = short = 0
        for third in range(256):
            whole = zlib.crc32(cv2.cvtColor(all_colours(third), change).tobytes(), whole)
        for length in range(1, 71):
            short = zlib.crc32(cv2.cvtColor(short_row(length), change).tobytes(), short)
        print("    { %s, 0x%08X, 0x%08X }," % (name, whole, short))


if __name__ == "__main__":
    main()
