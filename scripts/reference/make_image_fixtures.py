"""Writes tests/fixtures/images/jpeg.tar.gz and png.tar.gz: small files of every kind, with their decoded pixels.

    python3 scripts/reference/make_image_fixtures.py

Needs Pillow and numpy, and `cjpeg` and `jpegtran` of libjpeg-turbo 2.1 (Debian: libjpeg-turbo-progs). The pixels of
`NAME.jpg` or `NAME.png`, as decoded by Pillow, are in `REFERENCE.ppm`, where NAME is REFERENCE or `REFERENCE_VARIANT`.
The script fails if two variants of a file have different pixels. Pixels of 16-bit PNG files are not Pillow's, which
truncates 16-bit colours and turns nearly all of a 16-bit grey image white, but rounded to 8 bits.
"""

import gzip
import io
import pathlib
import struct
import subprocess
import tarfile
import tempfile
import zlib

import numpy as np
from PIL import Image

FOLDER = pathlib.Path(__file__).parents[2] / "tests/fixtures/images"
SAMPLINGS = """1x1,1x1,1x1 2x1,1x1,1x1 1x2,1x1,1x1 2x2,1x1,1x1 4x1,1x1,1x1 1x4,1x1,1x1 4x2,1x1,1x1 2x4,1x1,1x1
    3x1,1x1,1x1 1x3,1x1,1x1 3x2,1x1,1x1 4x4,1x1,1x1 2x2,2x1,1x2 2x2,1x2,1x2 2x2,2x1,2x1 1x1,2x2,2x2 2x1,1x1,2x1
    1x1,2x1,1x1 2x1,2x1,2x1 1x2,1x2,1x2 4x1,2x1,2x1 4x2,2x1,2x1""".split()
COMMON = SAMPLINGS[:4]
SIZES = [(37, 21), (3, 9)]
# Scan scripts of cjpeg. Per scan: components; for progressive files also first and last coefficient and the two
# successive-approximation bit positions.
SCANS = {
    "three": "0;1;2;",
    "two": "0;1,2;",
    "turned": "2;0;1;",
    "dc-alone": "0:0-0,0,1;1:0-0,0,0;2:0-0,0,0;0:1-63,0,0;0:0-0,1,0;1:1-63,0,0;2:1-63,0,0;",
    "bits": "0,1,2:0-0,0,2;0:1-5,0,3;2:1-63,0,1;1:1-63,0,0;0:6-63,0,3;0,1,2:0-0,2,1;0:1-63,3,2;0:1-63,2,1;0:1-63,1,0;"
            "2:1-63,1,0;0,1,2:0-0,1,0;",
}


def picture(width, height, channels=3):
    y, x = np.mgrid[0:height, 0:width].astype(float)
    waves = [
        128 + 100 * np.sin(x / 3.1 + k) * np.cos(y / 4.7 - 1.3 * k) + 25 * np.sin((x * (k + 1) + y) / 1.9)
        for k in range(channels)
    ]
    return np.clip(np.stack(waves, -1), 0, 255).astype(np.uint8)


def ppm(pixels):
    height, width = pixels.shape[:2]
    return b"P%d %d %d 255\n" % (5 if pixels.ndim == 2 else 6, width, height) + pixels.tobytes()


def decoded(file):
    return np.asarray(Image.open(io.BytesIO(file)).convert("RGB"))


def cjpeg(pixels, *arguments, scans=None):
    """A JPEG file, or None if libjpeg cannot write it."""
    with tempfile.NamedTemporaryFile("w") as script:
        script.write(scans or "")
        script.flush()
        arguments += ("-scans", script.name) if scans else ()
        done = subprocess.run(["cjpeg", "-quality", "75", *arguments], input=ppm(pixels), capture_output=True)
    return done.stdout if done.returncode == 0 else None


class Fixtures:
    def __init__(self):
        self.files = {}

    def add(self, reference, variant, file, extension="jpg", pixels=None):
        pixels = ppm(decoded(file) if pixels is None else pixels)
        if self.files.setdefault(f"{reference}.ppm", pixels) != pixels:
            raise SystemExit(f"{reference}_{variant}: pixels differ from those of other variants")
        self.files[f"{reference}_{variant}.{extension}" if variant else f"{reference}.{extension}"] = file

    def write(self, path):
        content = io.BytesIO()
        with tarfile.open(fileobj=content, mode="w") as archive:
            for name, file in sorted(self.files.items()):
                entry = tarfile.TarInfo(name)
                entry.size = len(file)
                archive.addfile(entry, io.BytesIO(file))
        path.write_bytes(gzip.compress(content.getvalue(), 9, mtime=0))
        print(f"{path.name}: {len(self.files)} files, {path.stat().st_size} bytes")


