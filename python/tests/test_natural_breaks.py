"""Natural breaks against brute force in exact arithmetic, a worked example and invariances."""

from __future__ import annotations

import time
from fractions import Fraction
from itertools import combinations, pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from tierwise.natural_breaks import NaturalBreaks, natural_breaks

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def classes_of(values: Floats, breaks: NaturalBreaks) -> Integers:
    """Class of each value as SQL scores it: 1 + the number of cut points strictly below it."""
    return np.searchsorted(np.array(breaks.cut_points), values, side="left").astype(np.int64) + 1


def sum_of_squares(block: list[tuple[Fraction, int]]) -> Fraction:
    """Sum of squared deviations from the mean of (value, count) pairs, without rounding."""
    weight = sum(w for _, w in block)
    mean = sum((x * w for x, w in block), Fraction(0)) / weight
    return sum((w * (x - mean) ** 2 for x, w in block), Fraction(0))


def brute_force(
    values: Floats, counts: Integers, class_count: int
) -> tuple[Fraction, list[tuple[float, ...]]]:
    """Least sum of squares over every partition, and the cut points of all that reach it."""
    table: dict[float, int] = {}
    for x, w in zip(values.tolist(), counts.tolist(), strict=True):
        if w:
            table[x] = table.get(x, 0) + w
    distinct = sorted(table)
    pairs = [(Fraction(x), table[x]) for x in distinct]
    best: Fraction | None = None
    found: list[tuple[float, ...]] = []
    for inner in combinations(range(1, len(pairs)), min(class_count, len(pairs)) - 1):
        ends = [0, *inner, len(pairs)]
        cost = sum((sum_of_squares(pairs[a:b]) for a, b in pairwise(ends)), Fraction(0))
        cuts = tuple(distinct[end - 1] for end in inner)
        if best is None or cost < best:
            best, found = cost, [cuts]
        elif cost == best:
            found.append(cuts)
    assert best is not None
    return best, found


def random_input(seed: int) -> tuple[Floats, Integers, int]:
    """A small seeded input of one of five kinds; three of them are full of ties."""
    rng = np.random.default_rng(seed)
    size = int(rng.integers(1, 13))
    kind = seed % 5
    if kind == 0:
        values = rng.integers(0, 4, size).astype(np.float64)
    elif kind == 1:
        values = rng.integers(-6, 7, size).astype(np.float64)
    elif kind == 2:
        values = np.arange(size, dtype=np.float64)
    elif kind == 3:
        values = np.exp(rng.normal(3.0, 2.0, size))
    else:
        values = 1e6 + rng.normal(0.0, 1.0, size)
    counts = rng.integers(0, 4, size) if seed % 2 else np.ones(size, dtype=np.int64)
    if not counts.any():
        counts[0] = 1
    return values, counts.astype(np.int64), int(rng.integers(1, 7))


@pytest.mark.parametrize("seed", range(300))
def test_the_optimum_of_brute_force_is_found_and_ties_go_to_the_lowest_cut_points(
    seed: int,
) -> None:
    values, counts, class_count = random_input(seed)
    least, partitions = brute_force(values, counts, class_count)

    breaks = natural_breaks(values, counts, class_count, max_values=100)

    assert breaks.is_exact
    assert breaks.value_count == counts.sum()
    assert breaks.sum_of_squares_within == pytest.approx(float(least), rel=1e-12, abs=0.0)
    # The rule for ties: compare the highest cut point first, the lowest wins.
    assert breaks.cut_points == min(partitions, key=lambda cuts: cuts[::-1])


def test_ties_occur_among_the_random_inputs() -> None:
    tied = [seed for seed in range(300) if len(brute_force(*random_input(seed))[1]) > 1]
    assert len(tied) >= 20


def test_worked_example_four_values_in_two_classes() -> None:
    # By hand: mean 7, total 9+4+4+9 = 26; {4,5} and {9,10} leave 0.5+0.5 = 1.
    breaks = natural_breaks(np.array([4.0, 5.0, 9.0, 10.0]), None, 2, 100)
    assert breaks.cut_points == (5.0,)
    assert breaks.sum_of_squares_within == 1.0
    assert breaks.sum_of_squares_total == 26.0
    assert breaks.goodness_of_variance_fit == pytest.approx(25 / 26, rel=1e-15)


def test_a_count_means_the_same_as_a_repeated_value() -> None:
    rng = np.random.default_rng(7)
    values = rng.integers(0, 60, 40).astype(np.float64)
    counts = rng.integers(1, 9, 40)
    assert natural_breaks(values, counts, 5, 100) == natural_breaks(
        np.repeat(values, counts), None, 5, 100
    )


