"""Purchase histories, counted: what the order models need to know of the customers.

Fader, P. S., Hardie, B. G. S. & Lee, K. L. (2005). "Counting your customers" the easy way: an
alternative to the Pareto/NBD model. Marketing Science 24 (2), 275-284: frequency, recency and age
are sufficient, so customers who share all three are one cell with a count.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Sums over the orders of one customer are tabulated up to the largest frequency.
MAX_FREQUENCY = 1_000_000

# Up to this many possible keys, distinct ones are found by marking instead of by sorting.
_MARKED_KEYS = 1 << 24


@dataclass(frozen=True)
class Pairs:
    """The distinct pairs of a frequency and a time, by frequency, then by time.

    Attributes
    ----------
    frequency, time : shape (pairs,), places in the distinct frequencies and in the distinct times.
    of_cell : shape (cells,), the pair of each cell.
    starts : shape (distinct frequencies + 1,); pairs starts[i]..starts[i + 1] - 1 have frequency i.
    """

    frequency: Integers
    time: Integers
    of_cell: Integers
    starts: Integers


@dataclass(frozen=True, eq=False)
class Cells:
    """Customers with equal purchase histories, with their number.

    Attributes
    ----------
    frequency : shape (cells,), repeat purchase days x, not counting the first; 0 or more.
    recency : shape (cells,), time from the first to the last purchase day t_x.
    age : shape (cells,), time from the first purchase day to the end of observation T, in the time
        unit of recency.
    count : shape (cells,), customers with this history, at least 1.

    Raises
    ------
    ValueError : arrays of unequal shape; a value that is not finite; a frequency that is not a
        whole number from 0 to a million; recency outside 0..age; a recency without a repeat
        purchase; a count that is not a whole number of at least 1.
    """

    frequency: Floats
    recency: Floats
    age: Floats
    count: Floats = field()

    def __post_init__(self) -> None:
        """Bring the arrays to doubles and refuse impossible histories."""
        for name in ("frequency", "recency", "age", "count"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), np.float64) + 0.0)
        for name in ("frequency", "recency", "age", "count"):
            values = getattr(self, name)
            if values.ndim != 1 or values.shape != self.frequency.shape:
                raise ValueError(
                    f"{name} must be one-dimensional and as long as frequency "
                    f"{self.frequency.shape}, got shape {values.shape}"
                )
            _refuse(
                ~np.isfinite(values),
                values,
                f"{name} must be finite: leave out customers without a purchase date",
            )
        x, t_x, age, count = self.frequency, self.recency, self.age, self.count
        _refuse(
            (x < 0) | (x > MAX_FREQUENCY) | (x != np.floor(x)),
            x,
            f"frequency must be a whole number from 0 to {MAX_FREQUENCY}: count repeat purchase "
            "days, without the first",
        )
        _refuse(
            (t_x < 0) | (t_x > age),
            t_x,
            "recency must lie between 0 and age: measure both from the first purchase, in one "
            "time unit, and leave out purchases after the end of observation",
        )
        _refuse(
            (x == 0) & (t_x != 0),
            t_x,
            "recency must be 0 where frequency is 0: without a repeat purchase the last purchase "
            "is the first",
        )
        _refuse(
            (count < 1) | (count != np.floor(count)),
            count,
            "count must be a whole number of at least 1: leave out cells without customers",
        )

    @classmethod
    def of(cls, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Cells:
        """One cell per customer; the three arrays have shape (customers,)."""
        x = np.asarray(frequency, np.float64)
        return cls(
            x, np.asarray(recency, np.float64), np.asarray(age, np.float64), np.ones(x.shape)
        )

    def __len__(self) -> int:
        """Return the number of cells."""
        return len(self.frequency)

    @property
    def customers(self) -> int:
        """Sum of the counts."""
        return int(self.count.sum())

    def compressed(self) -> Cells:
        """Distinct cells, ascending by frequency, recency, age: the same for any order of rows."""
        (x, i), (t, j), (age, k) = self.frequencies, self.recencies, self.ages
        key = (i * len(t) + j) * len(age) + k
        if np.all(key[1:] > key[:-1]):
            return self
        if np.all(self.count == 1.0):
            key.sort()
            last = np.flatnonzero(np.append(key[1:] != key[:-1], np.True_))
            key, count = key[last], np.diff(last, prepend=-1).astype(np.float64)
        else:
            distinct, place = np.unique(key, return_inverse=True)
            key, count = distinct, weighted_sums(place, self.count, len(distinct))
        pair, k = np.divmod(key, len(age))
        i, j = np.divmod(pair, len(t))
        return _with_places(Cells(x[i], t[j], age[k], count), (x, i), (t, j), (age, k))

    def in_unit(self, unit: float) -> Cells:
        """Return the same cells with times measured in another unit, given in the old one."""
        (x, i), (t, j), (age, k) = self.frequencies, self.recencies, self.ages
        t, age = t / unit, age / unit
        return _with_places(
            Cells(self.frequency, t[j], age[k], self.count), (x, i), (t, j), (age, k)
        )

    def subsample(self, customers: int) -> Cells:
        """About so many customers, evenly spaced in the order of the cells."""
        total = np.cumsum(self.count)
        taken = np.floor(total * (customers / total[-1]) + 0.5)
        count = np.diff(taken, prepend=0.0)
        kept = count > 0
        return Cells(self.frequency[kept], self.recency[kept], self.age[kept], count[kept])

    @cached_property
    def frequencies(self) -> tuple[Floats, Integers]:
        """Distinct frequencies, ascending, and the place of each cell's among them."""
        return distinct_values(self.frequency)

    @cached_property
    def recencies(self) -> tuple[Floats, Integers]:
        """Distinct recencies, ascending, and the place of each cell's among them."""
        return distinct_values(self.recency)

    @cached_property
    def ages(self) -> tuple[Floats, Integers]:
        """Distinct ages, ascending, and the place of each cell's among them."""
        return distinct_values(self.age)

    @cached_property
    def recency_pairs(self) -> Pairs:
        """Distinct pairs (frequency, recency)."""
        return _pairs(self.frequencies, self.recencies)

    @cached_property
    def age_pairs(self) -> Pairs:
        """Distinct pairs (frequency, age)."""
        return _pairs(self.frequencies, self.ages)

    @cached_property
    def count_by_frequency(self) -> Floats:
        """Customers of each distinct frequency."""
        return weighted_sums(self.frequencies[1], self.count, len(self.frequencies[0]))

    @cached_property
    def count_by_age(self) -> Floats:
        """Customers of each distinct age."""
        return weighted_sums(self.ages[1], self.count, len(self.ages[0]))

    @cached_property
    def orders_by_age(self) -> Floats:
        """Repeat purchase days of the customers of each distinct age."""
        orders = self.count * self.frequency
        return weighted_sums(self.ages[1], orders, len(self.ages[0]))