def matrix(fixtures):
    """Sampling factors x sizes x scans x restart intervals."""
    for sampling in SAMPLINGS:
        for width, height in SIZES:
            for variant, arguments, scans in [
                ("one", ["-optimize"], None),
                ("one-restart", ["-restart", "2B"], None),
                ("progressive", ["-progressive"], None),
                ("progressive-restart", ["-progressive", "-restart", "1"], None),
                *((name, ["-optimize"], scans) for name, scans in SCANS.items()),
                ("three-restart", ["-restart", "2B"], SCANS["three"]),
                ("two-restart", ["-restart", "1"], SCANS["two"]),
            ]:
                file = cjpeg(picture(width, height), "-sample", sampling, *arguments, scans=scans)
                if file:
                    fixtures.add(f"ycbcr-{sampling}-{width}x{height}", variant, file)


def colours(fixtures):
    for width, height in SIZES:
        size = f"{width}x{height}"
        for sampling in [*COMMON, "1x1,2x2,2x2"]:
            for variant, scans in [("one", None), ("progressive", SCANS["bits"]), ("three", SCANS["three"])]:
                file = cjpeg(picture(width, height), "-rgb", "-optimize", "-sample", sampling, scans=scans)
                fixtures.add(f"rgb-{sampling}-{size}", variant, file)
            # Only the transform in the Adobe segment marks it as RGB, as in Photoshop's files.
            if sampling == COMMON[0]:
                fixtures.add(f"rgb-{sampling}-{size}", "numbered", renamed(file, b"RGB", b"\1\2\3"))
        for sampling in ["1x1", "2x2", "2x1", "1x2", "3x1", "4x4"]:
            for variant, arguments in [("one", []), ("progressive", ["-progressive"]), ("restart", ["-restart", "1"])]:
                file = cjpeg(picture(width, height)[:, :, 0], "-optimize", "-sample", sampling, *arguments)
                fixtures.add(f"grey-{sampling}-{size}", variant, file)
        for subsampling in [0, 1, 2]:
            for variant, progressive in [("one", False), ("progressive", True)]:
                content = io.BytesIO()
                image = Image.fromarray(picture(width, height, 4), "CMYK")
                image.save(content, "jpeg", quality=75, subsampling=subsampling, progressive=progressive, optimize=True)
                file = content.getvalue()
                at = file.index(b"\xff\xee")
                end = at + 2 + struct.unpack(">H", file[at + 2 : at + 4])[0]
                fixtures.add(f"cmyk-{subsampling}-{size}", variant, file)
                fixtures.add(f"cmyk-no-adobe-{subsampling}-{size}", variant, file[:at] + file[end:])
                fixtures.add(f"ycck-{subsampling}-{size}", variant, file[: end - 1] + b"\2" + file[end:])