def test_the_order_of_the_input_does_not_matter() -> None:
    rng = np.random.default_rng(11)
    values: Floats = np.round(np.exp(rng.normal(4.0, 1.5, 500)), 2).astype(np.float64)
    counts = rng.integers(1, 5, 500)
    expected = natural_breaks(values, counts, 5, 1000)
    for _ in range(5):
        order = rng.permutation(500)
        assert natural_breaks(values[order], counts[order], 5, 1000) == expected


@pytest.mark.parametrize("factor", [1e-9, 0.1, 3.0, 1e12])
def test_a_positive_factor_scales_the_cut_points(factor: float) -> None:
    rng = np.random.default_rng(13)
    values: Floats = np.exp(rng.normal(4.0, 1.5, 400)).astype(np.float64)
    plain = natural_breaks(values, None, 5, 1000)
    scaled = natural_breaks(values * factor, None, 5, 1000)
    assert scaled.cut_points == tuple(cut * factor for cut in plain.cut_points)
    assert scaled.sum_of_squares_within == pytest.approx(
        plain.sum_of_squares_within * factor**2, rel=1e-12
    )


def test_a_shift_moves_the_cut_points_along() -> None:
    rng = np.random.default_rng(17)
    values = rng.integers(0, 10_000, 400).astype(np.float64)
    plain = natural_breaks(values, None, 5, 1000)
    for shift in (-5_000.0, 1e6, 1e12):
        moved = natural_breaks(values + shift, None, 5, 1000)
        assert moved.cut_points == tuple(cut + shift for cut in plain.cut_points)
        assert moved.sum_of_squares_within == plain.sum_of_squares_within


def test_decimal_ties_are_ties_although_doubles_differ() -> None:
    # 0.3 - 0.2 < 0.2 - 0.1 as doubles; as amounts of money the gaps are equal.
    for scale in (1.0, 0.1, 0.01, 19.99):
        values = np.array([1.0, 2.0, 3.0]) * scale
        assert natural_breaks(values, None, 2, 10).cut_points == (scale,)


def test_one_huge_value_does_not_drown_the_small_ones() -> None:
    # With plain prefix sums in doubles the classes below 1e15 are lost in rounding.
    values = np.array([1.0, 2.0, 11.0, 12.0, 21.0, 22.0, 1e15])
    breaks = natural_breaks(values, None, 4, 100)
    assert breaks.cut_points == (2.0, 12.0, 22.0)
    assert breaks.sum_of_squares_within == 1.5


@pytest.mark.parametrize("scale", [1e-300, 5e-324, 1e300])
def test_extreme_magnitudes_keep_their_order(scale: float) -> None:
    values = np.array([1.0, 2.0, 11.0, 12.0]) * scale
    assert natural_breaks(values, None, 2, 100).cut_points == (2.0 * scale,)


def test_all_equal_values_are_one_class_and_fit_perfectly() -> None:
    breaks = natural_breaks(np.full(50, 19.99), None, 5, 100)
    assert breaks.cut_points == ()
    assert (breaks.class_count, breaks.distinct_value_count, breaks.value_count) == (1, 1, 50)
    assert breaks.sum_of_squares_within == 0.0
    assert breaks.goodness_of_variance_fit == 1.0


def test_fewer_distinct_values_than_classes_give_each_value_its_own_class() -> None:
    breaks = natural_breaks(np.array([5.0, 1.0, 5.0, 3.0]), None, 5, 100)
    assert breaks.cut_points == (1.0, 3.0)
    assert breaks.class_count == 3
    assert breaks.sum_of_squares_within == 0.0
    assert classes_of(np.array([1.0, 3.0, 5.0]), breaks).tolist() == [1, 2, 3]


def test_one_class_has_no_cut_point() -> None:
    breaks = natural_breaks(np.array([1.0, 2.0, 4.0]), None, 1, 100)
    assert breaks.cut_points == ()
    assert breaks.goodness_of_variance_fit == 0.0


def test_no_values_give_an_empty_result() -> None:
    empty = np.array([], dtype=np.float64)
    for values, counts in ((empty, None), (np.array([3.0]), np.array([0]))):
        breaks = natural_breaks(values, counts, 5, 100)
        assert breaks.cut_points == ()
        assert (breaks.class_count, breaks.value_count) == (0, 0)
        assert np.isnan(breaks.goodness_of_variance_fit)


