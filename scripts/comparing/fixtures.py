"""Generates data sets in the formats that freezewise reads, from fixed seeds.

CIFAR and MNIST have their real sizes, because freezewise checks them. Images are noise around a brightness that depends
on the class, so that losses fall.
"""

import io
import os
import random
import shutil
import struct
import zipfile
import zlib

CIFAR_PIXELS = 3 * 32 * 32
MNIST_PIXELS = 28 * 28
LEVELS = 20


def image(draw, count, label):
    """`count` bytes of noise around the level of a class."""
    table = bytes((value // 3 + label % LEVELS * 8) % 256 for value in range(256))
    return draw.randbytes(count).translate(table)


def cifar(path, count, classes, seed, coarse):
    """Records of a label (preceded by the superclass if `coarse`) and pixels."""
    draw = random.Random(seed)
    with open(path, "wb") as file:
        for index in range(count):
            label = index * 7 % classes
            file.write(bytes([label // 5, label] if coarse else [label]) + image(draw, CIFAR_PIXELS, label))


def cifar10(root):
    folder = root / "cifar-10-batches-bin"
    folder.mkdir()
    for part in range(1, 6):
        cifar(folder / f"data_batch_{part}.bin", 10_000, 10, part, coarse=False)
    cifar(folder / "test_batch.bin", 10_000, 10, 6, coarse=False)


def cifar100(root):
    folder = root / "cifar-100-binary"
    folder.mkdir()
    cifar(folder / "train.bin", 50_000, 100, 7, coarse=True)
    # The first test image is also a training image.
    cifar(folder / "test.bin", 10_000, 100, 8, coarse=True)
    record = CIFAR_PIXELS + 2
    with open(folder / "test.bin", "r+b") as test, open(folder / "train.bin", "rb") as train:
        test.write(train.read(record))


def idx(folder, seed):
    """The four IDX files of MNIST or Fashion-MNIST."""
    folder.mkdir()
    draw = random.Random(seed)
    for name, count in (("train", 60_000), ("t10k", 10_000)):
        labels = bytes(index * 3 % 10 for index in range(count))
        with open(folder / f"{name}-images-idx3-ubyte", "wb") as file:
            file.write(struct.pack(">4B3I", 0, 0, 8, 3, count, 28, 28))
            file.writelines(image(draw, MNIST_PIXELS, label) for label in labels)
        (folder / f"{name}-labels-idx1-ubyte").write_bytes(struct.pack(">4BI", 0, 0, 8, 1, count) + labels)


def png(draw, side, label):
    """A colour PNG of noise."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = b"".join(b"\0" + image(draw, 3 * side, label) for _ in range(side))
    header = struct.pack(">2I5B", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")


def class_folders(folder, classes, counts, seed):
    """`train/<class>/` and `val/<class>/` of PNG files of several sizes."""
    draw = random.Random(seed)
    for part, count in counts.items():
        for label in range(classes):
            inner = folder / part / f"class-{label}"
            inner.mkdir(parents=True)
            for index in range(count):
                (inner / f"{index}.png").write_bytes(png(draw, 12 + index % 3 * 5, label))


def imagenette(root):
    class_folders(root / "imagenette-mini", 4, {"train": 16, "val": 5}, seed=9)


def damaged_folder(root):
    class_folders(root / "damaged", 2, {"train": 8, "test": 4}, seed=10)
    broken = root / "damaged" / "train" / "class-0" / "3.png"
    broken.write_bytes(broken.read_bytes()[:40])


def tiny_imagenet(root):
    folder = root / "tiny-imagenet-200"
    classes = [f"n{index:08}" for index in range(200)]
    (folder / "val" / "images").mkdir(parents=True)
    (folder / "wnids.txt").write_text("\n".join(classes) + "\n")
    draw, table = random.Random(11), []
    for label, name in enumerate(classes):
        inner = folder / "train" / name / "images"
        inner.mkdir(parents=True)
        for index in range(2):
            (inner / f"{name}_{index}.JPEG").write_bytes(png(draw, 64, label))
        (folder / "val" / "images" / f"val_{label}.JPEG").write_bytes(png(draw, 64, label))
        table.append(f"val_{label}.JPEG\t{name}\t0\t0\t63\t63\n")
    (folder / "val" / "val_annotations.txt").write_text("".join(table))


def npy(kind, shape, content):
    shape = "({})".format("".join(f"{size}, " for size in shape))
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}}}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + content


def own_npz(root):
    draw, archive = random.Random(12), io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for name, count in (("train", 240), ("test", 60)):
            labels = [index * 3 % 10 for index in range(count)]
            pixels = b"".join(image(draw, MNIST_PIXELS, label) for label in labels)
            # ZipInfo has a fixed date; writestr with a plain name would use the current time.
            for array, content in (
                ("images", npy("|u1", (count, 28, 28), pixels)),
                ("labels", npy("<i8", (count,), struct.pack(f"<{count}q", *labels))),
            ):
                file.writestr(zipfile.ZipInfo(f"{name}_{array}.npy"), content)
    (root / "own.npz").write_bytes(archive.getvalue())


DATA_SETS = {
    "cifar10": cifar10,
    "cifar100": cifar100,
    "mnist": lambda root: idx(root / "mnist", 13),
    "fashion-mnist": lambda root: idx(root / "fashion-mnist", 14),
    "tiny-imagenet": tiny_imagenet,
    "folder": imagenette,
    "npz": own_npz,
    "damaged": damaged_folder,
}


def write(names, root, other):
    """Writes data sets to `root` and hard-links their files into `other`: each build caches decoded images in its own
    data folder."""
    root.mkdir(parents=True)
    for name in sorted(names):
        DATA_SETS[name](root)
    shutil.copytree(root, other, copy_function=os.link)


def tensors(named):
    """A safetensors file of float32 tensors: name to (shape, numbers)."""
    header, content = [], b""
    for name, (shape, numbers) in named.items():
        packed = struct.pack(f"<{len(numbers)}f", *numbers)
        offsets = [len(content), len(content) + len(packed)]
        header.append(f'"{name}":{{"dtype":"F32","shape":{list(shape)},"data_offsets":{offsets}}}')
        content += packed
    header = ("{" + ",".join(header) + "}").encode()
    header += b" " * (-len(header) % 8)
    return struct.pack("<Q", len(header)) + header + content
