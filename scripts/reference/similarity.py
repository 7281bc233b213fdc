"""Computes the reference values for the tests of src/analysis/similarity by independent methods.

    python3 -m venv V && V/bin/pip install numpy scipy scikit-learn && V/bin/python scripts/reference/similarity.py

Ledoit-Wolf and assignment come from libraries. The others follow their definitions literally: CKA over all sets of four
different images, the Fréchet distance by a square root of the product of covariances, the evidence of LogME as the
density of a normal distribution, maximised by a general optimizer.
"""

from itertools import permutations

import numpy as np
import scipy
import sklearn
from scipy.linalg import sqrtm
from scipy.optimize import linear_sum_assignment, minimize
from scipy.stats import multivariate_normal
from sklearn.covariance import ledoit_wolf


def features(seed, images, width):
    """[images, width]; the formula of src/analysis/similarity/reference.rs."""
    row, column = np.arange(images)[:, None], np.arange(width)[None, :]
    return np.sin(1000 * np.sin(seed * np.sqrt(row + 1) + np.sqrt(column + 2) * (row + seed + 3)))


def gaussian(images):
    covariance, shrinkage = ledoit_wolf(images)
    return images.mean(0), covariance, shrinkage


def frechet_squared(one, other):
    (mean1, covariance1, _), (mean2, covariance2, _) = gaussian(one), gaussian(other)
    root = sqrtm(covariance1 @ covariance2)
    return ((mean1 - mean2) ** 2).sum() + np.trace(covariance1 + covariance2 - 2 * root.real)


def cka(x, y):
    x, y = x - x.mean(0), y - y.mean(0)
    norm = np.linalg.norm
    return norm(y.T @ x) ** 2 / (norm(x.T @ x) * norm(y.T @ y))


def debiased_cka(x, y):
    """Song et al. 2012, equation 4: HSIC as a mean over ordered quadruples of different images."""
    k, l = x @ x.T, y @ y.T

    def hsic(k, l):
        terms = [k[i, j] * (l[i, j] + l[q, r] - 2 * l[i, q]) for i, j, q, r in permutations(range(len(k)), 4)]
        return np.mean(terms)

    return hsic(k, l) / np.sqrt(hsic(k, k) * hsic(l, l))


def leep(answers, labels, classes):
    joint = np.array([answers[labels == label].sum(0) for label in range(classes)]) / len(labels)
    conditional = joint / joint.sum(0)
    return np.mean(np.log([conditional[label] @ answer for answer, label in zip(answers, labels)]))


def logme(f, labels, classes):
    def evidence(y):
        def loss(logs):
            alpha, beta = np.exp(logs)
            return -multivariate_normal(np.zeros(len(y)), np.eye(len(y)) / beta + f @ f.T / alpha).logpdf(y)

        starts = [(a, b) for a in (-2.0, 2.0, 6.0) for b in (0.0, 2.0)]
        options = {"xatol": 1e-10, "fatol": 1e-12, "maxiter": 10000}
        return max(-minimize(loss, start, method="Nelder-Mead", options=options).fun for start in starts)

    return np.mean([evidence((labels == label).astype(float)) for label in range(classes)]) / len(labels)


def main():
    print(f"numpy {np.__version__}, scipy {scipy.__version__}, scikit-learn {sklearn.__version__}")
    for images, width in [(12, 5), (6, 9)]:
        _, covariance, shrinkage = gaussian(features(1, images, width))
        numbers = shrinkage, covariance[0, 0], covariance[1, 0], np.trace(covariance)
        print(f"Ledoit-Wolf {images}x{width}: shrinkage, [0, 0], [1, 0], trace", *map(repr, map(float, numbers)))
    print("Fréchet, squared", float(frechet_squared(features(1, 12, 5), features(2, 9, 5))))
    costs = features(1, 10, 100)
    print("assignment 10x100", float(costs[linear_sum_assignment(costs)].sum()))
    for one, other in [(5, 3), (20, 30)]:
        x, y = features(1, 8, one), features(2, 8, other)
        print(f"CKA {one}, {other}: plain, debiased", float(cka(x, y)), float(debiased_cka(x, y)))
    scores = np.exp(features(1, 9, 4))
    print("LEEP", float(leep(scores / scores.sum(1, keepdims=True), np.arange(9) % 3, 3)))
    labels = np.array([0, 1, 2, 1])[np.arange(24) % 4]
    for width in (3, 8):
        print(f"LogME {width}", float(logme(features(1, 24, width), labels, 3)))


if __name__ == "__main__":
    main()
