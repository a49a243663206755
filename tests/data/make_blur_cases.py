"""make_blur_cases - the table in tests/unit/test_blur.c, computed by OpenCV.

    build/venv/bin/python tests/data/make_blur_cases.py

prints its rows: kind, channels, sizes and the FNV-1a hash of what cv2 makes of a
picture of pseudo-random bytes.  The test makes the same picture and must get the
same hash.  Run with OpenCV 4.12, whose arithmetic is the one we follow.
"""

import cv2
import numpy

SIZES = [(1, 1), (2, 1), (1, 7), (3, 3), (19, 23), (33, 8), (70, 41), (111, 64)]
KERNELS = {
    "AVERAGE": (2, 3, 5, 16, 17, 22, 40, 54, 121, 3001),
    "GAUSSIAN": (3, 5, 7, 9, 11, 15, 31, 101, 1001),
    "MEDIAN": (3, 5, 7, 15, 41, 255),
    "BILATERAL": (0, 7, 9, 15),
}


def picture(width, height, channels):
    state, data = 1, bytearray()
    for _ in range(width * height * channels):
        state = (state * 1664525 + 1013904223) % 2**32
        data.append(state >> 24)
    return numpy.frombuffer(bytes(data), numpy.uint8).reshape(height, width, channels)


def fnv(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value


def blurred(kind, image, size):
    if kind == "AVERAGE":
        return cv2.blur(image, (size, size))
    if kind == "GAUSSIAN":
        return cv2.GaussianBlur(image, (size, size), 0)
    if kind == "MEDIAN":
        return cv2.medianBlur(image, size)
    return cv2.bilateralFilter(image, size, 75, 75)


def main():
    assert cv2.__version__.startswith("4.12."), cv2.__version__
    for kind, kernels in KERNELS.items():
        for index, size in enumerate(kernels):
            for turn in range(2):
                width, height = SIZES[(3 * index + 5 * turn + len(kind)) % len(SIZES)]
                channels = 3 if turn else 1
                image = blurred(kind, picture(width, height, channels), size)
                print("    { %s, %d, %3d, %2d, %4d, 0x%016X },"
                      % (kind, channels, width, height, size, fnv(image.tobytes())))


if __name__ == "__main__":
    main()
