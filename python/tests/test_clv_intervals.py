from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import special
from test_clv_simulation import (
    PARAMETERS,
    SPEND_PARAMETERS,
    simulate_orders,
    simulate_rates_of_spend,
    simulate_spend,
)
from tierwise.clv.cells import Cells
from tierwise.clv.fitting import Fit, fit_gamma_gamma, fit_orders
from tierwise.clv.gamma_gamma import spend_scale
from tierwise.clv.intervals import Outlook
from tierwise.clv.order_models import ORDER_MODELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

pytestmark = pytest.mark.filterwarnings("error")

MODELS = list(ORDER_MODELS)
HORIZON = 40.0


def order_interval(
    fit: Fit, cells: Cells, horizon: float, coverage: float = 0.8
) -> tuple[Integers, Integers]:
    found = Outlook(cells, horizon, fit).intervals(coverage)
    return found.orders_lower, found.orders_upper


def order_cdf(fit: Fit, cells: Cells, horizon: float, orders: Floats) -> tuple[Floats, Floats]:
    return Outlook(cells, horizon, fit).order_cdf(orders)


def spend_interval_factors(
    fit: Fit, spend_fit: Fit, cells: Cells, horizon: float
) -> tuple[Floats, Floats]:
    found = Outlook(cells, horizon, fit, spend_fit).intervals()
    return found.spend_lower, found.spend_upper


@cache
def simulated(name: str) -> tuple[Cells, Floats, Fit]:
    """Customers, their orders in the horizon, and the fit to what was seen of them before."""
    ages = np.random.default_rng(3).integers(20, 100, 20_000).astype(np.float64)
    frequency, recency, later = simulate_orders(name, 5, PARAMETERS[name], ages, HORIZON)
    cells = Cells.of(frequency, np.floor(recency), ages)
    return cells, later, fit_orders(ORDER_MODELS[name], cells)


@cache
def simulated_spend() -> Fit:
    orders = np.random.default_rng(7).integers(1, 9, 5_000).astype(np.float64)
    rates = simulate_rates_of_spend(9, SPEND_PARAMETERS, len(orders))
    return fit_gamma_gamma(orders, simulate_spend(11, SPEND_PARAMETERS, rates, orders) / orders)


def known(name: str, parameters: Floats) -> Fit:
    """Return a fit that is sure of its parameters, nearly."""
    size = len(parameters)
    return Fit(
        model=name,
        parameter_names=(),
        parameters=parameters,
        standard_errors=np.zeros(size),
        log_covariance=np.eye(size) * 1e-16,
        log_likelihood=0.0,
        customers=1,
        cells=1,
        iterations=0,
        converged=True,
        gradient_norm=0.0,
        reason="",
    )


@pytest.mark.parametrize("name", MODELS)
def test_the_distribution_is_the_mean_over_the_parameters_of_that_of_the_model(name: str) -> None:
    cells, later, fit = simulated(name)
    root = np.linalg.cholesky(fit.log_covariance).T * np.sqrt(len(fit.parameters))
    points = np.exp(np.log(fit.parameters) + np.vstack([root, -root]))
    number = later.astype(np.int64)
    for found, orders in zip(
        order_cdf(fit, cells, HORIZON, number), (number - 1, number), strict=True
    ):
        tails = [ORDER_MODELS[name].conditional_tail(cells, p, HORIZON, orders) for p in points]
        assert found == pytest.approx(1.0 - np.mean(tails, axis=0), abs=1e-7)


@pytest.mark.parametrize("name", MODELS)
def test_four_in_five_customers_fall_into_their_interval_of_orders(name: str) -> None:
    # Counts are coarse, so a customer on the edge counts as the share of F(y - 1)..F(y) that lies
    # within 0.1..0.9 (Czado, Gneiting and Held 2009).
    cells, later, fit = simulated(name)
    below, at = order_cdf(fit, cells, HORIZON, later)
    inside = np.clip(at, 0.1, 0.9) - np.clip(below, 0.1, 0.9)
    assert np.mean(inside / (at - below)) == pytest.approx(0.8, abs=0.01)
    lower, upper = order_interval(fit, cells, HORIZON)
    # Whole numbers hold more than they must, never less.
    assert np.mean((lower <= later) & (later <= upper)) > 0.8


