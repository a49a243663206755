"""make_mask_cases - the tables in tests/unit/test_mask.c, computed by OpenCV.

    build/venv/bin/python tests/data/make_mask_cases.py

prints, for pseudo-random polygons and bitmaps, the FNV-1a hash of what
cv2.fillPoly() fills and of what cv2.findContours() finds: for every contour its
number of points, its place among the others and the points.  Run with OpenCV
4.12, whose rules are the ones we follow.
"""

import cv2
import numpy

ROUNDS = 40


class Random:
    def __init__(self, state):
        self.state = state

    def below(self, limit):
        self.state = (self.state * 1664525 + 1013904223) % 2**32
        return (self.state >> 8) % limit


def fnv(numbers):
    value = 0xCBF29CE484222325
    for number in numbers:
        value = (value ^ (number % 2**32)) * 0x100000001B3 % 2**64
    return value


def polygons(reach):
    """All of ROUNDS polygons whose corners lie up to `reach` outside the picture."""
    random, pixels = Random(reach + 1), []
    for _ in range(ROUNDS):
        width, height, count = 1 + random.below(50), 1 + random.below(40), 1 + random.below(10)
        corners = [[random.below(size + 2 * reach) - reach for size in (width, height)]
                   for _ in range(count)]
        picture = numpy.zeros((height, width), numpy.uint8)
        cv2.fillPoly(picture, [numpy.array(corners, numpy.int32)], 1)
        pixels += picture.reshape(-1).tolist()
    return fnv(pixels)


def contours(percent, mode, method):
    random, numbers = Random(percent), []
    for _ in range(ROUNDS):
        width, height = 1 + random.below(24), 1 + random.below(24)
        bits = [random.below(100) < percent for _ in range(width * height)]
        bitmap = numpy.array(bits, numpy.uint8).reshape(height, width)
        found, places = cv2.findContours(bitmap, mode, method)
        numbers.append(len(found))
        for i, points in enumerate(found):
            numbers += [len(points), *places[0][i].tolist(), *points.reshape(-1).tolist()]
    return fnv(numbers)


def main():
    assert cv2.__version__.startswith("4.12."), cv2.__version__
    for reach in (0, 3, 20, 300, 20000):
        print("    { %5d, 0x%016X }," % (reach, polygons(reach)))
    print()
    for percent in (5, 30, 50, 70, 95):
        for name, mode, method in (
                ("CONTOUR_TREE", cv2.RETR_TREE, cv2.CHAIN_APPROX_SIMPLE),
                ("CONTOUR_OUTER", cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE),
                ("CONTOUR_ALL", cv2.RETR_TREE, cv2.CHAIN_APPROX_NONE)):
            print("    { %2d, %s, 0x%016X }," % (percent, name, contours(percent, mode, method)))


if __name__ == "__main__":
    main()
