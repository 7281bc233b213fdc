"""Writes tests/fixtures/linear-head.json: the results of scikit-learn's LogisticRegression and KNeighborsClassifier on
small problems, for the tests of src/train/measure/linear_fit and src/train/measure/nearest.rs.

    python3 -m pip install scikit-learn==1.9.1
    python3 scripts/reference/linear_head.py

Features are correlated, with different scales and nonzero means, like those of a layer; a fifth of the labels is wrong.
"""

import json
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

FIXTURE = Path(__file__).resolve().parents[2] / "tests/fixtures/linear-head.json"
CLASSES, FEATURES, TRAIN, TEST = 4, 8, 160, 100
PENALTIES = [0.0, 0.05, 20.0]
NEIGHBOURS = [1, 7, 20]


def draw(generator, mixing, centres, count):
    labels = generator.integers(CLASSES, size=count)
    features = (centres[labels] + generator.normal(size=(count, FEATURES))) @ mixing
    return np.round(features * np.geomspace(0.05, 3, FEATURES) + np.arange(FEATURES), 4), labels


def fitted(features, labels, penalty, solver="newton-cholesky"):
    """A fit converged to the last digits; `penalty` is scikit-learn's 1/C."""
    strength = 1 / penalty if penalty else np.inf
    return LogisticRegression(C=strength, solver=solver, tol=1e-12, max_iter=100_000).fit(features, labels)


def gradient(model, features, labels, penalty):
    """The largest component of the gradient of the loss, summed over examples, at a fit."""
    residuals = model.predict_proba(features) - np.eye(CLASSES)[labels]
    return max(abs(residuals.T @ features + penalty * model.coef_).max(), abs(residuals.sum(0)).max())


def voted(features, labels, test, neighbours):
    """Predictions by plurality, and the number of ties. A tie goes to the label with the larger summed similarity."""
    model = KNeighborsClassifier(neighbours, metric="cosine", algorithm="brute").fit(features, labels)
    distances, indices = model.kneighbors(test)
    votes, nearness = np.zeros((len(test), CLASSES)), np.zeros((len(test), CLASSES))
    rows = np.arange(len(test))[:, None]
    np.add.at(votes, (rows, labels[indices]), 1)
    np.add.at(nearness, (rows, labels[indices]), 1 - distances)
    most = votes == votes.max(1, keepdims=True)
    answers = np.where(most, nearness, -np.inf).argmax(1)
    alone = most.sum(1) == 1
    assert (answers[alone] == model.predict(test)[alone]).all()
    return answers, int((~alone).sum())


def main():
    generator = np.random.default_rng(5)
    mixing = np.eye(FEATURES) + 0.6 * generator.normal(size=(FEATURES, FEATURES))
    centres = 1.2 * generator.normal(size=(CLASSES, FEATURES))
    features, truth = draw(generator, mixing, centres, TRAIN)
    test, test_labels = draw(generator, mixing, centres, TEST)
    wrong = generator.random(TRAIN) < 0.2
    labels = np.where(wrong, (truth + generator.integers(1, CLASSES, size=TRAIN)) % CLASSES, truth)
    fits = []
    for penalty in PENALTIES:
        model = fitted(features, labels, penalty)
        other = fitted(features, labels, penalty, "lbfgs")
        left = [gradient(solved, features, labels, penalty) for solved in (model, other)]
        print(f"penalty {penalty}: weights to {abs(model.coef_).max():.1f}, gradient {left[0]:.0e}, by L-BFGS {left[1]:.0e}")
        fits.append({
            "penalty": penalty,
            # Without a penalty, weights are unique only up to adding one vector to all classes.
            "weight": (model.coef_ - model.coef_.mean(0)).tolist(),
            "bias": (model.intercept_ - model.intercept_.mean()).tolist(),
            "train_error": 1 - model.score(features, labels),
            "test_error": 1 - model.score(test, test_labels),
        })
    nearest = []
    for neighbours in NEIGHBOURS:
        answers, ties = voted(features, labels, test, neighbours)
        print(f"{neighbours} neighbours: {ties} ties")
        nearest.append({"neighbours": neighbours, "ties": ties, "answers": answers.tolist(),
                        "error": float((answers != test_labels).mean())})
    separable = fitted(features[:FEATURES], labels[:FEATURES], 1e-6)
    assert separable.score(features[:FEATURES], labels[:FEATURES]) == 1
    content = {"classes": CLASSES, "features": features.tolist(), "labels": labels.tolist(), "test": test.tolist(),
               "test_labels": test_labels.tolist(), "fits": fits, "separable": FEATURES, "nearest": nearest}
    FIXTURE.write_text(json.dumps(content) + "\n")
    print(f"{FIXTURE.name}: {FIXTURE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
