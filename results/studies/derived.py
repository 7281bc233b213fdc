#!/usr/bin/env python3
"""Prints the numbers in the README files of the studies that their reports do not have.

    python3 results/studies/derived.py

An instability of the optimizer is an epoch after the first interpolation (train error of at most 1%) whose running train error is
above 3%; the threshold was chosen after looking, so other thresholds are shown once. A climb needs no interpolation before it: running
train error rises by 2 points above its lowest value, once that is below 6%. Needs only Python's standard library.
"""

import csv
import itertools
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


def first_climb(run: pathlib.Path) -> int | None:
    """The epoch with the lowest running train error before its first climb, if there is one."""
    lowest, at = 1.0, 0
    for epoch, error in sorted(column(run, "train_error_running").items()):
        if lowest < 0.06 and error - lowest >= 0.02:
            return at
        if error < lowest:
            lowest, at = error, epoch
    return None


def p_value(values: list[float]) -> float:
    """Of the exact one-sided sign-flip test that the mean is above 0."""
    flipped = [sum(s * v for s, v in zip(signs, values, strict=True)) for signs in itertools.product((1, -1), repeat=len(values))]
    return sum(total >= sum(values) - 1e-12 for total in flipped) / len(flipped)


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


def falls(folder: str, peak: int, later: int) -> list[float]:
    """The fall of averaged test error of each seed with 4,096 examples."""
    curves = [column(run, "test_error_averaged") for run in runs(folder, "k0-n4096")]
    return [errors[peak] - errors[later] for errors in curves]


def fall_at_own_peak(folder: str, later: int) -> None:
    """The fall of averaged test error from the peak that the other seeds have."""
    curves = [column(run, "test_error_averaged") for run in runs(folder, "k0-n4096")]
    values, peaks = [], []
    for errors in curves:
        others = [curve for curve in curves if curve is not errors]
        epochs = [epoch for epoch in errors if 4 <= epoch < later]
        peaks.append(max(epochs, key=lambda epoch: sum(curve[epoch] for curve in others)))
        values.append(errors[peaks[-1]] - errors[later])
    print(f"  from the peak of the other seeds, epochs {sorted(set(peaks))}: {interval(values)}, p = {p_value(values):.3f}")


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


def drop_before_climbs(folder: str, peak: int) -> None:
    """The drop of test error from the peak to k = 0, with each run at k = 0 before its first climb."""
    drops, climbs = [], []
    for high, low in zip(runs(folder, f"k{peak}-n4096"), runs(folder, "k0-n4096"), strict=True):
        climb, errors = first_climb(low), column(low, "test_error")
        climbs.append(climb)
        drops.append(last(high) - (last(low) if climb is None else errors[max(e for e in errors if e <= climb)]))
    print(f"  first climb at k = 0 starts at epoch: {climbs}; at k = {peak}: {[first_climb(run) for run in runs(folder, f'k{peak}-n4096')]}")
    print(f"  drop before the first climb of each run: {interval(drops)}")
    without = [drop for drop, climb in zip(drops, climbs, strict=True) if climb is None]
    print(f"  drop of the seeds without one: {[round(100 * drop, 1) for drop in without]}")


def final_errors(folder: str, prefix: str, spec: str = "") -> list[float]:
    """Final test errors by seed; only of runs with a text in their spec."""
    return [last(run) for run in runs(folder, prefix) if spec in (run / "spec.toml").read_text()]


def differences(high: list[float], low: list[float]) -> str:
    """The differences of paired errors and their p-value."""
    values = [one - two for one, two in zip(high, low, strict=True)]
    return f"{interval(values)}, p = {p_value(values):.3f}"


def one_trained_block(study: str) -> None:
    """The first or the second block trained, against the last one (k = 4) and against everything (k = 0)."""
    claim = f"{study}/frozen-layers-vit-claim.laptop"
    peak, all_train = (final_errors(claim, f"k{k}-n4096") for k in (4, 0))
    for name, frozen in (("first", '["embedding", "*_1"'), ("second", '["embedding", "*_0"')):
        errors = final_errors(f"{study}/frozen-layers-vit-place.laptop", "k4-n4096", f"frozen = {frozen}")
        print(f"  only the {name} block trains: {interval(errors)}")
        print(f"    below the last block: {differences(peak, errors)}; above everything: {differences(errors, all_train)}")


def rise_and_drop(folder: str, left: int, peak: int) -> None:
    """Test error with all layers frozen, at the peak and at k = 0, and its rise and drop."""
    ends = [final_errors(folder, f"k{k}-n4096") for k in (left, peak, 0)]
    print(f"  {', '.join(interval(errors) for errors in ends)}")
    print(f"  rise {differences(ends[1], ends[0])}; drop {differences(ends[1], ends[2])}")


