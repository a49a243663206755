"""images - pictures that strangers send, made here and not stored.

    from images import pictures
    for picture in pictures():
        ...picture.name, picture.data, picture.kind, picture.size

`kind` is what must become of it: "ok" (then `size` is width, height once it is
turned upright), "invalid", "unsupported" or "too_large".  Where the reference
has the route, `status(kind)` is the HTTP status.  The numbers in the names are
rows of the attack table in the design notes.

    python3 tests/wire/images.py FOLDER     writes them out, with a list.json
"""

import base64
import io
import json
import pathlib
import struct
import sys
import zlib
from typing import NamedTuple

import numpy
from PIL import Image


class Picture(NamedTuple):
    name: str
    data: bytes
    kind: str
    size: tuple = (0, 0)


def status(kind):
    """The reference answers 400 to whatever it cannot decode; 413 is ours."""
    return {"ok": 200, "too_large": 413}.get(kind, 400)


# --- PNG ---------------------------------------------------------------------

PNG = b"\x89PNG\r\n\x1a\n"
IEND = b"\0\0\0\0IEND\xaeB`\x82"
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def chunk(kind, data, spoil=0):
    return (struct.pack(">I", len(data)) + kind + data
            + struct.pack(">I", zlib.crc32(kind + data) ^ spoil))


def ihdr(width, height, depth=8, color=2, interlace=0):
    fields = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlace)
    return PNG + chunk(b"IHDR", fields)


def rows(width, height, depth, color):
    """Rows of a gradient, unfiltered."""
    length = (width * CHANNELS[color] * depth + 7) // 8
    return b"".join(b"\0" + bytes((x + 3 * y) % 256 for x in range(length)) for y in range(height))


