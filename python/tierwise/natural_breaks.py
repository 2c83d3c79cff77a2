"""Natural breaks: the best partition of one-dimensional values into classes.

The partition minimises the sum, over the classes, of the squared deviations from the class mean.
Because an optimal class of a one-dimensional partition is an interval of the sorted values,
dynamic programming over the distinct values finds it exactly.

Sources
-------
Fisher, W. D. (1958). On grouping for maximum homogeneity. Journal of the American Statistical
Association 53 (284), 789-798: the problem, and that optimal classes are contiguous.
Jenks, G. F. (1977). Optimal data classification for choropleth maps: goodness of variance fit.
Wu, X. (1991). Optimal quantization by matrix searching. Journal of Algorithms 12 (4), 663-673:
the cost obeys the quadrangle inequality, so best split points are monotone and a divide-and-conquer
search needs O(k n log n) costs.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Two partitions whose sums of squares differ by less than this share count as equally good:
# decimal amounts such as 0.1, 0.2, 0.3 are ties on paper and are not quite ties as doubles.
TIE_TOLERANCE = 1e-13

# Dekker's splitter for 53-bit doubles.
_SPLITTER = 134217729.0


@dataclass(frozen=True)
class NaturalBreaks:
    """An optimal partition of one-dimensional values.

    Attributes
    ----------
    cut_points : ascending values of the data, in the unit of the data; the inclusive upper bounds
        of all classes but the highest. The class of a value is 1 + the number of cut points
        strictly below it. One fewer than ``class_count``, or none if there are no values.
    class_count : number of classes found: the number asked for, or the number of distinct values
        (bins, if not exact) where that is smaller.
    sum_of_squares_within : sum of squared deviations from the class means, in squared data units,
        of the values themselves (not of the bins).
    sum_of_squares_total : the same with one class.
    goodness_of_variance_fit : 1 - within / total, from 0 to 1; 1 if all values are equal, NaN if
        there are no values.
    is_exact : False if the values were reduced to quantile bins first.
    distinct_value_count : number of distinct values with a positive count.
    value_count : sum of the counts.
    """

    cut_points: tuple[float, ...]
    class_count: int
    sum_of_squares_within: float
    sum_of_squares_total: float
    goodness_of_variance_fit: float
    is_exact: bool
    distinct_value_count: int
    value_count: int


def natural_breaks(
    values: Floats,
    counts: Integers | None,
    class_count: int,
    max_values: int,
) -> NaturalBreaks:
    """Partition values into the classes with the least sum of squares within.

    Parameters
    ----------
    values : shape (n,), any order, any unit; equal values may be repeated.
    counts : shape (n,), how often each value occurs; None means once each. Values with count 0
        take no part.
    class_count : number of classes asked for, at least 1.
    max_values : largest number of distinct values that is partitioned exactly, at least
        ``class_count``. Above it the values are first put into at most this many quantile bins:
        runs of neighbouring distinct values, as evenly filled as possible, where equal values
        share a bin. The bins' means are then partitioned, and a cut point is the highest value
        in its bin.

    Returns
    -------
    NaturalBreaks; with no values, no cut points and no classes.

    Notes
    -----
    Among equally good partitions (to one part in 1e13) the one with the lowest highest cut point
    is taken, then the one with the lowest second-highest cut point, and so on. The result does
    not depend on the order of the input.

    Raises
    ------
    ValueError : arrays of unequal or wrong shape; a value that is not finite; a count that is
        negative or not an integer; counts that add up to more than 2**53; ``class_count`` < 1;
        ``max_values`` < ``class_count``.
    """
    if class_count < 1:
        raise ValueError(f"class_count must be at least 1, got {class_count}")
    if max_values < class_count:
        raise ValueError(
            f"max_values must be at least class_count ({class_count}), got {max_values}"
        )
    distinct, weights = _distinct_values(values, counts)
    value_count = sum(weights)
    if not weights:
        return NaturalBreaks(
            cut_points=(),
            class_count=0,
            sum_of_squares_within=0.0,
            sum_of_squares_total=0.0,
            goodness_of_variance_fit=float("nan"),
            is_exact=True,
            distinct_value_count=0,
            value_count=0,
        )

    integers, exponent = _exact_integers(distinct)
    is_exact = len(weights) <= max_values
    if is_exact:
        bin_ends = list(range(1, len(weights) + 1))
    else:
        bin_ends = _quantile_bin_ends(weights, max_values)
    moments = _Moments(integers, weights)
    found = min(class_count, len(bin_ends))
    class_ends = [bin_ends[end - 1] for end in _best_ends(moments.at(bin_ends), found)]

    within = moments.sum_of_squares(class_ends, exponent)
    total = moments.sum_of_squares([len(weights)], exponent)
    return NaturalBreaks(
        cut_points=tuple(float(distinct[end - 1]) for end in class_ends[:-1]),
        class_count=found,
        sum_of_squares_within=within,
        sum_of_squares_total=total,
        goodness_of_variance_fit=1.0 - within / total if total > 0 else 1.0,
        is_exact=is_exact,
        distinct_value_count=len(weights),
        value_count=value_count,
    )


def _distinct_values(values: Floats, counts: Integers | None) -> tuple[Floats, list[int]]:
    """Check the input; return the distinct values, ascending, and their summed counts."""
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.ndim != 1:
        raise ValueError(f"values must be one-dimensional, got shape {numbers.shape}")
    raw_counts = np.ones(numbers.shape, np.int64) if counts is None else np.asarray(counts)
    if raw_counts.shape != numbers.shape:
        raise ValueError(
            f"counts must have the shape of values {numbers.shape}, got {raw_counts.shape}"
        )
    if raw_counts.size and not np.issubdtype(raw_counts.dtype, np.integer):
        raise ValueError(f"counts must be integers, got {raw_counts.dtype}")
    if not np.all(np.isfinite(numbers)):
        bad = int(np.flatnonzero(~np.isfinite(numbers))[0])
        raise ValueError(f"values must be finite, got {numbers[bad]} at position {bad}")
    if np.any(raw_counts < 0):
        bad = int(np.flatnonzero(raw_counts < 0)[0])
        raise ValueError(f"counts must not be negative, got {raw_counts[bad]} at position {bad}")

    used = raw_counts > 0
    # Adding 0.0 turns -0.0 into 0.0, so that the two never show up as different cut points.
    distinct, place = np.unique(numbers[used] + 0.0, return_inverse=True)
    weights = [0] * len(distinct)
    for index, count in zip(place.tolist(), raw_counts[used].tolist(), strict=True):
        weights[index] += count
    if sum(weights) > 2**53:
        raise ValueError(f"counts must add up to at most 2**53, got {sum(weights)}")
    return distinct, weights


def _exact_integers(distinct: Floats) -> tuple[list[int], int]:
    """Write every value as integer * 2**exponent without rounding; return integers, exponent."""
    mantissas, exponents = np.frexp(distinct)
    nonzero = mantissas != 0
    lowest = int(exponents[nonzero].min()) - 53 if nonzero.any() else 0
    scaled = np.ldexp(mantissas, 53).astype(np.int64).tolist()
    return [
        mantissa << (power - 53 - lowest) if mantissa else 0
        for mantissa, power in zip(scaled, exponents.tolist(), strict=True)
    ], lowest


@dataclass(frozen=True)
class _PrefixSums:
    """Prefix sums over m blocks as pairs of doubles (high, low part); each array is (m + 1,)."""

    weight: Floats
    first: tuple[Floats, Floats]
    second: tuple[Floats, Floats]


class _Moments:
    """Exact prefix sums of count, count * value and count * value**2, centred on the mean.

    Python integers carry them, because what the search compares is the small difference of two
    large sums, e.g. among many small customers beside one very large one.
    """

    def __init__(self, integers: list[int], weights: list[int]) -> None:
        centre = sum(x * w for x, w in zip(integers, weights, strict=True)) // sum(weights)
        centred = [x - centre for x in integers]
        pairs = list(zip(centred, weights, strict=True))
        self.weight = list(accumulate(weights, initial=0))
        self.first = list(accumulate((x * w for x, w in pairs), initial=0))
        self.second = list(accumulate((x * x * w for x, w in pairs), initial=0))
        # A power of two that brings every centred value to at most 1 in size.
        self.scale_bits = max((abs(x).bit_length() for x in centred), default=0)

    def at(self, ends: list[int]) -> _PrefixSums:
        """Prefix sums at the ends of blocks of values, scaled so that no value exceeds 1."""
        places = [0, *ends]
        return _PrefixSums(
            weight=np.array([self.weight[i] for i in places], dtype=np.float64),
            first=_double_pairs([self.first[i] for i in places], self.scale_bits),
            second=_double_pairs([self.second[i] for i in places], 2 * self.scale_bits),
        )

    def sum_of_squares(self, class_ends: list[int], exponent: int) -> float:
        """Sum of squares within the classes, rounded once per class; inf if it overflows."""
        parts: list[tuple[int, int]] = []
        for start, end in zip([0, *class_ends[:-1]], class_ends, strict=True):
            weight = self.weight[end] - self.weight[start]
            first = self.first[end] - self.first[start]
            second = self.second[end] - self.second[start]
            parts.append((second * weight - first * first, weight))
        shift = 2 * exponent
        try:
            return sum((n << shift) / w if shift >= 0 else n / (w << -shift) for n, w in parts)
        except OverflowError:
            return float("inf")


def _double_pairs(numbers: list[int], scale_bits: int) -> tuple[Floats, Floats]:
    """Write each integer / 2**scale_bits as a rounded double and the rounded remainder."""
    denominator = 1 << scale_bits
    highs: list[float] = []
    lows: list[float] = []
    for number in numbers:
        high = number / denominator
        top, bottom = high.as_integer_ratio()
        highs.append(high)
        lows.append((number * bottom - top * denominator) / (denominator * bottom))
    return np.array(highs, dtype=np.float64), np.array(lows, dtype=np.float64)


def _two_sum(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """Sum and its rounding error (Knuth)."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def _two_product(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """Product and its rounding error (Dekker 1971)."""
    product = a * b
    a_high = _SPLITTER * a - (_SPLITTER * a - a)
    b_high = _SPLITTER * b - (_SPLITTER * b - b)
    a_low, b_low = a - a_high, b - b_high
    error = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    return product, error


def _difference(
    pair: tuple[Floats, Floats], start: Integers, end: Integers
) -> tuple[Floats, Floats]:
    """pair[end] - pair[start] in double-double arithmetic."""
    high, error = _two_sum(pair[0][end], -pair[0][start])
    low, low_error = _two_sum(pair[1][end], -pair[1][start])
    high, error = _two_sum(high, error + low)
    return _two_sum(high, error + low_error)


def _costs(sums: _PrefixSums, start: Integers, end: Integers) -> Floats:
    """Sum of squares within blocks start..end-1, for arrays of starts and ends of one shape.

    second - first**2 / weight, in double-double arithmetic: about
    32 digits, so that the cancellation leaves a full double.
    """
    weight = sums.weight[end] - sums.weight[start]
    first, first_low = _difference(sums.first, start, end)
    second, second_low = _difference(sums.second, start, end)
    square, square_low = _two_product(first, first)
    square_low = square_low + 2.0 * first * first_low
    quotient = square / weight
    back, back_low = _two_product(quotient, weight)
    quotient_low = ((square - back) - back_low + square_low) / weight
    cost, cost_low = _two_sum(second, -quotient)
    return np.maximum(cost + (cost_low + (second_low - quotient_low)), 0.0)


def _best_ends(sums: _PrefixSums, class_count: int) -> list[int]:
    """Find the best partition of m blocks into class_count non-empty classes.

    Fisher's recursion: best(c, end) = min over start of best(c - 1, start) + cost(start, end).
    Returns class_count ascending ends, the last one m; class i holds blocks ends[i-1]..ends[i]-1.
    """
    block_count = len(sums.weight) - 1
    if class_count >= block_count:
        return list(range(1, block_count + 1))
    everything = np.arange(block_count + 1, dtype=np.int64)
    best = np.full(block_count + 1, np.inf)
    best[1:] = _costs(sums, np.zeros(block_count, np.int64), everything[1:])
    best[1] = 0.0
    layers: list[Integers] = []
    for classes in range(2, class_count + 1):
        # Only the whole range matters in the last layer.
        first_end = classes if classes < class_count else block_count
        best, starts = _next_layer(sums, best, classes, first_end)
        layers.append(starts)

    ends = [block_count]
    for starts in reversed(layers):
        ends.append(int(starts[ends[-1]]))
    return ends[::-1]


def _next_layer(
    sums: _PrefixSums, before: Floats, classes: int, first_end: int
) -> tuple[Floats, Integers]:
    """One step of the recursion, for every end from first_end to m.

    Divide and conquer, one depth of the recursion at a time: all middle ends of that depth are
    searched in one pass over arrays, each between the best starts of its neighbours. before[e] is
    the best sum of squares of blocks 0..e-1 in classes - 1 classes; both results are indexed by
    end, shape (m + 1,).
    """
    block_count = len(before) - 1
    best = np.full(block_count + 1, np.inf)
    starts = np.zeros(block_count + 1, np.int64)
    low_end = np.array([first_end], np.int64)
    high_end = np.array([block_count], np.int64)
    low_start = np.array([classes - 1], np.int64)
    high_start = np.array([block_count - 1], np.int64)
    while low_end.size:
        middle = (low_end + high_end) // 2
        last = np.minimum(high_start, middle - 1)
        lengths = last - low_start + 1
        offsets = np.cumsum(lengths) - lengths
        segment = np.repeat(np.arange(len(middle)), lengths)
        start = np.arange(int(lengths.sum())) - offsets[segment] + low_start[segment]
        end = middle[segment]
        cost = np.where(end - start == 1, 0.0, _costs(sums, start, end))
        candidate = before[start] + cost
        least = np.minimum.reduceat(candidate, offsets)
        good = np.flatnonzero(candidate <= least[segment] * (1.0 + TIE_TOLERANCE))
        # The first good candidate of each segment is the lowest start: the tie rule.
        chosen = start[good[np.searchsorted(good, offsets)]]
        best[middle] = least
        starts[middle] = chosen

        left, right = low_end < middle, middle < high_end
        low_end = np.concatenate((low_end[left], middle[right] + 1))
        high_end = np.concatenate((middle[left] - 1, high_end[right]))
        low_start = np.concatenate((low_start[left], chosen[right]))
        high_start = np.concatenate((chosen[left], high_start[right]))
    return best, starts


def _quantile_bin_ends(weights: list[int], max_bins: int) -> list[int]:
    """Find at most max_bins bins of neighbouring values, as evenly filled as possible.

    Returns their ends. Takes the smallest depth (values per bin) with which the values fit,
    filling bins from the lowest value up; a single value that occurs more often than the depth
    has a bin of its own.
    """
    running = list(accumulate(weights))

    def fill(depth: int) -> list[int] | None:
        ends: list[int] = []
        end = 0
        while end < len(running):
            if len(ends) == max_bins:
                return None
            full = (running[end - 1] if end else 0) + depth
            end = max(bisect_right(running, full, end), end + 1)
            ends.append(end)
        return ends

    too_small, enough = 0, running[-1]
    best = [len(running)]
    while enough - too_small > 1:
        depth = (too_small + enough) // 2
        ends = fill(depth)
        if ends is None:
            too_small = depth
        else:
            enough, best = depth, ends
    return best
