"""make_filter_cases - the tables in tests/unit/test_filters.c, computed by OpenCV.

    build/venv/bin/python tests/data/make_filter_cases.py

prints their rows: what is done, channels, sizes, a number and the FNV-1a hash of what
cv2 makes of a picture of pseudo-random bytes.  Run with OpenCV 4.12.
"""

import cv2
import numpy

from make_blur_cases import fnv, picture

SIZES = [(1, 1), (2, 1), (1, 7), (19, 23), (33, 8), (70, 41), (111, 64)]


def square(function, image, size):
    return function(image, numpy.ones((size, size), numpy.uint8))


def ellipse(function, image, size):
    return function(image, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)))


def turned(image, degrees):
    height, width = image.shape[:2]
    middle = (width // 2, height // 2)
    matrix = cv2.getRotationMatrix2D(middle, degrees, 1.0)
    cos, sin = abs(matrix[0, 0]), abs(matrix[0, 1])
    size = int(height * sin + width * cos), int(height * cos + width * sin)
    matrix[0, 2] += size[0] / 2 - middle[0]
    matrix[1, 2] += size[1] / 2 - middle[1]
    return cv2.warpAffine(image, matrix, size)


def adaptive(image, method):
    return cv2.adaptiveThreshold(image, 255, method, cv2.THRESH_BINARY, 11, 2)


FILTERS = {
    "ERODE": ((1, 3), (1, 2, 3, 8, 31, 300), lambda i, n: square(cv2.erode, i, n)),
    "DILATE": ((1, 3), (1, 2, 3, 8, 31, 300), lambda i, n: square(cv2.dilate, i, n)),
    "ERODE_ELLIPSE": ((1,), (1, 2, 3, 8, 31), lambda i, n: ellipse(cv2.erode, i, n)),
    "DILATE_ELLIPSE": ((1,), (1, 2, 3, 8, 31), lambda i, n: ellipse(cv2.dilate, i, n)),
    "TURN": ((1, 3), (0, 30, 90, -17, 180, 271), turned),
    "AROUND": ((1,), (0, 0, 0, 0), lambda i, n: adaptive(i, cv2.ADAPTIVE_THRESH_MEAN_C)),
    "AROUND_WEIGHTED": ((1,), (0, 0, 0, 0),
                        lambda i, n: adaptive(i, cv2.ADAPTIVE_THRESH_GAUSSIAN_C)),
    "OTSU": ((1,), (0, 0, 0), lambda i, n: cv2.threshold(i, 0, 255, cv2.THRESH_OTSU)[1]),
}


def main():
    assert cv2.__version__.startswith("4.12."), cv2.__version__
    for kind, (channels, numbers, function) in FILTERS.items():
        for index, number in enumerate(numbers):
            for count in channels:
                width, height = SIZES[-1 - (2 * index + count) % 5]
                image = function(picture(width, height, count), number)
                print("    { %s, %d, %3d, %2d, %3d, 0x%016X },"
                      % (kind, count, width, height, number, fnv(image.tobytes())))


if __name__ == "__main__":
    main()