def peak_over_layers(folder: str, epochs: list[int], layers: list[int]) -> None:
    """Test error at each k after some epochs."""
    for epoch in epochs:
        means = {k: statistics.mean(column(run, "test_error")[epoch] for run in runs(folder, f"k{k}-n4096")) for k in layers}
        print(f"  epoch {epoch}: " + ", ".join(f"k = {k} {100 * mean:.1f}%" for k, mean in means.items()))


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
    """When averaged weights fit, by the number of source images."""
    curves: dict[int, list[dict[int, float]]] = {2000: [], 6300: [], 20000: []}
    for run in runs(folder, "k0-n4096"):
        source = (run / "spec.toml").read_text().split("[source.train]")[0].split("[source]")[1]
        size = next(size for size in curves if f"train_size = {size}\n" in source)
        curves[size].append(column(run, "train_error_averaged"))
    for epoch in range(3, 8):
        pairs = zip(curves[2000], curves[20000], strict=True)
        later = interval([small[epoch] - large[epoch] for small, large in pairs])
        print(f"  epoch {epoch}, 2,000 minus 20,000 source images: {later}")
    epochs = {size: [crossing(errors) / 100 for errors in of] for size, of in curves.items()}
    for size, crossings in epochs.items():
        print(f"  {size} source images: train error comes to 1% at epoch {interval(crossings).replace(' points', '')}")
    later = interval([small - large for small, large in zip(epochs[2000], epochs[20000], strict=True)])
    print(f"  later from 2,000 than from 20,000 by {later.replace('points', 'epochs')}")


if __name__ == "__main__":
    print("claim A, 4,096 examples, averaged weights")
    fall_over_epochs("target-size/target-size.laptop", "k0-n4096", 18, 142)
    print("claim A, 1,024 examples, averaged weights")
    fall_over_epochs("target-size/target-size.laptop", "k0-n1024", 126, 282)
    print("claim A with SGD, 4,096 examples, averaged weights")
    fall_over_epochs("target-size/target-size-sgd.laptop", "k0-n4096", 18, 142)
    print("  p = {:.3f}".format(p_value(falls("target-size/target-size-sgd.laptop", 18, 142))))
    fall_at_own_peak("target-size/target-size-sgd.laptop", 142)
    adam, sgd = (falls(f"target-size/{name}.laptop", 18, 142) for name in ("target-size", "target-size-sgd"))
    more = [one - two for one, two in zip(adam, sgd, strict=True)]
    print(f"  Adam falls more by {interval(more)}, p = {p_value(more):.3f}")
    print("claim C, from k = 15 to k = 0")
    drop_over_layers("frozen-layers/frozen-layers.laptop", thresholds=(0.02, 0.03, 0.05, 0.1))
    at_same_epoch("frozen-layers/frozen-layers.laptop", 4096, 64, [(15, 13)])
    print("claim C, a rate that falls")
    drop_over_layers("frozen-layers/frozen-layers-cosine.laptop")
    print("claim C, a third of the rate")
    drop_over_layers("frozen-layers/frozen-layers-rates.laptop", "0.000333")
    print("claim C, a vision transformer, from k = 4 to k = 0")
    drop_over_layers("frozen-layers-vit/frozen-layers-vit-claim.laptop", peak=4)
    drop_before_climbs("frozen-layers-vit/frozen-layers-vit-claim.laptop", peak=4)
    peak_over_layers("frozen-layers-vit/frozen-layers-vit.laptop", [8, 12, 20, 100], [6, 4, 3, 2, 1, 0])
    print("claim C, a vision transformer with one trained block")
    one_trained_block("frozen-layers-vit")
    print("claim C, a vision transformer without wrong labels: k = 6, 4 and 0")
    rise_and_drop("frozen-layers-vit/frozen-layers-vit-no-noise.laptop", 6, 4)
    print("claim C, a vision transformer at a third of the rate: k = 6, 4 and 0")
    rise_and_drop("frozen-layers-vit/frozen-layers-vit-rate.laptop", 6, 4)
    drop_before_climbs("frozen-layers-vit/frozen-layers-vit-rate.laptop", peak=4)
    print("claim C, other numbers of examples at the same epoch")
    at_same_epoch("frozen-layers/frozen-layers.laptop", 4096, 20, [(17, 16), (15, 14)])
    at_same_epoch("frozen-layers-n/frozen-layers-n8192.laptop", 8192, 20, [(17, 16), (15, 14)])
    at_same_epoch("frozen-layers-n/frozen-layers-n16384.laptop", 16384, 20, [(17, 16), (15, 14)])
    at_same_epoch("frozen-layers-n/frozen-layers-n32768.laptop", 32768, 19, [(17, 16), (15, 14)])
    print("claim B, train error of averaged weights")
    fit_of_averaged_weights("source-size/source-size.laptop")