def test_negative_zero_and_zero_are_one_value() -> None:
    breaks = natural_breaks(np.array([-0.0, 0.0, 1.0]), None, 2, 100)
    assert breaks.distinct_value_count == 2
    assert str(breaks.cut_points[0]) == "0.0"


@pytest.mark.parametrize(
    ("values", "counts", "class_count", "max_values", "cause"),
    [
        ([1.0, float("nan")], None, 2, 10, "values must be finite, got nan at position 1"),
        ([float("inf")], None, 2, 10, "values must be finite, got inf at position 0"),
        ([1.0, 2.0], [1, -3], 2, 10, "counts must not be negative, got -3 at position 1"),
        ([1.0, 2.0], [1], 2, 10, "counts must have the shape of values"),
        ([1.0], [0.5], 2, 10, "counts must be integers, got float64"),
        ([[1.0]], None, 2, 10, "values must be one-dimensional"),
        ([1.0], None, 0, 10, "class_count must be at least 1, got 0"),
        ([1.0], None, 5, 4, "max_values must be at least class_count"),
        ([1.0], [2**53 + 1], 2, 10, "counts must add up to at most"),
    ],
)
def test_nonsense_is_refused_by_name(
    values: object, counts: object, class_count: int, max_values: int, cause: str
) -> None:
    with pytest.raises(ValueError, match=cause.replace("*", r"\*")):
        natural_breaks(
            np.array(values),
            None if counts is None else np.array(counts),
            class_count,
            max_values,
        )


def test_above_max_values_quantile_bins_come_close_to_the_exact_partition() -> None:
    rng = np.random.default_rng(19)
    values = np.round(rng.gamma(2.0, 500.0, 6_000), 2)
    exact = natural_breaks(values, None, 5, 10_000)
    binned = natural_breaks(values, None, 5, 1_000)
    assert exact.is_exact
    assert not binned.is_exact
    assert binned.distinct_value_count == exact.distinct_value_count > 1_000
    assert set(binned.cut_points) <= set(values.tolist())
    assert binned.goodness_of_variance_fit <= exact.goodness_of_variance_fit
    assert binned.goodness_of_variance_fit == pytest.approx(
        exact.goodness_of_variance_fit, abs=1e-3
    )
    # The sum of squares is that of the values, not of the bins.
    classes = classes_of(values, binned)
    by_hand = sum(
        float(np.sum((values[classes == c] - values[classes == c].mean()) ** 2))
        for c in range(1, 6)
    )
    assert binned.sum_of_squares_within == pytest.approx(by_hand, rel=1e-9)


def test_bins_survive_one_value_that_nearly_everybody_has() -> None:
    values = np.arange(5_000, dtype=np.float64)
    counts = np.ones(5_000, dtype=np.int64)
    counts[0] = 10_000_000
    breaks = natural_breaks(values, counts, 4, 500)
    assert not breaks.is_exact
    assert len(breaks.cut_points) == 3
    assert breaks.goodness_of_variance_fit == pytest.approx(
        natural_breaks(values, counts, 4, 5_000).goodness_of_variance_fit, abs=1e-3
    )


def test_bins_hold_equally_many_and_a_frequent_value_has_its_own() -> None:
    # As many classes as bins: the cut points are the upper bounds of {0}, {1,2,3}, {4,5,6}.
    counts = np.array([1_000] + [1] * 9)
    breaks = natural_breaks(np.arange(10, dtype=np.float64), counts, 4, 4)
    assert breaks.cut_points == (0.0, 3.0, 6.0)


@pytest.mark.parametrize("max_values", [7, 100])
def test_equal_values_share_a_class(max_values: int) -> None:
    rng = np.random.default_rng(23)
    values = rng.integers(0, 50, 2_000).astype(np.float64)
    breaks = natural_breaks(values, None, 5, max_values)
    classes = classes_of(values, breaks)
    for value in np.unique(values):
        assert len(set(classes[values == value].tolist())) == 1
    assert set(classes.tolist()) == {1, 2, 3, 4, 5}


def test_twenty_thousand_distinct_values_take_seconds_at_most() -> None:
    # Generous, for slow machines: the quadratic search would need minutes.
    values = np.exp(np.random.default_rng(29).normal(4.0, 1.5, 20_000))
    started = time.perf_counter()
    breaks = natural_breaks(values, None, 5, 20_000)
    assert breaks.is_exact
    assert time.perf_counter() - started < 15.0
