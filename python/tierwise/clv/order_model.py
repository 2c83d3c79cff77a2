"""What the three models of orders have in common.

Each customer orders at random at a rate of their own until they drop out for good, which nobody
sees. So everything about the future of a customer with history (x, t_x, T) is the probability that
they are still customers, which depends on all three, times what such a customer does, which depends
on x and T alone. A new customer is the history (0, 0, 0).

One time unit throughout. Special functions are evaluated once per distinct value, and functions of
frequency and age are interpolated in age where there are many ages.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tierwise.clv.cells import Cells, Pairs
from tierwise.clv.quadrature import interpolation_nodes

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Parameters = Sequence[float] | Floats

# The only customer there is to look at when a new one is meant.
_NEW = Cells.of([0.0], [0.0], [0.0])


class OrderModel(ABC):
    """A model of repeat orders with four positive parameters.

    Parameters are given in the order of ``parameter_names``, in the time unit of the cells.
    """

    name: ClassVar[str]
    parameter_names: ClassVar[tuple[str, str, str, str]]
    # Places of the parameters that are times; the others have no unit.
    time_parameters: ClassVar[tuple[int, ...]]

    @abstractmethod
    def log_likelihood(self, cells: Cells, parameters: Parameters) -> Floats:
        """Log-likelihood of one customer of each cell, shape (cells,)."""

    @abstractmethod
    def objective(self, cells: Cells, log_parameters: Floats) -> tuple[float, Floats]:
        """Minus the mean log-likelihood per customer, and its gradient (4,) in log parameters."""

    @abstractmethod
    def hessian(self, cells: Cells, log_parameters: Floats) -> Floats:
        """Second derivatives (4, 4) of the first result of ``objective``."""

    @abstractmethod
    def probability_alive(self, cells: Cells, parameters: Parameters) -> Floats:
        """Probability that a customer has not dropped out by the end of observation, (cells,)."""

    @abstractmethod
    def alive_orders(
        self, frequency: Floats, age: Floats, horizon: Floats, parameters: Parameters
    ) -> Floats:
        """Return the expected orders in the horizon of those still customers at its start.

        frequency has shape (m,); age and horizon have shape (k,); the result has shape (m, k).
        """

    @abstractmethod
    def alive_tail(
        self,
        orders: ArrayLike,
        frequency: ArrayLike,
        age: ArrayLike,
        horizon: float,
        parameters: Parameters,
    ) -> Floats:
        """Probability of more orders than so many (0 or more), for those still customers.

        orders, frequency and age have shapes that fit each other; so has the result.
        """

    def alive_tails(
        self,
        orders: Integers,
        frequency: float,
        age: Floats,
        horizon: float,
        parameters: Parameters,
    ) -> Floats:
        """Return ``alive_tail`` of a frequency for all ages (m,) and orders (k,): (m, k)."""
        return self.alive_tail(orders, frequency, age[:, None], horizon, parameters)

    @abstractmethod
    def age_scale(self, parameters: Parameters) -> float:
        """Time that, added to the age, makes the future smooth in the logarithm of the sum."""

    def conditional_expected_orders(
        self, cells: Cells, parameters: Parameters, horizon: float
    ) -> Floats:
        """Return the expected orders in (T, T + horizon], shape (cells,)."""
        return self._weighted_orders(cells, parameters, np.array([horizon]), np.ones(1))

    def discounted_expected_orders(
        self,
        cells: Cells,
        parameters: Parameters,
        horizon: float,
        discount_rate: float,
        steps: int = 52,
    ) -> Floats:
        """Return the expected orders in (T, T + horizon], each discounted to T, shape (cells,).

        discount_rate is continuous, per time unit: log(1 + annual rate) / 365.25 for days. The
        horizon is cut into equal steps; the orders of a step are discounted from its middle.
        """
        ends: Floats = np.arange(1, steps + 1) * np.float64(horizon / steps)
        discounts = np.exp(-discount_rate * (ends - horizon / steps / 2.0))
        # Summation by parts: discounts times growth is expectations times the fall of discounts.
        return self._weighted_orders(
            cells, parameters, ends, discounts - np.append(discounts[1:], 0.0)
        )

    def conditional_orders_pmf(
        self, cells: Cells, parameters: Parameters, horizon: float, orders: ArrayLike
    ) -> Floats:
        """Probability of exactly so many orders in (T, T + horizon], shape (cells,).

        orders is one number, or one per cell.
        """
        number = np.broadcast_to(np.asarray(orders, np.int64), (len(cells),))
        more, at_least = (
            self.conditional_tail(cells, parameters, horizon, k) for k in (number, number - 1)
        )
        return np.maximum(at_least - more, 0.0)

    def conditional_tail(
        self, cells: Cells, parameters: Parameters, horizon: float, orders: ArrayLike
    ) -> Floats:
        """Probability of more than so many orders in (T, T + horizon], shape (cells,).

        orders is one number, or one per cell; below 0 the probability is 1.
        """
        number = np.broadcast_to(np.asarray(orders, np.int64), (len(cells),))
        key = (number + 1) * len(cells.age_pairs.time) + cells.age_pairs.of_cell
        distinct, place = np.unique(key, return_inverse=True)
        above, pair = np.divmod(distinct, max(len(cells.age_pairs.time), 1))
        tail = self.alive_tail(
            np.maximum(above - 1, 0),
            cells.frequencies[0][cells.age_pairs.frequency[pair]],
            cells.ages[0][cells.age_pairs.time[pair]],
            horizon,
            parameters,
        )
        alive = self.probability_alive(cells, parameters)
        return np.where(number < 0, 1.0, alive * tail[place])

    def probability_of_order(self, cells: Cells, parameters: Parameters, horizon: float) -> Floats:
        """Probability of at least one order in (T, T + horizon], shape (cells,)."""
        (frequency, _), (age, _), pairs = cells.frequencies, cells.ages, cells.age_pairs
        tail = self.alive_tail(0, frequency[pairs.frequency], age[pairs.time], horizon, parameters)
        return self.probability_alive(cells, parameters) * tail[pairs.of_cell]

    def expected_orders_new(self, ages: ArrayLike, parameters: Parameters) -> Floats:
        """Return the expected repeat orders of a new customer by each age, shape (ages,)."""
        horizon = np.asarray(ages, np.float64)
        alive = self.probability_alive(_NEW, parameters)
        zeros = np.zeros(horizon.shape)
        result: Floats = alive * self.alive_orders(np.zeros(1), zeros, horizon, parameters)[0]
        return result

    def orders_pmf_new(self, orders: ArrayLike, age: float, parameters: Parameters) -> Floats:
        """Probability of exactly so many repeat orders of a new customer by an age, (orders,)."""
        number = np.atleast_1d(np.asarray(orders, np.int64))
        new = np.zeros(len(number))
        return self.conditional_orders_pmf(Cells.of(new, new, new), parameters, age, number)

    def _weighted_orders(
        self, cells: Cells, parameters: Parameters, horizons: Floats, weights: Floats
    ) -> Floats:
        """Sum of the expected orders in several horizons, times weights, shape (cells,)."""
        if not len(cells):
            return np.zeros(0)
        (frequency, _), (age, _) = cells.frequencies, cells.ages
        scale = self.age_scale(parameters)
        nodes, matrix = interpolation_nodes(np.log(scale + age))
        grid_age = age if matrix is None else np.maximum(np.exp(nodes) - scale, -0.5 * scale)
        grid = np.zeros((len(frequency), len(grid_age)))
        for horizon, weight in zip(horizons.tolist(), weights.tolist(), strict=True):
            whole = np.full(len(grid_age), horizon)
            grid += weight * self.alive_orders(frequency, grid_age, whole, parameters)
        by_pair = at_pairs(grid, matrix, cells.age_pairs)
        return self.probability_alive(cells, parameters) * by_pair[cells.age_pairs.of_cell]


def at_pairs(grid: Floats, matrix: Floats | None, pairs: Pairs) -> Floats:
    """Interpolate from distinct frequencies and time nodes to pairs.

    Parameters
    ----------
    grid : shape (distinct frequencies, nodes) or (distinct frequencies, nodes, q).
    matrix : shape (distinct times, nodes), as from ``interpolation_nodes``.

    Returns
    -------
    Shape (pairs,) or (pairs, q).
    """
    if matrix is None:
        result: Floats = grid[pairs.frequency, pairs.time]
        return result
    result = np.empty((len(pairs.time), *grid.shape[2:]))
    for place, (start, end) in enumerate(zip(pairs.starts[:-1], pairs.starts[1:], strict=True)):
        result[start:end] = matrix[pairs.time[start:end]] @ grid[place]
    return result


def log_rising(shape: float, numbers: Floats) -> tuple[Floats, Floats, Floats]:
    """Logarithm of the rising factorial shape (shape + 1) ... (shape + n - 1), with derivatives.

    Equals log Gamma(shape + n) - log Gamma(shape), which cancels for large shapes; the sum does
    not. numbers has shape (m,), whole; so have the value and its two derivatives in shape.
    """
    place = numbers.astype(np.int64)
    terms = shape + np.arange(int(place.max(initial=0)))
    sums = (np.log(terms), 1.0 / terms, -1.0 / terms**2)
    value, first, second = (np.concatenate(([0.0], np.cumsum(s)))[place] for s in sums)
    return value, first, second
