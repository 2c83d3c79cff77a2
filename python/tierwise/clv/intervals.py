"""Intervals of the orders and of the spend of each customer in a horizon.

Two doubts are in them. How many orders a customer with known parameters has is the distribution the
model gives. The parameters are known up to their estimation error, which is averaged over by the
third-degree spherical-radial cubature rule: 2 d equally likely points, sqrt(d) standard errors
either way along each column of a root of the covariance of the d log parameters, those of orders
and, where it is fitted, of spend.

Arasaratnam, I. & Haykin, S. (2009). Cubature Kalman filters. IEEE Transactions on Automatic Control
54 (6), 1254-1269, section V.
Czado, C., Gneiting, T. & Held, L. (2009). Predictive model assessment for count data. Biometrics 65
(4), 1254-1261: what F(y - 1) and F(y) are for.
Fader, P. S. & Hardie, B. G. S. (2013). The gamma-gamma model of monetary value.
http://brucehardie.com/notes/025/.

Tables, not exact values: per frequency, the distribution of the orders of those still customers is
tabulated at Chebyshev nodes of log(scale + age) and interpolated to the other ages; at every number
of orders up to a few dozen, then at numbers a third of a standard deviation apart at most. Spend is
tabulated at points of its logarithm. The probability of being a customer is that of each cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log, sqrt
from typing import TYPE_CHECKING

import numpy as np
from scipy import special  # type: ignore[import-untyped]

from tierwise.clv.order_models import ORDER_MODELS
from tierwise.clv.quadrature import chebyshev_nodes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike

    from tierwise.clv.cells import Cells, Floats, Integers
    from tierwise.clv.fitting import Fit

# Age nodes per frequency: so many, and more where orders are many and ages differ much.
_AGE_NODES = 16
# Points of the logarithm of spend.
_SPEND_POINTS = 160
# Up to this many orders all numbers are tabulated.
_DENSITY = 32
# Ages whose tables are held at a time.
_BLOCK_AGES = 4096
# A tail below this is none.
_NEGLIGIBLE = 1e-5


@dataclass(frozen=True)
class _Block:
    """Cells of one frequency, by age, and what they do while they are customers.

    Attributes
    ----------
    frequency : x.
    cells : shape (m,), places of the cells.
    age_place : shape (m,), place of each one's age among the distinct ages of the block.
    orders : shape (k,), ascending numbers of orders, from 0.
    tails : shape (nodes, k, points), probability of more orders.
    to_ages : shape (distinct ages, nodes), interpolates from nodes; None if the ages are the nodes.
    """

    frequency: float
    cells: Integers
    age_place: Integers
    orders: Integers
    tails: Floats
    to_ages: Floats | None


@dataclass(frozen=True)
class Intervals:
    """Bounds of the orders and of the spend of each cell, shape (cells,) each.

    Attributes
    ----------
    orders_lower, orders_upper : the smallest numbers k with F(k) at least (1 - coverage) / 2, and
        at least (1 + coverage) / 2. Numbers of orders are whole, so the interval holds more than
        the coverage, and much more where nearly everybody orders nothing.
    spend_lower, spend_upper : of the spend, as factors of the customers' scale; 0 where no spend at
        all is at least as likely, NaN without a fit of spend.
    """

    orders_lower: Integers
    orders_upper: Integers
    spend_lower: Floats
    spend_upper: Floats


class Outlook:
    """What cells do in (T, T + horizon], averaged over the doubt about the parameters.

    Parameters
    ----------
    cells : histories.
    horizon : in the time unit of the cells, above 0.
    order_fit : of a model of orders, converged.
    spend_fit : of the Gamma-Gamma model, converged. With it the cubature has the dimension of both:
        where the parameters of one are moved, those of the other are as estimated.

    Raises
    ------
    ValueError : a fit without a covariance; a horizon out of range.
    """

    def __init__(
        self, cells: Cells, horizon: float, order_fit: Fit, spend_fit: Fit | None = None
    ) -> None:
        """Choose the points, and evaluate the probability of being a customer at each."""
        if order_fit.model not in ORDER_MODELS:
            raise ValueError(
                f"fit must be of one of {', '.join(ORDER_MODELS)}, got {order_fit.model}"
            )
        if not horizon > 0:
            raise ValueError(f"horizon must be above 0, got {horizon}")
        self._model, self._cells, self._horizon = ORDER_MODELS[order_fit.model], cells, horizon
        parameters = order_fit.parameters
        dimension = len(parameters) + (len(spend_fit.parameters) if spend_fit else 0)
        self._points = _cubature(parameters, order_fit.log_covariance, dimension)
        weights = np.ones(len(self._points))
        self._spend: tuple[Floats, Floats] | None = None
        if spend_fit is not None:
            moved = _cubature(spend_fit.parameters, spend_fit.log_covariance, dimension)
            self._spend = spend_fit.parameters, moved
            # The estimate comes last: all moved parameters of spend go with it.
            self._points = np.vstack([self._points, parameters])
            weights = np.append(weights, len(moved))
        self._alive = np.empty((len(cells), len(weights)))
        for place, (point, weight) in enumerate(zip(self._points, weights, strict=True)):
            alive = self._model.probability_alive(cells, point)
            self._alive[:, place] = alive * (weight / (2.0 * dimension))

    def intervals(self, coverage: float = 0.8) -> Intervals:
        """Intervals of the orders, and of the spend if its fit is given.

        Given N = k orders, spend is spend_scale times a beta-prime variable with shapes p k and
        q + p x (Fader and Hardie 2013, section 4: the k orders are Gamma(p k, nu), and nu given the
        spend so far is Gamma(p x + q, gamma + x mean)). The factors therefore depend on the cell
        alone; ``spend_scale`` of each customer, in money, makes amounts of them.

        Where parameters of the Gamma-Gamma model are moved for their estimation error, the scale
        moves with gamma; that is taken as for a customer whose mean spend so far is the
        population's. It is exact for customers without repeat orders.

        Parameters
        ----------
        coverage : probability of the interval, between 0 and 1; 0.8 cuts off a tenth at either end.

        Raises
        ------
        ValueError : a coverage out of range.
        """
        if not 0 < coverage < 1:
            raise ValueError(f"coverage must be between 0 and 1, got {coverage}")
        levels = (1.0 - coverage) / 2.0, (1.0 + coverage) / 2.0
        number = len(self._cells)
        orders = np.zeros((2, number), np.int64)
        spend = np.full((2, number), np.nan if self._spend is None else 0.0)
        for block in self._blocks():
            search = _Search.of(self._alive, block)
            table = _at_ages(block, block.tails)
            for level, bound in zip(levels, orders, strict=True):
                some, place, share = search.first_reaching(table, level)
                before = block.orders[place - 1]
                # Between tabulated numbers the distribution is taken to grow evenly.
                value = np.ceil(before + share * (block.orders[place] - before))
                bound[block.cells[some]] = np.maximum(value, before + 1).astype(np.int64)
            if self._spend is None:
                continue
            logs, tails = _spend_tails(block, *self._spend)
            table = _at_ages(block, tails)
            for level, bound in zip(levels, spend, strict=True):
                some, place, share = search.first_reaching(table, level)
                start = logs[place - 1]
                bound[block.cells[some]] = np.exp(start + share * (logs[place] - start))
        return Intervals(orders[0], orders[1], spend[0], spend[1])

    def order_cdf(self, orders: ArrayLike) -> tuple[Floats, Floats]:
        """Predictive distribution F below and at the orders that each cell had: F(y - 1), F(y).

        At the very numbers that occur; only between ages it is interpolated. Where the model is
        right, a number drawn evenly between the two is uniform over the customers (Czado, Gneiting
        and Held 2009).

        Parameters
        ----------
        orders : shape (cells,), orders y in (T, T + horizon].

        Returns
        -------
        below, at : shape (cells,).
        """
        number = np.asarray(orders, np.int64)
        below, at = np.zeros(len(number)), np.zeros(len(number))
        for block in self._blocks(number):
            table = _at_ages(block, block.tails)
            for bound, wanted in ((below, number - 1), (at, number)):
                # Nobody has fewer than no orders: F(-1) stays 0.
                some = np.flatnonzero(wanted[block.cells] >= 0)
                chosen = block.cells[some]
                tails = table[block.age_place[some], np.searchsorted(block.orders, wanted[chosen])]
                bound[chosen] = 1.0 - np.einsum("ij,ij->i", self._alive[chosen], tails)
        return np.clip(below, 0.0, 1.0), np.clip(at, 0.0, 1.0)

    def _blocks(self, numbers: Integers | None = None) -> Iterator[_Block]:
        """Tabulate the orders of those still customers, a frequency or a part of it at a time.

        At the numbers of orders given per cell and one below, else at all that have a chance.
        """
        model, cells, points = self._model, self._cells, self._points
        (frequency, of_x), (age, _), pairs = cells.frequencies, cells.ages, cells.age_pairs
        # By frequency, then by age: cells that look at the same rows of a table are neighbours.
        by_pair = np.argsort(pairs.of_cell, kind="stable")
        members = np.split(by_pair, np.cumsum(np.bincount(of_x))[:-1])
        scale = model.age_scale(points[-1])
        highest = 8
        for place, x in enumerate(frequency.tolist()):
            first, last = pairs.starts[place], pairs.starts[place + 1]
            ages = age[pairs.time[first:last]]
            logs = np.log(scale + ages)
            # A distribution over x orders changes within 1 / sqrt(x) of the logarithm.
            number = _AGE_NODES + ceil(2.0 * float(np.ptp(logs)) * sqrt(x))
            nodes, to_ages = chebyshev_nodes(logs, number)
            node_ages = ages if to_ages is None else np.maximum(np.exp(nodes) - scale, 0.0)
            if numbers is None:
                orders, tails = self._tails(x, node_ages, highest)
                # Who ordered more before has as many to expect, mostly.
                highest = max(int(orders[-1]), highest)
            else:
                wanted = np.unique(numbers[members[place]])
                orders = np.unique(np.concatenate((np.maximum(wanted - 1, 0), wanted)))
                tails = self._every_tail(orders, x, node_ages)
            age_place = pairs.of_cell[members[place]] - first
            for start in range(0, len(ages), _BLOCK_AGES):
                end = start + _BLOCK_AGES
                inside = slice(*np.searchsorted(age_place, (start, end)).tolist())
                yield _Block(
                    frequency=x,
                    cells=members[place][inside],
                    age_place=age_place[inside] - start,
                    orders=orders,
                    tails=tails[start:end] if to_ages is None else tails,
                    to_ages=None if to_ages is None else to_ages[start:end],
                )

    def _tails(self, frequency: float, ages: Floats, highest: int) -> tuple[Integers, Floats]:
        """Tabulate numbers of orders (k,) and the probabilities of more, (ages, k, points).

        All numbers at first, then ever fewer: their distance grows with the square root of the
        number, as standard deviations do at least. The highest is at least that given, as long as
        it has a chance.
        """
        ends = np.array([ages.min(), ages.max()])
        while np.max(self._every_tail(np.array([highest]), frequency, ends)) > _NEGLIGIBLE:
            highest = highest * 3 // 2
        sparse = np.arange(ceil(sqrt(_DENSITY * highest)) + 1) ** 2 // _DENSITY
        orders = np.unique(np.concatenate((np.arange(min(highest, _DENSITY) + 1), sparse)))
        tails = self._every_tail(orders, frequency, ages)
        # One number with a negligible tail is enough, after no orders at all.
        needed = max(int(np.sum(tails.max(axis=(0, 2)) > _NEGLIGIBLE)), 1) + 1
        return orders[:needed], np.ascontiguousarray(tails[:, :needed])

    def _every_tail(self, orders: Integers, frequency: float, ages: Floats) -> Floats:
        """Probability of more orders for those still customers, shape (ages, orders, points)."""
        tails = (
            self._model.alive_tails(orders, frequency, ages, self._horizon, point)
            for point in self._points
        )
        return np.stack(list(tails), axis=2)


@dataclass(frozen=True)
class _Search:
    """Finds the columns of tables where the distributions of the cells of a block reach a level.

    The distribution of a cell at a column is 1 - the sum over the points of alive times the table.

    Attributes
    ----------
    alive : shape (m, points), probability of being a customer times weight of the point.
    age_place : shape (m,), row of each cell.
    none : shape (m,), the distribution at the first column, no orders, which is in all tables.
    """

    alive: Floats
    age_place: Integers
    none: Floats

    @classmethod
    def of(cls, alive: Floats, block: _Block) -> _Search:
        """Answer for the first column, which is that of most cells."""
        own = alive[block.cells]
        table = _at_ages(block, block.tails[:, :1])[:, 0]
        none = 1.0 - np.einsum("ij,ij->i", own, table[block.age_place])
        return cls(own, block.age_place, none)

    def first_reaching(self, table: Floats, level: float) -> tuple[Integers, Integers, Floats]:
        """Find for each cell that does not reach the level at once where it does so first.

        Parameters
        ----------
        table : shape (ages, columns, points), falling along the columns; at least two columns.

        Returns
        -------
        some : shape (s,), the places of these cells.
        place : shape (s,), the column, from 1; the last one if none reaches the level.
        share : shape (s,), how far on the way there from the column before the level is reached,
            above 0 and at most 1, as if the distribution grew evenly.
        """
        columns = table.shape[1]
        rows = table.reshape(-1, table.shape[2])
        some = np.flatnonzero(self.none < level)
        start, alive = self.age_place[some] * columns, self.alive[some]
        low, top = np.zeros(len(some), np.int64), np.full(len(some), columns - 1, np.int64)
        below, at = self.none[some], np.ones(len(some))
        open_ = np.flatnonzero(top - low > 1)
        while len(open_):
            middle = (low[open_] + top[open_]) // 2
            value = 1.0 - np.einsum("ij,ij->i", alive[open_], rows[start[open_] + middle])
            reached = value >= level
            yes, no = open_[reached], open_[~reached]
            top[yes], at[yes] = middle[reached], value[reached]
            low[no], below[no] = middle[~reached], value[~reached]
            open_ = open_[top[open_] - low[open_] > 1]
        share = np.clip((level - below) / np.maximum(at - below, 1e-12), 1e-9, 1.0)
        return some, top, share


def _cubature(parameters: Floats, log_covariance: Floats, dimension: int) -> Floats:
    """Equally likely parameters (2 d, d), as part of a rule in so many dimensions."""
    if not np.all(np.isfinite(log_covariance)):
        raise ValueError(
            "the fit has no covariance, so nothing says how sure it is: use a fit that converged"
        )
    moves = sqrt(dimension) * np.linalg.cholesky(log_covariance).T
    result: Floats = np.exp(np.log(parameters) + np.vstack([moves, -moves]))
    return result


def _spend_tails(block: _Block, parameters: Floats, moved: Floats) -> tuple[Floats, Floats]:
    """Tabulate logarithms of spend (u,) and the probabilities of more spend, (nodes, u, points).

    Spend in units of the scale; the first point stands for none, so what is above it is the
    probability of an order. Given the number of orders, the logarithm of spend has a smooth
    density, which is summed up by the trapezoidal rule. All points but the last go with the
    estimated parameters of spend, the last one with the moved ones.
    """
    # Orders between two tabulated numbers count as their mean.
    masses = block.tails[:, :-1] - block.tails[:, 1:]
    orders = (block.orders[:-1] + 1 + block.orders[1:]) / 2.0
    shape, rest = parameters[0] * orders, parameters[1] + parameters[0] * block.frequency
    centre = special.digamma(shape) - special.digamma(rest)
    wide = np.sqrt(special.polygamma(1, shape) + special.polygamma(1, rest))
    logs = np.linspace(centre[0] - 6.0 * wide[0], centre[-1] + 7.0 * wide[-1], _SPEND_POINTS)

    mean = parameters[0] * parameters[2] / max(parameters[1] - 1.0, 0.1)
    observed = block.frequency * mean
    estimated = _more_spend(logs, orders, block.frequency, parameters)
    moved_tails = np.mean(
        [
            _more_spend(
                logs - log((point[2] + observed) / (parameters[2] + observed)),
                orders,
                block.frequency,
                point,
            )
            for point in moved
        ],
        axis=0,
    )
    tails = np.empty((len(masses), len(logs), masses.shape[2]))
    for place in range(masses.shape[2]):
        table = moved_tails if place == masses.shape[2] - 1 else estimated
        tails[:, :, place] = masses[:, :, place] @ table
    tails[:, 0] = block.tails[:, 0]
    return logs, tails


def _more_spend(logs: Floats, orders: Floats, frequency: float, parameters: Floats) -> Floats:
    """Probability of spend above exp(logs) times the scale, given the orders: (orders, logs).

    The logarithm of a beta-prime variable with shapes p k and q + p x.
    """
    shape = (parameters[0] * orders)[:, None]
    rest = parameters[1] + parameters[0] * frequency
    density = np.exp(
        shape * logs - (shape + rest) * np.logaddexp(0.0, logs) - special.betaln(shape, rest)
    )
    steps = (density[:, 1:] + density[:, :-1]) / 2.0
    more = np.zeros(density.shape)
    more[:, :-1] = np.cumsum(steps[:, ::-1], axis=1)[:, ::-1]
    whole = np.maximum(more[:, :1], 1e-300)
    return more / whole


def _at_ages(block: _Block, table: Floats) -> Floats:
    """Interpolate a table from nodes (nodes, columns, points) to the ages of the block."""
    if block.to_ages is None:
        return table
    flat = block.to_ages @ table.reshape(len(table), -1)
    return flat.reshape(len(flat), *table.shape[1:])
