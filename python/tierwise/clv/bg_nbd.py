"""BG/NBD and MBG/NBD: customers who may drop out right after an order.

While they are customers they order at a rate lambda ~ Gamma(r, rate alpha); after every repeat
order (BG/NBD), or after every order, the first too (MBG/NBD), they drop out with probability
p ~ Beta(a, b). BG/NBD cannot doubt a customer who ordered once; MBG/NBD can.

Fader, P. S., Hardie, B. G. S. & Lee, K. L. (2005). "Counting your customers" the easy way: an
alternative to the Pareto/NBD model. Marketing Science 24 (2), 275-284. Below: FHL.
Batislam, E. P., Denizel, M. & Filiztekin, A. (2007). Empirical validation and comparison of models
for customer base analysis. International Journal of Research in Marketing 24 (3), 201-209. Below:
BDF.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from scipy import special  # type: ignore[import-untyped]

from tierwise.clv.cells import weighted_sums
from tierwise.clv.order_model import Floats, Integers, OrderModel, Parameters, log_rising
from tierwise.clv.quadrature import logit_beta_rule

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from tierwise.clv.cells import Cells

# Tables of more orders than this are not added up number by number.
_MAX_ADDED = 4096


@dataclass(frozen=True)
class _Terms:
    """Log-likelihood = base(x) - x log(alpha) - (r + x) growth_T + log(1 + exp(odds)).

    growth is log(1 + t / alpha); exp(odds) are the odds that the customer dropped out after the
    last order; frequency-wise arrays have shape (distinct frequencies,), odds has shape (cells,).
    """

    base: Floats
    growth_age: Floats
    growth_recency: Floats
    odds: Floats


class BetaGeometricNBD(OrderModel):
    """The likelihood of both models; they differ in how often a customer could drop out."""

    parameter_names: ClassVar[tuple[str, str, str, str]] = ("r", "alpha", "a", "b")
    time_parameters: ClassVar[tuple[int, ...]] = (1,)
    # 1 if the first order is a chance to drop out, else 0.
    first_order_chances: ClassVar[int]

    def log_likelihood(self, cells: Cells, parameters: Parameters) -> Floats:
        """FHL section 7, BDF likewise: log-likelihood of one customer of each cell, (cells,)."""
        terms = self._terms(cells, *parameters)
        (x, of_x), (_, of_age) = cells.frequencies, cells.ages
        by_x = terms.base - x * np.log(parameters[1])
        decay = (parameters[0] + x)[of_x] * terms.growth_age[of_age]
        result: Floats = by_x[of_x] - decay + np.logaddexp(0.0, terms.odds)
        return result

    def probability_alive(self, cells: Cells, parameters: Parameters) -> Floats:
        """1 / (1 + odds of having dropped out after the last order), shape (cells,)."""
        odds = self._odds(cells, *parameters)
        result: Floats = special.expit(-odds)
        return result

    def objective(self, cells: Cells, log_parameters: Floats) -> tuple[float, Floats]:
        """Minus the mean log-likelihood per customer, and its gradient (4,) in log parameters."""
        r, alpha, a, b = np.exp(log_parameters).tolist()
        (x, of_x), (t, of_t), (age, of_age) = cells.frequencies, cells.recencies, cells.ages
        terms = self._terms(cells, r, alpha, a, b)
        n_x, n_age, orders_age = cells.count_by_frequency, cells.count_by_age, cells.orders_by_age
        weight_age = r * n_age + orders_age
        value = (
            n_x @ (terms.base - x * np.log(alpha))
            - weight_age @ terms.growth_age
            + cells.count @ np.logaddexp(0.0, terms.odds)
        )
        dropped = cells.count * special.expit(terms.odds)
        dropped_x = weighted_sums(of_x, dropped, len(x))
        by_t = (weighted_sums(of_t, w, len(t)) for w in (dropped, dropped * cells.frequency))
        by_age = (weighted_sums(of_age, w, len(age)) for w in (dropped, dropped * cells.frequency))
        (dropped_t, orders_t), (dropped_age, orders_dropped) = by_t, by_age
        share_age, share_t = age / (alpha + age), t / (alpha + t)
        chances = x + self.first_order_chances
        first_r = log_rising(r, x)[1]
        first_b, first_sum = log_rising(b, chances)[1], log_rising(a + b, chances)[1]
        gradient = np.array(
            [
                r
                * (
                    n_x @ first_r
                    - n_age @ terms.growth_age
                    + dropped_age @ terms.growth_age
                    - dropped_t @ terms.growth_recency
                ),
                -n_x @ x
                + weight_age @ share_age
                + (r * dropped_t + orders_t) @ share_t
                - (r * dropped_age + orders_dropped) @ share_age,
                -a * (n_x @ first_sum) + dropped_x.sum(),
                b * (n_x @ (first_b - first_sum)) - dropped_x @ self._share_of_b(x, b),
            ]
        )
        total = cells.count.sum()
        return -float(value / total), -gradient / total

    def hessian(self, cells: Cells, log_parameters: Floats) -> Floats:
        """Second derivatives (4, 4) of minus the mean log-likelihood in log parameters."""
        r, alpha, a, b = np.exp(log_parameters).tolist()
        (x, of_x), (t, of_t), (age, of_age) = cells.frequencies, cells.recencies, cells.ages
        terms = self._terms(cells, r, alpha, a, b)
        share_age, share_t = age / (alpha + age), t / (alpha + t)
        share_b = self._share_of_b(x, b)

        dropped = special.expit(terms.odds)
        once = cells.count * dropped
        twice = once * (1.0 - dropped)
        shape = (r + x)[of_x]
        # First derivatives of the odds; that in log a is 1.
        d_r = r * (terms.growth_age[of_age] - terms.growth_recency[of_t])
        d_alpha = shape * (share_t[of_t] - share_age[of_age])
        d_b = -share_b[of_x]
        slope = share_age * (1.0 - share_age)
        d_alpha_alpha = shape * (slope[of_age] - (share_t * (1.0 - share_t))[of_t])

        result: Floats = np.zeros((4, 4))
        first = (d_r, d_alpha, None, d_b)
        for i, one in enumerate(first):
            weighted = twice if one is None else twice * one
            for j, other in enumerate(first[: i + 1]):
                result[i, j] = weighted.sum() if other is None else weighted @ other
        result[0, 0] += once @ d_r
        result[1, 0] += r * (once @ (d_alpha / shape))
        result[1, 1] += once @ d_alpha_alpha
        result[3, 3] -= weighted_sums(of_x, once, len(x)) @ (share_b * (1.0 - share_b))

        n_x, n_age = cells.count_by_frequency, cells.count_by_age
        chances = x + self.first_order_chances
        _, first_r, second_r = log_rising(r, x)
        _, first_b, second_b = log_rising(b, chances)
        _, first_sum, second_sum = log_rising(a + b, chances)
        result[0, 0] += n_x @ (r * first_r + r * r * second_r) - r * (n_age @ terms.growth_age)
        result[1, 0] += r * (n_age @ share_age)
        result[1, 1] -= (r * n_age + cells.orders_by_age) @ slope
        result[2, 2] -= n_x @ (a * first_sum + a * a * second_sum)
        result[3, 2] -= n_x @ (a * b * second_sum)
        result[3, 3] += n_x @ (b * (first_b - first_sum) + b * b * (second_b - second_sum))
        result = np.tril(result) + np.tril(result, -1).T
        result /= -cells.count.sum()
        return result

    def alive_orders(
        self, frequency: Floats, age: Floats, horizon: Floats, parameters: Parameters
    ) -> Floats:
        """Return the expected orders of those still customers, shape (frequency, age).

        Given p, and averaged over lambda ~ Gamma(r + x, rate alpha + T), they are
        (1 - (1 + p t / (alpha + T)) ** -(r + x)) / p. Its mean over p ~ Beta(a, b + x) is taken
        numerically, because the closed form in FHL equation 10 is singular at a = 1.
        """
        r, alpha, a, b = parameters
        log_ratio = np.log(np.maximum(horizon, 1e-200)) - np.log(alpha + age)
        reach = float(np.logaddexp(0.0, log_ratio.max()))
        result = np.empty((len(frequency), len(age)))
        # Memory: some 64 MB at a time.
        rows = max(1, 8_000_000 // (400 * max(len(age), 1)))
        for start in range(0, len(frequency), rows):
            x = frequency[start : start + rows]
            nodes, weights = logit_beta_rule(a, b + x + self.first_order_chances, reach)
            log_p = -np.logaddexp(0.0, -nodes)
            growth = np.exp(np.maximum(log_p[:, None, :] + log_ratio[None, :, None], -460.0))
            orders = -np.expm1(-(r + x)[:, None, None] * np.log1p(growth)) / growth
            result[start : start + rows] = np.einsum("ijk,ik->ij", orders, weights)
        result *= np.exp(log_ratio)
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

        More than k orders come in time if the gamma-Poisson process has more than k and the
        customer stays after each of the first k. The two are independent, so the sum of FHL
        equation 8 over more than k orders is a product: of E[(1 - p) ** k] and of the tail of a
        negative binomial distribution, which is an incomplete beta function.
        """
        r, alpha, a, b = parameters
        k, x = np.asarray(orders, np.float64), np.asarray(frequency, np.float64)
        scale = alpha + np.asarray(age, np.float64)
        chances = b + x + self.first_order_chances
        stays = np.exp(special.betaln(a, chances + k) - special.betaln(a, chances))
        result: Floats = stays * special.betainc(k + 1.0, r + x, horizon / (scale + horizon))
        return result

    def alive_tails(
        self,
        orders: Integers,
        frequency: float,
        age: Floats,
        horizon: float,
        parameters: Parameters,
    ) -> Floats:
        """Return ``alive_tail`` for all ages and orders, (ages, orders), by adding up: faster."""
        r, alpha, a, b = parameters
        numbers = np.arange(int(orders.max()) + 1, dtype=np.float64)
        if numbers.size > _MAX_ADDED:
            return super().alive_tails(orders, frequency, age, horizon, parameters)
        shape, odds = r + frequency, np.log(horizon) - np.log(alpha + age)
        log_number = log_rising(shape, numbers)[0] - special.gammaln(numbers + 1.0)
        log_in, log_out = -np.logaddexp(0.0, -odds), -np.logaddexp(0.0, odds)
        exactly = np.exp(log_number + log_in[:, None] * numbers + (shape * log_out)[:, None])
        more = np.maximum(1.0 - np.cumsum(exactly, axis=1)[:, orders], 0.0)
        chances = b + frequency + self.first_order_chances
        stays = np.exp(special.betaln(a, chances + orders) - special.betaln(a, chances))
        result: Floats = stays * more
        return result

    def age_scale(self, parameters: Parameters) -> float:
        """alpha: the future depends on age through alpha + T."""
        return float(parameters[1])

    def _terms(self, cells: Cells, r: float, alpha: float, a: float, b: float) -> _Terms:
        """Evaluate the parts of the log-likelihood."""
        x = cells.frequencies[0]
        log_r = log_rising(r, x)[0]
        chances = (x + self.first_order_chances).astype(np.int64)
        # log B(a, b + n) - log B(a, b), without the cancellation.
        stays = np.log1p(a / (b + np.arange(int(chances.max(initial=0)))))
        base = log_r - np.concatenate(([0.0], np.cumsum(stays)))[chances]
        return _Terms(
            base=base,
            growth_age=np.log1p(cells.ages[0] / alpha),
            growth_recency=np.log1p(cells.recencies[0] / alpha),
            odds=self._odds(cells, r, alpha, a, b),
        )

    def _odds(self, cells: Cells, r: float, alpha: float, a: float, b: float) -> Floats:
        """Log of the second part of the likelihood over the first, (cells,); -inf if impossible."""
        (x, of_x), (t, of_t), (age, of_age) = cells.frequencies, cells.recencies, cells.ages
        chances = x + self.first_order_chances
        possible = chances > 0
        by_x = np.where(possible, np.log(a) - np.log(b + np.maximum(chances, 1.0) - 1.0), -np.inf)
        growth = np.log1p(age / alpha)[of_age] - np.log1p(t / alpha)[of_t]
        result: Floats = by_x[of_x] + (r + x)[of_x] * growth
        return result

    def _share_of_b(self, x: Floats, b: float) -> Floats:
        """Minus the derivative of the odds in log b, b / (b + chances - 1), per frequency."""
        chances = x + self.first_order_chances
        return np.where(chances > 0, b / (b + np.maximum(chances, 1.0) - 1.0), 0.0)


class _BGNBD(BetaGeometricNBD):
    name: ClassVar[str] = "bg_nbd"
    first_order_chances: ClassVar[int] = 0


class _MBGNBD(BetaGeometricNBD):
    name: ClassVar[str] = "mbg_nbd"
    first_order_chances: ClassVar[int] = 1


BG_NBD = _BGNBD()
MBG_NBD = _MBGNBD()