def subsampled_ycck(fixtures):
    """YCCK with only chroma subsampled, as Photoshop writes it: assembled from four grey files, then interleaved."""
    for width, height in SIZES:
        sizes = [(width, height), ((width + 1) // 2, (height + 1) // 2)]
        greys = [cjpeg(picture(*sizes[k in (1, 2)], 4)[:, :, k], "-grayscale") for k in range(4)]
        tables = greys[0][greys[0].index(b"\xff\xdb") :][:69]
        huffman = greys[0][greys[0].index(b"\xff\xc4") : greys[0].index(b"\xff\xda")]
        parts = b"".join(bytes([k + 1, 0x11 if k in (1, 2) else 0x22, 0]) for k in range(4))
        frame = segment(0xC0, struct.pack(">BHHB", 8, height, width, 4) + parts)
        scans = b"".join(segment(0xDA, bytes([1, k + 1, 0, 0, 63, 0])) + grey[grey.index(b"\xff\xda") + 10 : -2]
                         for k, grey in enumerate(greys))
        adobe = segment(0xEE, b"Adobe\0\x64\0\0\0\0\2")
        file = b"\xff\xd8" + adobe + tables + frame + huffman + scans + b"\xff\xd9"
        name = f"ycck-whole-black-{width}x{height}"
        fixtures.add(name, "four", file)
        for variant, arguments in [("one", []), ("progressive", ["-progressive"])]:
            done = subprocess.run(["jpegtran", "-copy", "all", *arguments], input=file, capture_output=True, check=True)
            fixtures.add(name, variant, done.stdout)


def renamed(file, old, new):
    """The file with component identifiers `old` replaced by `new`."""
    file = bytearray(file)
    for before, after in zip(old, new):
        for at in range(len(file) - 20):
            frame = file[at : at + 2] == b"\xff\xc0"
            if frame or file[at : at + 2] == b"\xff\xda":
                step, first = (3, at + 10) if frame else (2, at + 5)
                for place in range(first, first + step * file[first - 1], step):
                    file[place] = after if file[place] == before else file[place]
    return bytes(file)


def oddities(fixtures):
    """Unusual files that encoders write and libjpeg reads without a warning that concerns pixels."""
    file = cjpeg(picture(37, 21), "-sample", "2x2,1x1,1x1")
    scan = file.index(b"\xff\xda")
    fixtures.add("oddities", "", file)
    fixtures.add("oddities", "extended", file.replace(b"\xff\xc0", b"\xff\xc1", 1))
    fixtures.add("oddities", "fill-bytes", file[:scan] + b"\xff\xff\xff" + file[scan:])
    fixtures.add("oddities", "extra-bytes", file[:-2] + b"\1\2\3\4\5\6\7\x08\x09" + file[-2:])
    fixtures.add("oddities", "extra-bytes-before", file[:scan] + b"\1\2\3\4\5\6\7" + file[scan:])
    fixtures.add("oddities", "more-behind", file + b"\xff\xd8more")
    thumbnail = b"Exif\0\0" + cjpeg(picture(3, 9))
    fixtures.add("oddities", "thumbnail", file[:2] + segment(0xE1, thumbnail) + file[2:])
    fixtures.add("oddities", "wide-tables", wide_tables(file))
    # EXIF orientation: rotate by 90 degrees. Pillow, torchvision and freezewise ignore it.
    turned = Image.Exif()
    turned[0x0112] = 6
    fixtures.add("oddities", "orientation", file[:2] + segment(0xE1, turned.tobytes()) + file[2:])
    jfif_rgb = renamed(cjpeg(picture(37, 21), "-optimize", "-sample", "1x1,1x1,1x1"), b"\1\2\3", b"RGB")
    fixtures.add("jfif-with-names", "", jfif_rgb)


def segment(marker, body):
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def wide_tables(file):
    """The file with its quantisation tables in 16 bits."""
    parts = file.split(b"\xff\xdb")
    for at in range(1, len(parts)):
        part = parts[at]
        body = bytes([0x10 | part[2]]) + b"".join(b"\0" + part[k : k + 1] for k in range(3, 67))
        parts[at] = struct.pack(">H", len(body) + 2) + body + part[67:]
    return b"\xff\xdb".join(parts).replace(b"\xff\xc0", b"\xff\xc1", 1)


def png(width, height, depth, colour, rows, chunks=b"", interlaced=0):
    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    other = b"".join(chunk(name, body) for name, body in chunks)
    end = chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + other + end


def packed(values, depth):
    """Unfiltered rows of a PNG file."""
    rows = b""
    for row in values:
        bits = "".join(format(int(value), f"0{depth}b") for value in row)
        bits += "0" * (-len(bits) % 8)
        rows += b"\0" + bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))
    return rows


def pngs(fixtures):
    width, height = 9, 7
    random = np.random.default_rng(0)
    palette = random.integers(0, 256, (256, 3), dtype=np.uint8)
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    kinds = {0: ("grey", 1), 2: ("rgb", 3), 3: ("palette", 1), 4: ("grey-alpha", 2), 6: ("rgb-alpha", 4)}
    depths = {0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16]}
    gamma = [(b"gAMA", struct.pack(">I", 100_000)), (b"cHRM", struct.pack(">8I", *range(20_000, 28_000, 1000)))]
    for colour, (name, channels) in kinds.items():
        for depth in depths[colour]:
            values = random.integers(0, 2**depth, (height, width, channels))
            rows = packed(values.reshape(height, -1), depth)
            cut = [values[y::dy, x::dx] for x, y, dx, dy in passes]
            turns = b"".join(packed(part.reshape(part.shape[0], -1), depth) for part in cut if part.size)
            table = [(b"PLTE", palette[: 2**depth].tobytes())] if colour == 3 else []
            clear = {0: values[0, 0], 2: values[0, 0], 3: None}.get(colour)
            opacity = bytes(range(2 ** min(depth, 8))) if clear is None else struct.pack(f">{channels}H", *clear)
            nearest = None
            if depth == 16:
                colours = values[:, :, : 3 if channels > 2 else 1]
                nearest = np.broadcast_to((colours + 128) // 257, (height, width, 3)).astype(np.uint8)
            variants = [("", rows, table, 0), ("interlaced", turns, table, 1), ("gamma", rows, gamma + table, 0)]
            if colour in (0, 2, 3):
                variants.append(("transparent", rows, table + [(b"tRNS", opacity)], 0))
            for variant, *rest in variants:
                file = png(width, height, depth, colour, *rest)
                fixtures.add(f"{name}-{depth}", variant, file, "png", nearest)


def main():
    jpegs, others = Fixtures(), Fixtures()
    matrix(jpegs)
    colours(jpegs)
    subsampled_ycck(jpegs)
    oddities(jpegs)
    jpegs.write(FOLDER / "jpeg.tar.gz")
    pngs(others)
    others.write(FOLDER / "png.tar.gz")


if __name__ == "__main__":
    main()
