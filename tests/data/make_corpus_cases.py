"""make_corpus_cases - the table in tests/unit/test_image_corpus.c, by OpenCV.

    build/venv/bin/python tests/data/make_corpus_cases.py

prints, for each folder of pictures, how many files OpenCV decodes and the
CRC-32 of all their pixels.  FOREIGN names what we decode otherwise, STARTS the
formats that we decode.
"""

import pathlib
import zlib

import cv2
import numpy

IMAGES = pathlib.Path("../shared/assets/images")
FOLDERS = ["clip", "derived", "exif", "image-rs/bad", "image-rs/images/bmp",
           "image-rs/images/gif", "image-rs/images/jpg", "image-rs/images/png",
           "image-rs/images/tiff", "image-rs/images/webp", "image-rs/reference",
           "image-rs/regression", "ocr", "photos-fastestdet", "roboflow-inference", "supervision"]
FOREIGN = {"rgba16.png"}    # 16-bit animation: OpenCV divides by 255 and rounds, we cut to 8 bits
STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM", b"GIF8", b"RIFF",
          b"II*\0", b"MM\0*")


def decode(data):
    try:
        return cv2.imdecode(numpy.frombuffer(data, numpy.uint8), cv2.IMREAD_COLOR)
    except cv2.error:        # what it says of sizes over its own limits
        return None


def files(folder):
    """In the order of the test: names sorted in each folder, folders walked where they stand."""
    for path in sorted(folder.iterdir(), key=lambda path: path.name.encode()):
        if path.is_dir():
            yield from files(path)
        else:
            yield path


def main():
    assert cv2.__version__.startswith("4.12."), cv2.__version__
    for folder in FOLDERS:
        count, crc = 0, 0
        for path in files(IMAGES / folder):
            data = path.read_bytes()
            if path.name in FOREIGN or not data.startswith(STARTS):
                continue
            image = decode(data)
            if image is not None:
                count += 1
                crc = zlib.crc32(image.tobytes(), crc)
        print('    { "%s", %d, 0x%08X },' % (folder, count, crc))


if __name__ == "__main__":
    main()