@pytest.mark.parametrize("name", MODELS)
def test_intervals_of_busy_customers_hold_four_in_five(name: str) -> None:
    ages = np.full(3_000, 50.0)
    parameters = np.array([4.0, 2.0, 1.0, 20_000.0])
    frequency, recency, later = simulate_orders(name, 13, parameters, ages, HORIZON)
    cells = Cells.of(frequency, recency, ages)
    orders, spend = known(name, parameters), known("gamma_gamma", SPEND_PARAMETERS)
    lower, upper = order_interval(orders, cells, HORIZON)
    assert np.mean((lower <= later) & (later <= upper)) == pytest.approx(0.8, abs=0.04)
    assert np.mean(later < lower) <= 0.1 + 0.015

    rates = simulate_rates_of_spend(17, SPEND_PARAMETERS, len(ages))
    seen = simulate_spend(19, SPEND_PARAMETERS, rates, frequency)
    mean_spend = seen / np.maximum(frequency, 1.0)
    scale = spend_scale(frequency, mean_spend, SPEND_PARAMETERS)
    total = simulate_spend(23, SPEND_PARAMETERS, rates, later)
    low, high = spend_interval_factors(orders, spend, cells, HORIZON)
    assert np.mean(total < low * scale) == pytest.approx(0.1, abs=0.02)
    assert np.mean(total > high * scale) == pytest.approx(0.1, abs=0.02)


@pytest.mark.parametrize("name", MODELS)
def test_nine_in_ten_ordinary_customers_spend_at_most_their_upper_bound(name: str) -> None:
    cells, later, fit = simulated(name)
    rates = simulate_rates_of_spend(29, SPEND_PARAMETERS, len(cells))
    seen = simulate_spend(31, SPEND_PARAMETERS, rates, cells.frequency)
    spend_fit = simulated_spend()
    scale = spend_scale(
        cells.frequency, seen / np.maximum(cells.frequency, 1.0), spend_fit.parameters
    )
    low, high = spend_interval_factors(fit, spend_fit, cells, HORIZON)
    total = simulate_spend(37, SPEND_PARAMETERS, rates, later)
    # Where no spend at all has nine chances in ten, the bound is 0 and most are exactly there.
    some = high > 0
    assert np.mean(total[some] > high[some] * scale[some]) == pytest.approx(0.1, abs=0.01)
    certain = low > 0
    assert np.mean(total[certain] < low[certain] * scale[certain]) == pytest.approx(
        0.1, abs=4.0 * 0.3 / np.sqrt(certain.sum())
    )


def exact_spend_cdf(name: str, cells: Cells, parameters: Floats, factors: Floats) -> Floats:
    """Sum over the number of orders, with the incomplete beta function."""
    model, (p, q, _) = ORDER_MODELS[name], SPEND_PARAMETERS
    total = model.conditional_orders_pmf(cells, parameters, HORIZON, 0)
    for k in range(1, 250):
        within = special.betainc(p * k, q + p * cells.frequency, factors / (1.0 + factors))
        total += model.conditional_orders_pmf(cells, parameters, HORIZON, k) * within
    return total


@pytest.mark.parametrize("name", MODELS)
def test_tables_come_close_to_exact_quantiles(name: str) -> None:
    # Many ages per frequency, so that ages are interpolated, and up to 80 orders.
    rng = np.random.default_rng(41)
    frequency = np.repeat([0.0, 1.0, 6.0, 80.0], 120)
    age = rng.uniform(2.0, 200.0, len(frequency))
    cells = Cells.of(frequency, np.where(frequency > 0, age * rng.random(len(age)), 0.0), age)
    fit = simulated(name)[2]
    levels = (0.1, 0.9)
    for level, orders in zip(levels, order_interval(fit, cells, HORIZON), strict=True):
        below, at = order_cdf(fit, cells, HORIZON, orders)
        # Tables err by less than 1e-3 of probability, so rarely by one order.
        assert np.all(at >= level - 1e-3)
        assert np.all((below < level + 1e-3) | (orders == 0))
        assert np.mean((at >= level) & ((below < level) | (orders == 0))) > 0.98
    sure = known("gamma_gamma", SPEND_PARAMETERS)
    parameters = PARAMETERS[name]
    bounds = spend_interval_factors(known(name, parameters), sure, cells, HORIZON)
    for level, factors in zip(levels, bounds, strict=True):
        some = factors > 0
        chosen = Cells.of(frequency[some], cells.recency[some], age[some])
        found = exact_spend_cdf(name, chosen, parameters, factors[some])
        np.testing.assert_allclose(found, level, atol=5e-3)
        none = ORDER_MODELS[name].conditional_orders_pmf(cells, parameters, HORIZON, 0)
        np.testing.assert_array_equal(some, none < level)


@pytest.mark.parametrize("name", MODELS)
def test_thousands_of_orders_have_an_interval_about_their_mean(name: str) -> None:
    cells = Cells.of([5000], [365], [365])
    parameters = np.array([2.0, 0.5, 1e-3, 100.0])
    lower, upper = order_interval(known(name, parameters), cells, 365.0)
    mean = ORDER_MODELS[name].conditional_expected_orders(cells, parameters, 365.0)[0]
    # Negative binomial with 5002 known orders before: about 4995 orders, deviation about 100.
    assert lower[0] == pytest.approx(mean - 1.2816 * 100.0, abs=10)
    assert upper[0] == pytest.approx(mean + 1.2816 * 100.0, abs=10)
    for level, orders in ((0.1, lower), (0.9, upper)):
        at = order_cdf(known(name, parameters), cells, 365.0, orders)[1][0]
        assert at == pytest.approx(level, abs=0.01)


