from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from tierwise.clv.order_models import ORDER_MODELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

PARAMETERS = {
    "bg_nbd": np.array([0.8, 10.0, 1.2, 4.0]),
    "mbg_nbd": np.array([0.8, 10.0, 1.2, 4.0]),
    "pareto_nbd": np.array([0.8, 10.0, 1.2, 60.0]),
}
SPEND_PARAMETERS = np.array([6.25, 3.74, 15.44])


def simulate_orders(
    name: str, seed: int, parameters: Floats, ages: Floats, horizon: float
) -> tuple[Floats, Floats, Floats]:
    """Draw customers; return frequency and recency up to their ages, and orders in the horizon."""
    rng = np.random.default_rng(seed)
    n = len(ages)
    rate = rng.gamma(parameters[0], 1.0 / parameters[1], n)
    if name == "pareto_nbd":
        life = rng.exponential(1.0 / np.maximum(rng.gamma(parameters[2], 1.0, n), 1e-300))
        life *= parameters[3]
        seen = np.minimum(life, ages)
        frequency = rng.poisson(rate * seen).astype(np.float64)
        # The last of x uniform times.
        recency = seen * rng.random(n) ** (1.0 / np.maximum(frequency, 1.0))
        later = rng.poisson(rate * (np.minimum(life, ages + horizon) - seen))
        return frequency, np.where(frequency > 0, recency, 0.0), later.astype(np.float64)
    chance = rng.beta(parameters[2], parameters[3], n)
    frequency, recency, later = np.zeros(n), np.zeros(n), np.zeros(n)
    time = np.zeros(n)
    stays = np.ones(n, np.bool_) if name == "bg_nbd" else rng.random(n) >= chance
    while np.any(stays):
        who = np.flatnonzero(stays)
        time[who] += rng.exponential(1.0, len(who)) / np.maximum(rate[who], 1e-300)
        before = time[who] <= ages[who]
        frequency[who] += before
        recency[who[before]] = time[who[before]]
        within = time[who] <= ages[who] + horizon
        later[who] += within & ~before
        stays[who] = within & (rng.random(len(who)) >= chance[who])
    return frequency, recency, later


def simulate_rates_of_spend(seed: int, parameters: Floats, customers: int) -> Floats:
    """Draw the rate nu of each customer's amounts, which are Gamma(p, rate nu)."""
    rng = np.random.default_rng(seed)
    return rng.gamma(parameters[1], 1.0 / parameters[2], customers)


def simulate_spend(seed: int, parameters: Floats, rates: Floats, orders: Floats) -> Floats:
    """Draw the total amount of so many orders of each customer; 0 for no orders."""
    rng = np.random.default_rng(seed)
    totals = rng.gamma(parameters[0] * np.maximum(orders, 1e-9)) / rates
    return np.where(orders > 0, totals, 0.0)


@pytest.mark.parametrize("name", list(ORDER_MODELS))
def test_simulated_customers_order_as_often_as_the_model_expects(name: str) -> None:
    ages = np.full(200_000, 50.0)
    frequency, _, later = simulate_orders(name, 1, PARAMETERS[name], ages, 30.0)
    expected = ORDER_MODELS[name].expected_orders_new(np.array([50.0, 80.0]), PARAMETERS[name])
    for orders, mean in zip((frequency, frequency + later), expected, strict=True):
        error = orders.std() / np.sqrt(len(orders))
        assert orders.mean() == pytest.approx(mean, abs=4.0 * error)
