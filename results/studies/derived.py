#!/usr/bin/env python3
"""Prints the numbers in the README files of the studies that their reports do not have.

    python3 results/studies/derived.py

An instability of the optimizer is an epoch after the first interpolation (train error of at most 1%) whose running train error is
above 3%; the threshold was chosen after looking, so other thresholds are shown once. Needs only Python's standard library.
"""

import csv
import json
import pathlib
import statistics

STUDIES = pathlib.Path(__file__).parent
UNSTABLE = 0.03
# Student's 97.5% quantile by degrees of freedom.
QUANTILE = {5: 2.571, 7: 2.365}


def runs(folder: str, prefix: str, rate: str = "") -> list[pathlib.Path]:
    """Run directories of a study whose names begin with a prefix, by seed; with a rate, only those of that learning rate."""
    found = (STUDIES / folder).glob(f"{prefix}-s*")
    found = [run for run in found if f"\nlearning_rate = {rate}" in target_training(run)]
    return sorted(found, key=lambda path: int(path.name.split("-s")[1].split("-")[0]))


def target_training(run: pathlib.Path) -> str:
    """The `[target.train]` table of a run's spec."""
    return (run / "spec.toml").read_text().split("[target.train]")[1]


def column(run: pathlib.Path, name: str) -> dict[int, float]:
    """A column of the target's epochs, where it was measured."""
    with (run / "metrics.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["phase"] == "target" and row[name]]
    return {int(row["epoch"]): float(row[name]) for row in rows}


def first_instability(run: pathlib.Path, above: float = UNSTABLE) -> int | None:
    """The first epoch of an instability, if there is one."""
    errors = column(run, "train_error")
    fitted = min(epoch for epoch, error in errors.items() if error <= 0.01)
    running = column(run, "train_error_running")
    return min((epoch for epoch, error in running.items() if epoch > fitted and error > above), default=None)


def before(errors: dict[int, float], epoch: int | None) -> int:
    """The last evaluation before an epoch."""
    return max(other for other in errors if epoch is None or other < epoch)


def interval(values: list[float]) -> str:
    """Mean and half of Student's 95% interval, in points."""
    half = QUANTILE[len(values) - 1] * statistics.stdev(values) / len(values) ** 0.5
    return f"{100 * statistics.mean(values):.1f} ± {100 * half:.1f} points ({len(values)} seeds)"


def fall_over_epochs(folder: str, prefix: str, peak: int, later: int) -> None:
    """The fall of averaged test error after its peak, in all and before the first instability."""
    whole, early, epochs = [], [], []
    for run in runs(folder, prefix):
        errors, unstable = column(run, "test_error_averaged"), first_instability(run)
        epochs.append(unstable)
        whole.append(errors[peak] - errors[later])
        early.append(errors[peak] - errors[max(peak, before(errors, unstable))])
    print(f"  first instability of each seed: {epochs}")
    print(f"  fall from epoch {peak} to epoch {later}: {interval(whole)}")
    print(f"  to the last evaluation before it: {interval(early)}")


def last(run: pathlib.Path) -> float:
    """The final test error: the mean over the last five epochs."""
    return json.loads((run / "summary.json").read_text())["last_test_error"]


def stable(run: pathlib.Path, above: float = UNSTABLE) -> float:
    """Test error at the last evaluation before the first instability; without one, the final test error."""
    unstable = first_instability(run, above)
    errors = column(run, "test_error")
    return last(run) if unstable is None else errors[before(errors, unstable)]


def drop_over_layers(folder: str, rate: str = "", thresholds: tuple[float, ...] = (UNSTABLE,), peak: int = 15) -> None:
    """The drop of test error from the peak to k = 0, at the end and with each run before its first instability."""
    pairs = list(zip(runs(folder, f"k{peak}-n4096", rate), runs(folder, "k0-n4096", rate), strict=True))
    print(f"  first instability at k = 0: {[first_instability(low) for _, low in pairs]}")
    print(f"  drop at the end of training: {interval([last(high) - last(low) for high, low in pairs])}")
    for above in thresholds:
        early = interval([stable(high, above) - stable(low, above) for high, low in pairs])
        print(f"  before the first instability of each run (running train error above {100 * above:.0f}%): {early}")


def at_same_epoch(folder: str, size: int, epoch: int, layers: list[tuple[int, int]]) -> None:
    """Differences of test error between pairs of k at one epoch, of raw and of averaged weights."""
    for name in ("test_error", "test_error_averaged"):
        for one, two in layers:
            pairs = zip(runs(folder, f"k{one}-n{size}"), runs(folder, f"k{two}-n{size}"), strict=True)
            differences = [column(first, name)[epoch] - column(second, name)[epoch] for first, second in pairs]
            print(f"  n = {size}, epoch {epoch}, {name}: k = {one} minus k = {two}: {interval(differences)}")


def crossing(errors: dict[int, float]) -> float:
    """Where errors first come to 1%, interpolated between epochs."""
    epochs = sorted(errors)
    for one, two in zip(epochs, epochs[1:], strict=False):
        if errors[two] <= 0.01:
            return one + (two - one) * (errors[one] - 0.01) / (errors[one] - errors[two])
    raise ValueError("train error does not come to 1%")


def fit_of_averaged_weights(folder: str) -> None:
    """Train error of averaged weights from 2,000 source images minus that from 20,000, paired by seed."""
    small, large = {}, {}
    for run in runs(folder, "k0-n4096"):
        record = json.loads((run / "run.json").read_text())
        spec = (run / "spec.toml").read_text().split("[source.train]")[0].split("[source]")[1]
        of = small if "train_size = 2000\n" in spec else large if "train_size = 20000\n" in spec else None
        if of is not None and record["status"] == "finished":
            of[run.name.split("-s")[1].split("-")[0]] = column(run, "train_error_averaged")
    for epoch in range(3, 8):
        print(f"  epoch {epoch}: {interval([small[seed][epoch] - large[seed][epoch] for seed in sorted(small)])}")
    later = [(crossing(small[seed]) - crossing(large[seed])) / 100 for seed in sorted(small)]
    print(f"  comes to 1% later by {interval(later).replace('points', 'epochs')}")


if __name__ == "__main__":
    print("claim A, 4,096 examples, averaged weights")
    fall_over_epochs("target-size/target-size.laptop", "k0-n4096", 18, 142)
    print("claim A, 1,024 examples, averaged weights")
    fall_over_epochs("target-size/target-size.laptop", "k0-n1024", 126, 282)
    print("claim A with SGD, 4,096 examples, averaged weights")
    fall_over_epochs("target-size/target-size-sgd.laptop", "k0-n4096", 18, 142)
    print("claim C, from k = 15 to k = 0")
    drop_over_layers("frozen-layers/frozen-layers.laptop", thresholds=(0.02, 0.03, 0.05, 0.1))
    at_same_epoch("frozen-layers/frozen-layers.laptop", 4096, 64, [(15, 13)])
    print("claim C, a rate that falls")
    drop_over_layers("frozen-layers/frozen-layers-cosine.laptop")
    print("claim C, a third of the rate")
    drop_over_layers("frozen-layers/frozen-layers-rates.laptop", "0.000333")
    print("claim C, a vision transformer, from k = 4 to k = 0")
    drop_over_layers("frozen-layers-vit/frozen-layers-vit-claim.laptop", peak=4)
    print("claim C, other numbers of examples at the same epoch")
    at_same_epoch("frozen-layers/frozen-layers.laptop", 4096, 20, [(17, 16), (15, 14)])
    at_same_epoch("frozen-layers-n/frozen-layers-n8192.laptop", 8192, 20, [(17, 16), (15, 14)])
    at_same_epoch("frozen-layers-n/frozen-layers-n16384.laptop", 16384, 20, [(17, 16), (15, 14)])
    at_same_epoch("frozen-layers-n/frozen-layers-n32768.laptop", 32768, 19, [(17, 16), (15, 14)])
    print("claim B, train error of averaged weights, 2,000 minus 20,000 source images")
    fit_of_averaged_weights("source-size/source-size.laptop")
