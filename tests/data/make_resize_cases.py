"""make_resize_cases - the table in tests/unit/test_resize.c, computed by OpenCV.

    build/venv/bin/python tests/data/make_resize_cases.py

prints its rows, and then those of the cubic kernel: sizes, kernel and the FNV-1a
hash of what cv2.resize() makes of a picture of pseudo-random bytes.  The test makes
the same picture and must get the same hash.  Run with OpenCV 4.12, whose arithmetic is
the one we follow: for cubic its own and not that of Intel's IPP, which is not the
same on every processor.
"""

import cv2
import numpy

SIZES = [    # from, to
    ((1, 1), (1, 1)), ((1, 1), (5, 3)), ((2, 1), (7, 2)), ((1, 9), (3, 4)),
    ((8, 6), (4, 3)), ((30, 20), (10, 4)), ((64, 48), (32, 24)), ((49, 98), (1, 2)),
    ((17, 11), (13, 7)), ((40, 31), (39, 30)), ((64, 36), (21, 12)), ((33, 47), (70, 20)),
    ((19, 23), (64, 64)), ((57, 3), (5, 3)), ((100, 60), (37, 41)),
]
KERNELS = [("LINEAR", cv2.INTER_LINEAR), ("AREA", cv2.INTER_AREA), ("NEAREST", cv2.INTER_NEAREST)]


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


def cubic():
    cv2.ipp.setUseIPP(False)
    for index, (old, new) in enumerate(SIZES * 3):
        channels = (1, 3, 4)[index // len(SIZES)]
        resized = cv2.resize(picture(*old, channels), new, interpolation=cv2.INTER_CUBIC)
        print("    { %d, %3d, %2d, %2d, %2d, 0x%016X },"
              % (channels, *old, *new, fnv(resized.tobytes())))


def main():
    assert cv2.__version__.startswith("4.12."), cv2.__version__
    for name, kernel in KERNELS:
        for index, (old, new) in enumerate(SIZES):
            channels = 1 if index % 3 == 2 else 4
            resized = cv2.resize(picture(*old, channels), new, interpolation=kernel)
            print("    { %s, %d, %3d, %2d, %2d, %2d, 0x%016X },"
                  % (name, channels, *old, *new, fnv(resized.tobytes())))
    print()
    cubic()


if __name__ == "__main__":
    main()
