"""Pareto/NBD: customers who may drop out at any moment.

While they are customers they order at a rate lambda ~ Gamma(r, rate alpha); they drop out at a rate
mu ~ Gamma(s, rate beta).

Schmittlein, D. C., Morrison, D. G. & Colombo, R. (1987). Counting your customers: who are they and
what will they do next? Management Science 33 (1), 1-24. Below: SMC.
Fader, P. S. & Hardie, B. G. S. (2005). A note on deriving the Pareto/NBD model and related
expressions. http://brucehardie.com/notes/009/. Below: FH.
Fader, P. S., Hardie, B. G. S. & Lee, K. L. (2005). RFM and CLV: using iso-value curves for customer
base analysis. Journal of Marketing Research 42 (4), 415-430. Below: FHL.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import ceil, sqrt
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from scipy import special  # type: ignore[import-untyped]

from tierwise.clv.cells import weighted_sums
from tierwise.clv.order_model import Floats, OrderModel, Parameters, at_pairs, log_rising
from tierwise.clv.quadrature import interpolation_nodes, logit_beta_rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike

    from tierwise.clv.cells import Cells, Pairs
    from tierwise.clv.order_model import Integers

# Gauss-Legendre quadrature: points of a panel, panels for a smooth function, and how many standard
# deviations of a density a panel spans.
_PANEL_POINTS = 32
_SMOOTH_PANELS = 3
_PANEL_WIDTH = 10.0
# Numbers held at a time while a table is made.
_CHUNK = 4_000_000
# Numbers of a table of shares at a time: what a core keeps near itself.
_SHARES = 200_000
# Places of the upper triangle of a matrix of second derivatives.
_UPPER = np.triu_indices(4)


@dataclass(frozen=True)
class _Part:
    """One of the two parts of the likelihood, on distinct pairs of frequency and time.

    value : shape (pairs,), logarithm, without the factors that both parts share.
    gradient : shape (pairs, 4), in log parameters.
    curvature : shape (pairs, 10), second derivatives in log parameters: the upper triangle, row
        after row; no columns unless asked for.
    """

    value: Floats
    gradient: Floats
    curvature: Floats


class ParetoNBD(OrderModel):
    """Pareto/NBD with parameters r, alpha, s, beta.

    Given lambda and mu, the likelihood (SMC; FH section 3) is lambda ** x times

        lambda / (lambda + mu) exp(-(lambda + mu) T) + mu / (lambda + mu) exp(-(lambda + mu) t_x).

    Averaged over the gamma distributions, each part is (alpha + t) ** -(r + x) (beta + t) ** -s at
    its t times an expected share, lambda / (lambda + mu) or mu / (lambda + mu), where
    lambda ~ Gamma(r + x, alpha + t) and mu ~ Gamma(s, beta + t). FH give the shares as Gaussian
    hypergeometric functions; here they are expectations over a beta distribution. Both parts are
    positive, so nothing cancels.
    """

    name: ClassVar[str] = "pareto_nbd"
    parameter_names: ClassVar[tuple[str, str, str, str]] = ("r", "alpha", "s", "beta")
    time_parameters: ClassVar[tuple[int, ...]] = (1, 3)

    def log_likelihood(self, cells: Cells, parameters: Parameters) -> Floats:
        """FH equation 18: log-likelihood of one customer per cell, shape (cells,)."""
        by_x = _base(cells, parameters)[0]
        active, dropped = _parts(cells, parameters)
        result: Floats = by_x[cells.frequencies[1]] + np.logaddexp(
            active.value[cells.age_pairs.of_cell], dropped.value[cells.recency_pairs.of_cell]
        )
        return result

    def probability_alive(self, cells: Cells, parameters: Parameters) -> Floats:
        """FH equations 36-37: probability of not having dropped out by T, shape (cells,)."""
        if not len(cells):
            return np.zeros(0)
        (x, _), by_age, by_recency = cells.frequencies, cells.age_pairs, cells.recency_pairs
        active = np.exp(_log_share(x, cells.ages[0], by_age, parameters, sign=-1.0))
        dropped = _log_share(x, cells.recencies[0], by_recency, parameters, sign=1.0)
        dropped += _decay(x, cells.recencies[0], by_recency, parameters)
        whole = _decay(x, cells.ages[0], by_age, parameters)
        # Both parts over the whole; beyond exp(700) doubles run over.
        odds = dropped[by_recency.of_cell] - whole[by_age.of_cell]
        parts = active[by_age.of_cell] + np.exp(np.minimum(odds, 700.0))
        # At t_x = T they are the whole up to rounding.
        return np.minimum(1.0 / parts, 1.0)

    def objective(self, cells: Cells, log_parameters: Floats) -> tuple[float, Floats]:
        """Minus the mean log-likelihood per customer, and its gradient (4,) in log parameters."""
        parameters = np.exp(log_parameters)
        by_x, by_x_gradient = _base(cells, parameters)
        active, dropped = _parts(cells, parameters)
        of_active, of_dropped = cells.age_pairs.of_cell, cells.recency_pairs.of_cell
        log_active = active.value[of_active]
        odds = dropped.value[of_dropped] - log_active
        n_x = cells.count_by_frequency
        value = n_x @ by_x + cells.count @ (log_active + np.logaddexp(0.0, odds))
        weight = cells.count * special.expit(odds)
        gradient = (
            n_x @ by_x_gradient
            + weighted_sums(of_active, cells.count - weight, len(active.value)) @ active.gradient
            + weighted_sums(of_dropped, weight, len(dropped.value)) @ dropped.gradient
        )
        total = cells.count.sum()
        return -float(value / total), -gradient / total

    def hessian(self, cells: Cells, log_parameters: Floats) -> Floats:
        """Second derivatives (4, 4) of the first result of ``objective``, in closed form."""
        parameters = np.exp(log_parameters)
        active, dropped = _parts(cells, parameters, curved=True)
        of_active, of_dropped = cells.age_pairs.of_cell, cells.recency_pairs.of_cell
        share = special.expit(dropped.value[of_dropped] - active.value[of_active])
        weight = cells.count * share
        upper = (
            weighted_sums(of_active, cells.count - weight, len(active.value)) @ active.curvature
            + weighted_sums(of_dropped, weight, len(dropped.value)) @ dropped.curvature
        )
        result = np.zeros((4, 4))
        result[_UPPER] = upper
        result += np.triu(result, 1).T
        # The parts add up, so their logarithm bends by how far their slopes are apart.
        apart = dropped.gradient[of_dropped] - active.gradient[of_active]
        result += apart.T @ ((weight * (1.0 - share))[:, None] * apart)
        _, first, second = log_rising(parameters[0], cells.frequencies[0])
        by_x = parameters[0] ** 2 * second + parameters[0] * first
        result[0, 0] += cells.count_by_frequency @ by_x
        mean: Floats = -result / cells.count.sum()
        return mean

    def alive_orders(
        self, frequency: Floats, age: Floats, horizon: Floats, parameters: Parameters
    ) -> Floats:
        """Return the expected orders of those still customers, (frequency, age): FH equation 41.

        (r + x) / (alpha + T) times the expected time they stay,
        (beta + T) / (s - 1) (1 - ((beta + T) / (beta + T + t)) ** (s - 1)), or its limit at s = 1.
        """
        r, alpha, s, beta = parameters
        growth = np.log1p(horizon / (beta + age))
        # (1 - exp(-(s - 1) g)) / (s - 1), by the sign that keeps exp from running over.
        change = (1.0 - s) * growth
        factor = special.exprel(-np.abs(change)) * np.exp(np.maximum(change, 0.0))
        time = (beta + age) * growth * factor
        result: Floats = (r + frequency)[:, None] * (time / (alpha + age))
        return result

    def alive_tail(
        self,
        orders: ArrayLike,
        frequency: ArrayLike,
        age: ArrayLike,
        horizon: float,
        parameters: Parameters,
    ) -> Floats:
        """Probability of more orders than so many, for those still customers.

        As in ``alive_tails``, frequency by frequency and age by age.
        """
        k, x, span = np.broadcast_arrays(orders, frequency, np.asarray(age, np.float64))
        result = np.empty(k.shape)
        (number, of_number), (distinct_x, of_x) = (
            np.unique(values, return_inverse=True) for values in (k, x)
        )
        for place, value in enumerate(distinct_x.tolist()):
            chosen = of_x.reshape(k.shape) == place
            ages, of_age = np.unique(span[chosen], return_inverse=True)
            table = self.alive_tails(number, value, ages, horizon, parameters)
            result[chosen] = table[of_age, of_number.reshape(k.shape)[chosen]]
        return result

    def alive_tails(
        self,
        orders: Integers,
        frequency: float,
        age: Floats,
        horizon: float,
        parameters: Parameters,
    ) -> Floats:
        """Return ``alive_tail`` of one frequency for all ages (m,) and orders (k,), shape (m, k).

        The time until order k + 1 is alpha + T times a beta-prime variable with shapes k + 1 and
        r + x; at that time y the customer must still be one, with probability
        ((beta + T) / (beta + T + y)) ** s. The density times that is integrated up to the horizon
        in log(1 + y / scale), by Gauss-Legendre quadrature with panels enough for the
        sharpest density.
        """
        r, alpha, s, beta = parameters
        shape, k = r + frequency, np.asarray(orders, np.float64)
        scale = alpha + age
        unit = np.minimum(scale / max(shape, 1.0), beta + age)
        last = np.log1p(horizon / unit)
        sharpness = 1.0 / sqrt(1.0 / (float(k.max()) + 1.0) + 1.0 / (shape + 1.0))
        points, weights = _legendre(1 + ceil(float(last.max()) * sharpness / _PANEL_WIDTH))
        constant = -special.betaln(k + 1.0, shape)
        result = np.empty((len(age), len(k)))
        columns = max(1, _CHUNK // len(points))
        rows = max(1, _CHUNK // (len(points) * min(len(k), columns)))
        for start in range(0, len(age), rows):
            part = slice(start, start + rows)
            grid = last[part, None] * points
            time = np.expm1(grid) * unit[part, None]
            ratio = np.maximum(time / scale[part, None], 1e-300)
            shared = grid - (shape + 1.0) * np.log1p(ratio)
            shared -= s * np.log1p(time / (beta + age[part, None]))
            growth = np.log(ratio) - np.log1p(ratio)
            for first in range(0, len(k), columns):
                some = slice(first, first + columns)
                density = k[some, None] * growth[:, None, :]
                density += constant[some, None] + shared[:, None, :]
                np.exp(density, out=density)
                result[part, some] = (density @ weights) * (last * unit / scale)[part, None]
        return np.minimum(result, 1.0)

    def age_scale(self, parameters: Parameters) -> float:
        """Return the smaller of alpha and beta, as the future depends on alpha + T and beta + T."""
        return float(min(parameters[1], parameters[3]))

    def discounted_residual_orders(
        self, cells: Cells, parameters: Parameters, discount_rate: float
    ) -> Floats:
        """Return all expected future orders, discounted, after FHL: shape (cells,).

        FHL call them DET, later papers DERT. discount_rate d is continuous, per time unit, above 0.
        With beta' = beta + T, the confluent hypergeometric function of the second kind enters as
        (d beta') ** (s - 1) Psi(s, s, d beta') = integral of exp(-d beta' v) (1 + v) ** -s dv,
        which is integrated in log(1 + v).
        """
        r, alpha, s, beta = parameters
        (x, _), (age, _), pairs = cells.frequencies, cells.ages, cells.age_pairs
        decay = discount_rate * (beta + age)
        # Beyond this the integrand is below exp(-40).
        last = np.minimum(np.log1p(40.0 / decay), 40.0 / max(s - 1.0, 1e-9))
        points, weights = _legendre(_SMOOTH_PANELS)
        grid = last[:, None] * points
        integrand = np.exp(-decay[:, None] * np.expm1(grid) + (1.0 - s) * grid)
        psi = (integrand @ weights) * last
        by_pair = (r + x)[pairs.frequency] * (psi * (beta + age) / (alpha + age))[pairs.time]
        result: Floats = self.probability_alive(cells, parameters) * by_pair[pairs.of_cell]
        return result


def _base(cells: Cells, parameters: Parameters) -> tuple[Floats, Floats]:
    """Logarithm of what both parts share, per distinct frequency, and its gradient (., 4)."""
    r, alpha = parameters[0], parameters[1]
    x = cells.frequencies[0]
    value, first, _ = log_rising(r, x)
    gradient = np.zeros((len(x), 4))
    gradient[:, 0] = r * first
    gradient[:, 1] = -x
    return value - x * np.log(alpha), gradient


def _decay(x: Floats, time: Floats, pairs: Pairs, parameters: Parameters) -> Floats:
    """Log of (1 + t / alpha) ** -(r + x) (1 + t / beta) ** -s, shape (pairs,)."""
    r, alpha, s, beta = parameters
    by_time = np.log1p(time / alpha)[pairs.time]
    result: Floats = -(r + x)[pairs.frequency] * by_time - s * np.log1p(time / beta)[pairs.time]
    return result


def _parts(cells: Cells, parameters: Parameters, *, curved: bool = False) -> tuple[_Part, _Part]:
    """Both parts of the likelihood: still a customer at T, dropped out between t_x and T."""
    if not len(cells):
        none = _Part(np.zeros(0), np.zeros((0, 4)), np.zeros((0, 10)))
        return none, none
    x, (ages, _), (recencies, _) = cells.frequencies[0], cells.ages, cells.recencies
    return (
        _part(x, (ages, cells.age_pairs), parameters, sign=-1.0, curved=curved),
        _part(x, (recencies, cells.recency_pairs), parameters, sign=1.0, curved=curved),
    )


def _part(
    x: Floats, times: tuple[Floats, Pairs], parameters: Parameters, *, sign: float, curved: bool
) -> _Part:
    """Evaluate the decay times the expected share of mu (sign 1) or of lambda (sign -1)."""
    (time, pairs), (r, alpha, s, beta) = times, parameters
    log_ratio = np.log(alpha + time) - np.log(beta + time)
    nodes, matrix = interpolation_nodes(log_ratio)
    shares = at_pairs(_shares(s, r + x, nodes, sign, curved=curved), matrix, pairs)

    share_alpha = (alpha / (alpha + time))[pairs.time]
    share_beta = (beta / (beta + time))[pairs.time]
    shape = (r + x)[pairs.frequency]
    slope_r = shares[:, 1] - np.log1p(time / alpha)[pairs.time]
    slope_s = shares[:, 2] - np.log1p(time / beta)[pairs.time]
    slope_v = shares[:, 3]
    gradient = np.empty((len(pairs.time), 4))
    gradient[:, 0] = r * slope_r
    gradient[:, 1] = shape * (1.0 - share_alpha) + slope_v * share_alpha
    gradient[:, 2] = s * slope_s
    gradient[:, 3] = s * (1.0 - share_beta) - slope_v * share_beta

    curvature = np.empty((len(pairs.time), 10 if curved else 0))
    if curved:
        rr, rs, rv, ss, sv, vv = shares[:, 4:].T
        curvature[:, 0] = r * (slope_r + r * rr)
        curvature[:, 1] = r * (1.0 - share_alpha + rv * share_alpha)
        curvature[:, 2] = r * s * rs
        curvature[:, 3] = -r * rv * share_beta
        curvature[:, 4] = share_alpha * ((slope_v - shape) * (1.0 - share_alpha) + vv * share_alpha)
        curvature[:, 5] = s * sv * share_alpha
        curvature[:, 6] = -vv * share_alpha * share_beta
        curvature[:, 7] = s * (slope_s + s * ss)
        curvature[:, 8] = s * (1.0 - share_beta - sv * share_beta)
        curvature[:, 9] = share_beta * (vv * share_beta - (slope_v + s) * (1.0 - share_beta))
    return _Part(_decay(x, time, pairs, parameters) + shares[:, 0], gradient, curvature)


def _log_share(
    x: Floats, time: Floats, pairs: Pairs, parameters: Parameters, sign: float
) -> Floats:
    """Log of the expected share of mu (sign 1) or of lambda (sign -1), shape (pairs,)."""
    r, alpha, s, beta = parameters
    nodes, matrix = interpolation_nodes(np.log(alpha + time) - np.log(beta + time))
    shares = np.empty((len(x), len(nodes)))
    for part, y, weights in _rules(s, r + x, nodes):
        share = _share(y, nodes, sign)
        shares[part] = np.log((share @ weights[:, :, None])[:, :, 0])
    return at_pairs(shares, matrix, pairs)


def _shares(s: float, shapes: Floats, log_ratio: Floats, sign: float, *, curved: bool) -> Floats:
    """Log of the expected share of a rate, and its derivatives, shape (shapes, ratios, 4 or 10).

    With p ~ Beta(s, r + x) and Y = log(p / (1 - p)), mu / (lambda + mu) is 1 / (1 + exp(-(Y + v)))
    where v = log((alpha + t) / (beta + t)); lambda's share has the other sign. The columns are the
    logarithm and its derivatives in r, in s and in v; then, if asked for, the second derivatives
    rr, rs, rv, ss, sv and vv.
    """
    result = np.empty((len(shapes), len(log_ratio), 10 if curved else 4))
    for part, y, weights in _rules(s, shapes, log_ratio):
        score_s, score_r = -np.logaddexp(0.0, -y), -np.logaddexp(0.0, y)
        score_s -= np.sum(weights * score_s, axis=1, keepdims=True)
        score_r -= np.sum(weights * score_r, axis=1, keepdims=True)
        by_r, by_s = weights * score_r, weights * score_s
        columns = [weights, by_r, by_s]
        if curved:
            # The density bends by the product of its scores, less what that is on average.
            products = (by_r * score_r, by_r * score_s, by_s * score_s)
            columns += [of - weights * np.sum(of, axis=1, keepdims=True) for of in products]
        share = _share(y, log_ratio, sign)
        sums = share @ np.stack(columns, axis=2)
        expected = sums[:, :, :1]
        sums = sums[:, :, 1:] / expected
        squares = share * share
        squared = squares @ np.stack([weights, by_r, by_s] if curved else [weights], axis=2)
        squared /= expected
        into = result[part]
        into[:, :, 0] = np.log(expected[:, :, 0])
        into[:, :, 1:3] = sums[:, :, :2]
        into[:, :, 3] = sign * (1.0 - squared[:, :, 0])
        if curved:
            squares *= share
            cubed = (squares @ weights[:, :, None])[:, :, 0] / expected[:, :, 0]
            of_r, of_s, of_v = into[:, :, 1], into[:, :, 2], into[:, :, 3]
            into[:, :, 4] = sums[:, :, 2] - of_r * of_r
            into[:, :, 5] = sums[:, :, 3] - of_r * of_s
            into[:, :, 6] = sign * (of_r - squared[:, :, 1]) - of_r * of_v
            into[:, :, 7] = sums[:, :, 4] - of_s * of_s
            into[:, :, 8] = sign * (of_s - squared[:, :, 2]) - of_s * of_v
            into[:, :, 9] = 1.0 - 3.0 * squared[:, :, 0] + 2.0 * cubed - of_v * of_v
    return result


def _share(y: Floats, log_ratio: Floats, sign: float) -> Floats:
    """1 / (1 + exp(-sign (y + v))) for shapes (m, n) and (k,), shape (m, k, n).

    The exponential of the sum is a product, which is faster than an exponential for each.
    """
    with np.errstate(over="ignore"):
        share: Floats = np.exp(-sign * y)[:, None, :] * np.exp(-sign * log_ratio)[:, None]
    share += 1.0
    return np.reciprocal(share, out=share)


def _rules(s: float, shapes: Floats, log_ratio: Floats) -> Iterator[tuple[slice, Floats, Floats]]:
    """Quadrature over Y for some shapes at a time: which, nodes (m, n), weights (m, n)."""
    reach = float(np.max(np.abs(log_ratio)))
    start = 0
    rows = 1
    while start < len(shapes):
        part = slice(start, start + rows)
        y, weights = logit_beta_rule(s, shapes[part], reach)
        yield part, y, weights
        start += rows
        rows = max(1, _SHARES // (y.shape[1] * len(log_ratio)))


@cache
def _legendre(panels: int) -> tuple[Floats, Floats]:
    """Points and weights of Gauss-Legendre quadrature from 0 to 1, in so many equal panels."""
    points, weights = np.polynomial.legendre.leggauss(_PANEL_POINTS)
    places = np.arange(panels)[:, None] + (points + 1.0) / 2.0
    return places.reshape(-1) / panels, np.tile(weights / 2.0 / panels, panels)


PARETO_NBD = ParetoNBD()
