"""make_blend_cases - the tables in tests/unit/test_blend.c, computed by OpenCV.

    python tests/data/make_blend_cases.py

prints their rows: FNV-1a hashes of what addWeighted(), dilate() with an ellipse
and resize() with a factor make of pseudo-random bytes.  Run with OpenCV 4.12.
"""

import cv2
import numpy

from make_resize_cases import fnv, picture


def weighted():
    a = numpy.repeat(numpy.arange(256, dtype=numpy.uint8), 256)
    b = numpy.tile(numpy.arange(256, dtype=numpy.uint8), 256)
    for opacity in (0, 0.05, 0.1, 0.3, 0.33, 0.5, 0.62, 0.7, 0.85, 0.9, 1):
        mixed = cv2.addWeighted(a, opacity, b, 1 - opacity, 0)
        print("    { %g, 0x%016X }," % (opacity, fnv(mixed.tobytes())))


def dilated():
    for width, height, radius in ((1, 1, 1), (9, 7, 1), (20, 15, 2), (40, 30, 5), (33, 50, 12),
                                  (30, 20, 40)):
        bits = (picture(width, height, 1) > 250).astype(numpy.uint8)
        ellipse = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
        print("    { %d, %d, %d, 0x%016X }," % (width, height, radius,
                                                fnv(cv2.dilate(bits, ellipse).tobytes())))


def shrunk():
    for width, height, size, channels in ((8, 6, 2, 4), (9, 7, 2, 4), (15, 11, 2, 1),
                                          (50, 30, 20, 4),
                                          (70, 33, 20, 1), (41, 29, 3, 4), (12, 12, 12, 4),
                                          (31, 77, 7, 4), (20, 20, 1, 4)):
        made = cv2.resize(picture(width, height, channels), None, fx=1 / size, fy=1 / size,
                          interpolation=cv2.INTER_LINEAR)
        print("    { %d, %d, %d, %d, %d, %d, 0x%016X },"
              % (width, height, size, channels, made.shape[1], made.shape[0], fnv(made.tobytes())))


def main():
    assert cv2.__version__.startswith("4.12."), cv2.__version__
    for table in (weighted, dilated, shrunk):
        print(table.__name__)
        table()


if __name__ == "__main__":
    main()
