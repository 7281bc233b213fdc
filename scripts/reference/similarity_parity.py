"""Compares all of `freezewise similarity`, from images to measures, with PyTorch, NumPy and SciPy.

    freezewise similarity SPEC --out RUNS --data DATA --images 60000 --json > similarity.json
    python3 scripts/reference/similarity_parity.py RUNS/sources/HASH similarity.json DATA

For a PreAct-ResNet18 of width 8 at 16x16 pixels, trained on CIFAR-100, with all of CIFAR-10's training images as target
(`train_size = 50000`), so that all images are used and no random draw has to be reproduced. PyTorch's network runs on
images halved by NumPy; distances, LEEP and LogME follow their definitions (similarity.py). Prints the reference and
freezewise's value of each measure; they differ by float32 rounding.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment, minimize

from preact_resnet import PreActResNet18
from similarity import frechet_squared, gaussian, leep
from tensor_file import read_tensors


def cifar(files, label_bytes):
    """Images halved by 2x2 means, rounded half up, [N, 3, 16, 16] from 0 to 255; and their labels."""
    records = np.concatenate([np.fromfile(file, np.uint8).reshape(-1, 3072 + label_bytes) for file in files])
    images = records[:, label_bytes:].reshape(-1, 3, 16, 2, 16, 2).astype(np.float64).mean((3, 5))
    return np.floor(images + 0.5), records[:, label_bytes - 1].astype(int)


@torch.no_grad()
def features(network, images, mean, deviation):
    """The inputs of the classifier, and the predicted probabilities, in evaluation mode."""
    mean, deviation = (np.asarray(value).reshape(3, 1, 1) for value in (mean, deviation))
    pooled, answers = [], []
    hook = network.fc.register_forward_pre_hook(lambda _, inputs: pooled.append(inputs[0].double().numpy()))
    for batch in torch.tensor((images / 255 - mean) / deviation, dtype=torch.float32).split(500):
        answers.append(network(batch).double().softmax(1).numpy())
    hook.remove()
    return np.concatenate(pooled), np.concatenate(answers)


def logme(f, labels, classes):
    """As in similarity.py, but with the evidence in feature space, because there are many more images than features."""
    gram, count = f.T @ f, len(f)

    def evidence(y):
        product = f.T @ y

        def loss(logs):
            alpha, beta = np.exp(logs)
            inverse = alpha * np.eye(len(gram)) + beta * gram
            weights = beta * np.linalg.solve(inverse, product)
            residual = y @ y - 2 * weights @ product + weights @ gram @ weights
            logarithms = count * np.log(beta / (2 * np.pi)) + len(gram) * np.log(alpha) - np.linalg.slogdet(inverse)[1]
            return -0.5 * (logarithms - beta * residual - alpha * weights @ weights)

        return -minimize(loss, (3, 2), method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-8, "maxiter": 4000}).fun

    return np.mean([evidence((labels == label).astype(float)) for label in range(classes)]) / count


def main():
    parser = argparse.ArgumentParser(description="Compare `freezewise similarity` with PyTorch, NumPy and SciPy.")
    parser.add_argument("source", type=Path, help="directory of the trained source")
    parser.add_argument("similarity", type=Path, help="output of `freezewise similarity --json`")
    parser.add_argument("data", type=Path, help="folder of the data sets")
    options = parser.parse_args()
    network = PreActResNet18(8, 100)
    network.load_state_dict(read_tensors(options.source / "weights.safetensors"), strict=False)
    network.eval()
    own = json.loads((options.source / "run.json").read_text())["data"]["normalisation"]
    source, source_labels = cifar([options.data / "cifar-100-binary/test.bin"], 2)
    folder = options.data / "cifar-10-batches-bin"
    target, target_labels = cifar([folder / "test_batch.bin"], 1)
    train, labels = cifar([folder / f"data_batch_{part}.bin" for part in range(1, 6)], 1)
    source, _ = features(network, source, **own)
    target, _ = features(network, target, **own)
    train, answers = features(network, train, **own)
    whole = frechet_squared(source, target)
    classes = [[frechet_squared(source[source_labels == one], target[target_labels == other]) for other in range(10)]
               for one in range(100)]
    classes = np.array(classes)
    found = json.loads(options.similarity.read_text())["after"]
    for name, expected, measured in [
        ("Fréchet distance, squared", whole, found["frechet"]["squared"]),
        ("  as a fraction", whole / sum(np.trace(gaussian(part)[1]) for part in (source, target)), found["frechet"]["relative"]),
        ("  mean over pairs", classes[linear_sum_assignment(classes)].mean(), found["classes"]["mean_squared"]),
        ("LEEP", leep(answers, labels, 10), found["leep"]),
        ("LogME", logme(train, labels, 10), found["logme"]),
    ]:
        print(f"{name:28}{expected:14.9f}{measured:14.9f}")


if __name__ == "__main__":
    main()