@pytest.mark.parametrize("name", MODELS)
def test_cubature_averages_what_is_not_known_of_the_parameters(name: str) -> None:
    # The mean of exp of a normal variable, as moved by the eight points: within its fourth moment.
    fit = simulated(name)[2]
    cells = Cells.of([3], [30], [60])
    model = ORDER_MODELS[name]
    rng = np.random.default_rng(43)
    draws = np.exp(rng.multivariate_normal(np.log(fit.parameters), fit.log_covariance * 4.0, 2_000))
    exact = np.mean([1.0 - model.conditional_tail(cells, row, HORIZON, 1)[0] for row in draws])
    doubtful = replace(fit, log_covariance=fit.log_covariance * 4.0)
    _, at = order_cdf(doubtful, cells, HORIZON, [1])
    assert at[0] == pytest.approx(exact, abs=2e-3)


@pytest.mark.parametrize("name", MODELS)
def test_doubt_about_spend_hardly_touches_orders(name: str) -> None:
    # The rule has more points then, which agree with the fewer ones up to fourth moments.
    cells, later, fit = simulated(name)
    alone, joint = Outlook(cells, HORIZON, fit), Outlook(cells, HORIZON, fit, simulated_spend())
    for here, there in zip(alone.order_cdf(later), joint.order_cdf(later), strict=True):
        assert there == pytest.approx(here, abs=1e-3)
    here, there = alone.intervals(), joint.intervals()
    assert np.mean(here.orders_upper == there.orders_upper) > 0.99
    assert np.mean(here.orders_lower == there.orders_lower) > 0.99
    assert np.all(np.isnan(here.spend_lower) & np.isnan(here.spend_upper))


def test_doubt_about_spend_widens_its_interval() -> None:
    cells, _, fit = simulated("bg_nbd")
    busy = Cells.of([40], [60], [60])
    low, high = spend_interval_factors(fit, simulated_spend(), busy, HORIZON)
    few = replace(simulated_spend(), log_covariance=simulated_spend().log_covariance * 100.0)
    lower, higher = spend_interval_factors(fit, few, busy, HORIZON)
    assert lower[0] < low[0] < high[0] < higher[0]
    assert len(cells) == 20_000


@pytest.mark.parametrize("name", MODELS)
def test_order_of_rows_changes_no_interval(name: str) -> None:
    cells, _, fit = simulated(name)
    order = np.random.default_rng(47).permutation(len(cells))
    mixed = Cells.of(cells.frequency[order], cells.recency[order], cells.age[order])
    for here, there in zip(
        (
            *order_interval(fit, cells, HORIZON),
            *spend_interval_factors(fit, simulated_spend(), cells, HORIZON),
        ),
        (
            *order_interval(fit, mixed, HORIZON),
            *spend_interval_factors(fit, simulated_spend(), mixed, HORIZON),
        ),
        strict=True,
    ):
        np.testing.assert_array_equal(here[order], there)


def test_no_cells_have_no_intervals() -> None:
    fit = simulated("bg_nbd")[2]
    nobody = Cells.of([], [], [])
    for values in (
        *order_interval(fit, nobody, HORIZON),
        *spend_interval_factors(fit, simulated_spend(), nobody, HORIZON),
    ):
        assert len(values) == 0


def test_wider_coverage_gives_wider_intervals() -> None:
    cells, _, fit = simulated("mbg_nbd")
    narrow, wide = (order_interval(fit, cells, HORIZON, coverage) for coverage in (0.5, 0.95))
    assert np.all((wide[0] <= narrow[0]) & (narrow[1] <= wide[1]))
    assert np.all(narrow[0] <= narrow[1])


def test_nonsense_is_refused_by_name() -> None:
    cells, _, fit = simulated("bg_nbd")
    unknown = replace(fit, log_covariance=np.full((4, 4), np.nan))
    with pytest.raises(ValueError, match="use a fit that converged"):
        order_interval(unknown, cells, HORIZON)
    with pytest.raises(ValueError, match="horizon must be above 0, got 0"):
        order_interval(fit, cells, 0.0)
    with pytest.raises(ValueError, match="coverage must be between 0 and 1, got 1"):
        order_interval(fit, cells, HORIZON, 1.0)
    with pytest.raises(ValueError, match="fit must be of one of bg_nbd, mbg_nbd, pareto_nbd"):
        order_interval(simulated_spend(), cells, HORIZON)