PALETTE = b"".join(bytes((i, 255 - i, i // 2)) for i in range(256))


def png(width, height, depth=8, color=2, before=b"", after=b"", palette=PALETTE):
    data = ihdr(width, height, depth, color) + before
    if color == 3:
        data += chunk(b"PLTE", palette[:3 << depth])
    data += chunk(b"IDAT", zlib.compress(rows(width, height, depth, color)))
    return data + after + IEND


def interlaced(width, height):
    """Only for pictures so small that their first pass is all there is."""
    return (ihdr(width, height, interlace=1)
            + chunk(b"IDAT", zlib.compress(rows(width, height, 8, 2))) + IEND)


def zeros(width, height):
    """A picture of black: a hundred kilobytes for a hundred million pixels."""
    squeeze = zlib.compressobj(9)
    row = bytes(1 + 3 * width)
    packed = b"".join(squeeze.compress(row) for _ in range(height)) + squeeze.flush()
    return ihdr(width, height) + chunk(b"IDAT", packed) + IEND


def frame_control(number, width, height, x=0, y=0):
    return chunk(b"fcTL", struct.pack(">IIIIIHHBB", number, width, height, x, y, 1, 10, 0, 0))


def animated(hidden):
    """Three frames; with `hidden` the still picture is none of them."""
    pixels = zlib.compress(rows(16, 12, 8, 2))
    small = zlib.compress(rows(8, 6, 8, 2))
    data = ihdr(16, 12) + chunk(b"acTL", struct.pack(">II", 3, 0))
    number = 0
    if not hidden:
        data += frame_control(0, 16, 12)
        number = 1
    data += chunk(b"IDAT", pixels)
    while number < 5:
        data += frame_control(number, 8, 6, 4, 3)
        data += chunk(b"fdAT", struct.pack(">I", number + 1) + small)
        number += 2
    return data + IEND


def exif(orientation, little=True, loop=False):
    order = "<" if little else ">"
    entries = [struct.pack(order + "HHIHH", 0x112, 3, 1, orientation, 0)]
    if loop:    # a directory that points to itself, and so does its successor
        entries.append(struct.pack(order + "HHII", 0x8769, 4, 1, 8))
    after = 8 if loop else 0
    return ((b"II*\0" if little else b"MM\0*") + struct.pack(order + "IH", 8, len(entries))
            + b"".join(entries) + struct.pack(order + "I", after))


def png_pictures():
    bomb = zlib.compress(bytes(20 << 20), 9)
    yield Picture("16 PNG 12000 x 12000", zeros(12000, 12000), "too_large")
    yield Picture("16 PNG 65500 x 65500", ihdr(65500, 65500) + bytes(20), "too_large")
    yield Picture("16 PNG 2^31-1 a side", ihdr(2**31 - 1, 2**31 - 1) + bytes(20), "too_large")
    yield Picture("16 PNG 2^32-1 wide", ihdr(2**32 - 1, 1) + bytes(20), "too_large")
    yield Picture("20 PNG ratio 1000:1", zeros(4000, 3000), "ok", (4000, 3000))
    yield Picture("20 PNG 0 wide", png(0, 4), "invalid")
    yield Picture("20 PNG 0 high", png(4, 0), "invalid")
    for kind, head in ((b"iCCP", b"x\0\0"), (b"zTXt", b"x\0\0"), (b"iTXt", b"x\0\1\0\0\0")):
        data = png(9, 5, before=chunk(kind, head + bomb))
        yield Picture("20 PNG with a %s bomb" % kind.decode(), data, "ok", (9, 5))
    data = png(9, 5, before=b"\x80\0\0\0tEXt")
    yield Picture("20 PNG chunk of 2^31 bytes", data, "invalid")
    text = chunk(b"tEXt", bytes((16 << 20) + 1))
    yield Picture("20 PNG chunk over 16 MB", png(9, 5, before=text), "too_large")
    yield Picture("20 PNG without IEND", png(9, 5)[:-12], "invalid")
    yield Picture("20 PNG cut off", png(90, 50)[:-40], "invalid")
    data = png(9, 5, 8, 3, palette=PALETTE[:6])
    yield Picture("20 PNG index outside palette", data, "ok", (9, 5))
    yield Picture("20 PNG without palette", png(9, 5, 8, 3, palette=b""), "invalid")
    yield Picture("20 PNG interlaced 1 x 1", interlaced(1, 1), "ok", (1, 1))
    good = png(9, 5)
    for kind in (b"IHDR", b"IDAT"):
        at = good.index(kind)
        at += 4 + struct.unpack(">I", good[at - 4:at])[0]
        data = good[:at] + bytes([good[at] ^ 1]) + good[at + 1:]
        yield Picture("20 PNG with %s of a wrong checksum" % kind.decode(), data, "invalid")
    note = chunk(b"tEXt", b"x\0y", spoil=1)
    yield Picture("20 PNG with a damaged note", png(9, 5, before=note), "ok", (9, 5))
    yield Picture("20 PNG animated", animated(False), "ok", (16, 12))
    yield Picture("20 PNG animated, still apart", animated(True), "ok", (16, 12))
    data = PNG + chunk(b"CgBI", bytes(4)) + good[8:]
    yield Picture("20 PNG of Apple's kind", data, "unsupported")
    for depth, color in ((1, 0), (2, 0), (4, 0), (8, 0), (16, 0), (8, 2), (16, 2), (1, 3), (2, 3),
                         (4, 3), (8, 3), (8, 4), (16, 4), (8, 6), (16, 6)):
        name = "24 PNG colour type %d, %d bits" % (color, depth)
        yield Picture(name, png(21, 13, depth, color), "ok", (21, 13))
    for turn in (1, 6):
        size = (9, 5) if turn == 1 else (5, 9)
        before = png(9, 5, before=chunk(b"eXIf", exif(turn)))
        after = png(9, 5, after=chunk(b"eXIf", exif(turn)))
        yield Picture("22 PNG eXIf %d before data" % turn, before, "ok", size)
        yield Picture("22 PNG eXIf %d after data" % turn, after, "ok", size)
    for width, height in ((1, 1), (1, 20000), (20000, 1)):
        yield Picture("24 PNG %d x %d" % (width, height), png(width, height), "ok", (width, height))


# --- JPEG --------------------------------------------------------------------

def pixels(width, height, channels=3):
    y, x, c = numpy.mgrid[:height, :width, :channels]
    return ((x * 3 + y * 5 + c * 40) % 256).astype("uint8")


def jpeg(width, height, mode="RGB", **options):
    out = io.BytesIO()
    channels = {"L": 1, "RGB": 3, "CMYK": 4}[mode]
    array = pixels(width, height, channels)
    picture = Image.fromarray(array[..., 0] if channels == 1 else array, mode)
    picture.save(out, "JPEG", quality=90, **options)
    return out.getvalue()


def segment(marker, data):
    return bytes((0xFF, marker)) + struct.pack(">H", len(data) + 2) + data


def with_exif(data, tiff):
    return data[:2] + segment(0xE1, b"Exif\0\0" + tiff) + data[2:]


def frame_at(data):
    """Where the frame header (SOF 0 to 2) stands."""
    at = 2
    while not 0xC0 <= data[at + 1] <= 0xC2:
        at += 2 + struct.unpack(">H", data[at + 2:at + 4])[0]
    return at


def patched(data, offset, new):
    at = frame_at(data) + offset
    return data[:at] + new + data[at + len(new):]


def many_scans(count):
    """A progressive JPEG with its last scan over and over."""
    data = jpeg(16, 16, progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * count + data[-2:]


def adobe(transform):
    """CMYK with the colour transform that an Adobe marker declares, or without one."""
    data = jpeg(24, 16, "CMYK")
    at = data.index(b"Adobe")
    if transform is None:
        return data[:at - 4] + data[at + 12:]
    return data[:at + 11] + bytes((transform,)) + data[at + 12:]


# 16 x 16 pixels of gray with arithmetic coding, which Pillow does not write.
ARITHMETIC = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxO"
    "QERXRTc4UG1RV19iZ2hnPk1xeXBkeFxlZ2P/yQALCAAQABABAREA/8wABgAQEAX/2gAIAQEAAD8A/wBoq3Rn"
    "X5RxIT96a8VqEXz/2Q==")


def jpeg_pictures():
    good = jpeg(40, 24)
    frame = frame_at(good)
    yield Picture("17 JPEG 65535 x 65535", patched(good[:frame + 119], 5, b"\xff" * 4), "too_large")
    yield Picture("17 JPEG 0 wide", patched(good, 7, b"\0\0"), "invalid")
    yield Picture("17 JPEG 0 high", patched(good, 5, b"\0\0"), "invalid")
    yield Picture("17 JPEG with two frame headers",
                  good[:frame] + good[frame:frame + 19] + good[frame:], "invalid")
    scan_end = len(good) - 2
    dnl = good[:scan_end] + segment(0xDC, b"\0\x18") + good[scan_end:]
    yield Picture("17 JPEG with DNL", dnl, "ok", (40, 24))
    yield Picture("17 JPEG with DNL and no height", patched(dnl, 5, b"\0\0"), "invalid")
    yield Picture("17 JPEG of 12 bits", patched(good, 4, b"\x0c"), "unsupported")
    yield Picture("17 JPEG lossless", patched(good, 1, b"\xc3"), "unsupported")
    yield Picture("17 JPEG of 2 colours", patched(good, 9, b"\2"), "unsupported")
    yield Picture("17 JPEG arithmetic", ARITHMETIC, "ok", (16, 16))
    for transform in (None, 0, 1, 2):
        yield Picture("17 JPEG CMYK, Adobe %s" % transform, adobe(transform), "ok", (24, 16))
    yield Picture("18 JPEG with 10000 scans", many_scans(10000), "too_large")
    yield Picture("18 JPEG with 30 scans", many_scans(20), "ok", (16, 16))
    yield Picture("19 JPEG without its end", good[:-2], "ok", (40, 24))
    yield Picture("19 JPEG with half its data", good[:(good.index(b"\xff\xda") + len(good)) // 2],
                  "ok", (40, 24))
    yield Picture("19 JPEG without data", good[:good.index(b"\xff\xda") + 14], "ok", (40, 24))
    yield Picture("19 JPEG that ends in its header", good[:frame + 12], "invalid")
    yield Picture("21 JPEG and HTML", segment(0xFE, b"<html><script>alert(1)</script>").join(
        (good[:2], good[2:])) + b"<script>alert(2)</script>", "ok", (40, 24))
    for turn in range(10):
        for little in (True, False):
            size = (24, 40) if 5 <= turn <= 8 else (40, 24)
            name = "22 JPEG turned %d, %s endian" % (turn, "little" if little else "big")
            yield Picture(name, with_exif(good, exif(turn, little)), "ok", size)
    loop = with_exif(good, exif(6, loop=True))
    yield Picture("22 JPEG with EXIF that loops", loop, "ok", (24, 40))
    yield Picture("22 JPEG with empty EXIF", with_exif(good, b""), "ok", (40, 24))
    yield Picture("24 JPEG gray", jpeg(40, 24, "L"), "ok", (40, 24))
    for width, height in ((1, 1), (1, 20000), (20000, 1)):
        name = "24 JPEG %d x %d" % (width, height)
        yield Picture(name, jpeg(width, height), "ok", (width, height))


# --- the rest ----------------------------------------------------------------

def saved(kind, **options):
    out = io.BytesIO()
    Image.fromarray(pixels(20, 10)).save(out, kind, **options)
    return out.getvalue()


def other_pictures():
    yield Picture("24 no bytes", b"", "invalid")
    yield Picture("24 one byte", b"\xff", "invalid")
    yield Picture("21 text", b"BMX is not a picture, nor is this GIF89", "invalid")
    yield Picture("21 HTML", b"<!doctype html><html><body>hello</body></html>", "invalid")
    yield Picture("21 WebP", saved("WEBP"), "ok", (20, 10))
    yield Picture("21 WebP cut off", saved("WEBP")[:-9], "invalid")
    yield Picture("21 BMP", saved("BMP"), "ok", (20, 10))
    yield Picture("21 BMP cut off", saved("BMP")[:-1], "invalid")
    header = struct.pack("<2sIII IiiHHIIiiII", b"BM", 70, 0, 54, 40, 2**30, 2**30, 1, 8, 1, 0, 0, 0,
                         0, 0)
    yield Picture("21 BMP with RLE that runs over", header + b"\xff\1" * 8, "too_large")
    header = (header[:10] + struct.pack("<I", 54 + 1024) + header[14:18]
              + struct.pack("<ii", 20, 10) + header[26:])
    yield Picture("21 BMP with RLE that leaves its row", header + bytes(1024) + b"\xff\1" * 8,
                  "invalid")
    tiff = b"II*\0" + struct.pack("<IHHHIHHI", 8, 1, 0x100, 3, 1, 1, 0, 8)
    yield Picture("21 TIFF with a circle of directories", tiff, "invalid")
    yield Picture("21 TIFF", saved("TIFF", compression="tiff_lzw"), "ok", (20, 10))
    gif = saved("GIF")
    yield Picture("21 GIF", gif, "ok", (20, 10))
    yield Picture("21 GIF without its trailer", gif[:-1], "invalid")
    frame = b"!\xf9\4\0\1\0\0\0,\0\0\0\0\1\0\1\0\0\2\2D\1\0"
    yield Picture("21 GIF of 100000 frames", gif[:-1] + frame * 100000 + b";", "too_large")
    for brand in (b"heic", b"mif1", b"avif"):
        box = struct.pack(">I", 24) + b"ftyp" + brand + bytes(4) + brand + b"miaf"
        yield Picture("21 ISO media of brand %s" % brand.decode(), box + bytes(40),
                      "invalid" if brand == b"avif" else "unsupported")
    yield Picture("21 JPEG XL", b"\xff\x0a" + bytes(20), "unsupported")
    yield Picture("21 SVG", b'<?xml version="1.0"?>\n<!-- x --><svg onload="alert(1)"/>',
                  "unsupported")
    yield Picture("21 JPEG 2000", b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(20), "unsupported")
    yield Picture("21 PSD", b"8BPS\0\1" + bytes(20), "unsupported")
    yield Picture("21 PDF", b"%PDF-1.7\n%%EOF", "unsupported")


def pictures():
    """All of them; a fresh list each time."""
    return [*png_pictures(), *jpeg_pictures(), *other_pictures()]


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    listed = []
    for number, picture in enumerate(pictures()):
        path = folder / ("%03d.bin" % number)
        path.write_bytes(picture.data)
        listed.append({"file": path.name, "name": picture.name, "kind": picture.kind,
                       "size": picture.size, "status": status(picture.kind)})
    (folder / "list.json").write_text(json.dumps(listed, indent=1) + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