def weighted_sums(places: Integers, weights: Floats, length: int) -> Floats:
    """Sum of the weights (n,) that fall on each place, shape (length,)."""
    sums: Floats = np.bincount(places, weights, length).astype(np.float64, copy=False)
    return sums


def _with_places(
    cells: Cells,
    frequencies: tuple[Floats, Integers],
    recencies: tuple[Floats, Integers],
    ages: tuple[Floats, Integers],
) -> Cells:
    """Spare cells the search for distinct values that are known already."""
    vars(cells).update(frequencies=frequencies, recencies=recencies, ages=ages)
    return cells


def distinct_values(values: Floats) -> tuple[Floats, Integers]:
    """Distinct values, ascending, and the place of each value among them."""
    if values.size and values.min() >= 0 and values.max() < _MARKED_KEYS:
        whole = values.astype(np.int64)
        if np.array_equal(whole, values):
            keys, place = _distinct_keys(whole, int(whole.max()) + 1)
            return keys.astype(np.float64), place
    distinct, place = np.unique(values, return_inverse=True)
    return distinct, place.astype(np.int64)


def _refuse(wrong: NDArray[np.bool_], values: Floats, cause: str) -> None:
    """Raise with the first wrong value, if there is one."""
    if np.any(wrong):
        position = int(np.argmax(wrong))
        raise ValueError(f"{cause}; got {values[position]:g} at position {position}")


def _distinct_keys(keys: Integers, limit: int) -> tuple[Integers, Integers]:
    """Distinct keys from 0 to limit - 1, ascending, and the place of each key among them."""
    if limit > _MARKED_KEYS:
        distinct, place = np.unique(keys, return_inverse=True)
        return distinct, place.astype(np.int64)
    marked = np.zeros(limit, np.bool_)
    marked[keys] = True
    distinct = np.flatnonzero(marked).astype(np.int64)
    places = np.zeros(limit, np.int64)
    places[distinct] = np.arange(len(distinct))
    return distinct, places[keys]


def _pairs(frequencies: tuple[Floats, Integers], times: tuple[Floats, Integers]) -> Pairs:
    """Distinct pairs of frequency and time."""
    limit = len(frequencies[0]) * len(times[0])
    keys, of_cell = _distinct_keys(frequencies[1] * len(times[0]) + times[1], limit)
    frequency, time = np.divmod(keys, max(len(times[0]), 1))
    starts = np.searchsorted(frequency, np.arange(len(frequencies[0]) + 1))
    return Pairs(frequency, time, of_cell, starts.astype(np.int64))
