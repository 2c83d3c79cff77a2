"""Gamma-Gamma: what customers spend per order, whatever the number of their orders.

The amounts of a customer are Gamma(p, rate nu), and nu ~ Gamma(q, rate gamma) varies between
customers. Parameters are given in the order p, q, gamma; gamma is an amount of money.

Fader, P. S. & Hardie, B. G. S. (2013). The gamma-gamma model of monetary value.
http://brucehardie.com/notes/025/. Below: FH.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy import special  # type: ignore[import-untyped]

from tierwise.clv.cells import Floats, Integers, distinct_values

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from tierwise.clv.order_model import Parameters

NAME = "gamma_gamma"
PARAMETER_NAMES = ("p", "q", "gamma")


@dataclass(frozen=True, eq=False)
class Spend:
    """Mean spend per order of customers who ordered.

    Attributes
    ----------
    frequency : shape (n,), orders that the mean is over, at least 1.
    mean_spend : shape (n,), mean amount of those orders, above 0.
    count : shape (n,), customers with both.

    Raises
    ------
    ValueError : arrays of unequal shape; a frequency or a count below 1; a mean that is not above 0
        and finite.
    """

    frequency: Floats
    mean_spend: Floats
    count: Floats

    def __post_init__(self) -> None:
        """Bring the arrays to doubles and refuse impossible means."""
        for name in ("frequency", "mean_spend", "count"):
            values = np.asarray(getattr(self, name), np.float64)
            object.__setattr__(self, name, values)
            if values.ndim != 1 or values.shape != self.frequency.shape:
                raise ValueError(
                    f"{name} must be one-dimensional and as long as frequency "
                    f"{self.frequency.shape}, got shape {values.shape}"
                )
        if not np.all(np.isfinite(self.frequency) & (self.frequency >= 1)):
            raise ValueError("frequency must be at least 1: leave out customers without orders")
        wrong = ~(np.isfinite(self.mean_spend) & (self.mean_spend > 0))
        if np.any(wrong):
            position = int(np.argmax(wrong))
            raise ValueError(
                "mean_spend must be above 0 and finite: leave out customers with free orders only; "
                f"got {self.mean_spend[position]:g} at position {position}"
            )
        if not np.all(np.isfinite(self.count) & (self.count >= 1)):
            raise ValueError("count must be at least 1: leave out rows without customers")

    @cached_property
    def frequencies(self) -> tuple[Floats, Integers]:
        """Distinct frequencies, ascending, and the place of each row's among them."""
        return distinct_values(self.frequency)

    def ordered(self) -> Spend:
        """Return the same rows in an order of their own, whatever order they came in."""
        order = np.lexsort((self.count, self.mean_spend, self.frequency))
        return Spend(self.frequency[order], self.mean_spend[order], self.count[order])


def log_likelihood(spend: Spend, parameters: Parameters) -> Floats:
    """FH equation 1a: log-likelihood of one customer per row, a density of money, shape (n,)."""
    p, q, gamma = parameters
    x, of_x = spend.frequencies
    total = spend.frequency * spend.mean_spend
    result: Floats = (
        -special.betaln(p * x, q)[of_x]
        - np.log(spend.mean_spend)
        - q * np.log1p(total / gamma)
        - p * spend.frequency * np.log1p(gamma / total)
    )
    return result


def objective(spend: Spend, log_parameters: Floats) -> tuple[float, Floats]:
    """Minus the mean log-likelihood per customer, and its gradient (3,) in log parameters."""
    p, q, gamma = np.exp(log_parameters).tolist()
    x, of_x = spend.frequencies
    total = spend.frequency * spend.mean_spend
    share = total / (gamma + total)
    both = special.digamma(p * x + q)
    by_x = (both - special.digamma(p * x))[of_x]
    gradient = np.array(
        [
            p * (spend.count @ (spend.frequency * (by_x - np.log1p(gamma / total)))),
            q * (spend.count @ ((both - special.digamma(q))[of_x] - np.log1p(total / gamma))),
            spend.count @ (q * share - p * spend.frequency * (1.0 - share)),
        ]
    )
    value = spend.count @ log_likelihood(spend, (p, q, gamma))
    customers = spend.count.sum()
    return -float(value / customers), -gradient / customers


def hessian(spend: Spend, log_parameters: Floats) -> Floats:
    """Second derivatives (3, 3) of the first result of ``objective``."""
    p, q, gamma = np.exp(log_parameters).tolist()
    x, of_x = spend.frequencies
    n_x = np.bincount(of_x, spend.count, len(x))
    share = spend.frequency * spend.mean_spend
    share = share / (gamma + share)
    weighted = spend.count * spend.frequency
    both = special.polygamma(1, p * x + q)
    result: Floats = np.zeros((3, 3))
    result[0, 0] = p * p * (n_x @ (x * x * (both - special.polygamma(1, p * x))))
    result[1, 0] = p * q * (n_x @ (x * both))
    result[1, 1] = q * q * (n_x @ (both - special.polygamma(1, q)))
    result[2, 0] = -p * (weighted @ (1.0 - share))
    result[2, 1] = q * (spend.count @ share)
    result[2, 2] = -((p * weighted + q * spend.count) @ (share * (1.0 - share)))
    result = np.tril(result) + np.tril(result, -1).T
    result /= -spend.count.sum()
    gradient = objective(spend, log_parameters)[1]
    # In log parameters p and q add their first derivatives; gamma has been differentiated as a log.
    result[0, 0] += gradient[0]
    result[1, 1] += gradient[1]
    return result


def spend_scale(frequency: ArrayLike, mean_spend: ArrayLike, parameters: Parameters) -> Floats:
    """Gamma + observed spend, in money: the scale of all future spend of a customer, shape (n,).

    mean_spend is not looked at where frequency is 0, and may be NaN there.
    """
    x = np.asarray(frequency, np.float64)
    observed = np.where(x > 0, x * np.where(x > 0, np.asarray(mean_spend, np.float64), 0.0), 0.0)
    return float(parameters[2]) + observed


def expected_spend(frequency: ArrayLike, mean_spend: ArrayLike, parameters: Parameters) -> Floats:
    """FH equation 5: expected mean spend per future order, in money, shape (n,).

    The population mean p gamma / (q - 1) where frequency is 0; infinite where no mean exists.
    """
    p, q = float(parameters[0]), float(parameters[1])
    below = p * np.asarray(frequency, np.float64) + q - 1.0
    scale = spend_scale(frequency, mean_spend, parameters)
    result: Floats = np.where(below > 0, p * scale / np.where(below > 0, below, 1.0), np.inf)
    return result
