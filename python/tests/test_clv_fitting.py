from __future__ import annotations

import os
import subprocess
import sys
from datetime import date, timedelta
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from test_clv_simulation import (
    PARAMETERS,
    SPEND_PARAMETERS,
    simulate_orders,
    simulate_rates_of_spend,
    simulate_spend,
)
from tierwise.clv import gamma_gamma
from tierwise.clv.bg_nbd import BG_NBD
from tierwise.clv.cells import Cells
from tierwise.clv.fitting import Fit, fit_gamma_gamma, fit_orders
from tierwise.clv.gamma_gamma import Spend, expected_spend, spend_scale
from tierwise.clv.order_models import ORDER_MODELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

pytestmark = pytest.mark.filterwarnings("error")

PACKAGE = Path(__file__).resolve().parents[1]

MODELS = list(ORDER_MODELS)
CALIBRATION_END = date(1997, 9, 30)
HOLDOUT_WEEKS = 39


@cache
def cdnow() -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Frequency, recency, age in weeks, mean repeat spend, and orders in the holdout.

    The one-in-ten sample of those who first bought in early 1997, seen until 1997-09-30; same-day
    orders are one, and free ones count.
    """
    days: dict[str, dict[date, float]] = {}
    # Found, not imported: only its copy of the data is wanted.
    package = find_spec("lifetimes")
    assert package is not None
    assert package.origin is not None
    path = Path(package.origin).parent / "datasets" / "CDNOW_sample.txt"
    for line in path.read_text().splitlines():
        _, customer, day, _, amount = line.split()
        when = date.fromisoformat(day)
        orders = days.setdefault(customer, {})
        orders[when] = orders.get(when, 0.0) + float(amount)
    end = CALIBRATION_END + timedelta(weeks=HOLDOUT_WEEKS)
    rows = []
    for orders in days.values():
        seen = sorted(when for when in orders if when <= CALIBRATION_END)
        repeats = [orders[when] for when in seen[1:]]
        rows.append(
            (
                len(repeats),
                (seen[-1] - seen[0]).days / 7.0,
                (CALIBRATION_END - seen[0]).days / 7.0,
                sum(repeats) / len(repeats) if repeats else np.nan,
                sum(CALIBRATION_END < when <= end for when in orders),
            )
        )
    return tuple(np.array(rows).T)  # type: ignore[return-value]


@cache
def cdnow_fit(name: str) -> Fit:
    return fit_orders(ORDER_MODELS[name], Cells.of(*cdnow()[:3]))


def test_cdnow_histories_are_the_published_ones() -> None:
    frequency, _, _, _, later = cdnow()
    assert len(frequency) == 2357
    assert (frequency.sum(), np.sum(frequency == 0)) == (2457, 1411)
    assert (later.sum(), np.sum(later > 0)) == (1882, 684)


@pytest.mark.parametrize(
    ("name", "parameters", "errors", "log_likelihood"),
    [
        (
            "bg_nbd",
            (0.2425945, 4.4136019, 0.7929199, 2.4258881),
            (0.012557, 0.378221, 0.185719, 0.705345),
            -9582.429,
        ),
        ("mbg_nbd", (0.525, 6.183, 0.891, 1.614), None, -9582.1357),
        (
            "pareto_nbd",
            (0.55315, 10.57633, 0.60625, 11.6715),
            (0.0476264, 0.8427222, 0.1872594, 6.2105448),
            -9594.976,
        ),
    ],
)
def test_cdnow_estimates_are_the_published_ones(
    name: str,
    parameters: tuple[float, ...],
    errors: tuple[float, ...] | None,
    log_likelihood: float,
) -> None:
    fit = cdnow_fit(name)
    assert (fit.model, fit.converged, fit.reason) == (name, True, "")
    assert (fit.customers, fit.cells) == (2357, 1016)
    assert fit.gradient_norm < 1e-9
    np.testing.assert_allclose(fit.parameters, parameters, rtol=1e-3)
    assert fit.log_likelihood == pytest.approx(log_likelihood, abs=1e-2)
    if errors is not None:
        np.testing.assert_allclose(fit.standard_errors, errors, rtol=1e-3)


@pytest.mark.parametrize(
    ("name", "published"),
    [
        ("pareto_nbd", [0.138, 0.6, 1.196, 1.714, 2.399, 2.907, 3.819, 6.403]),
        ("bg_nbd", [0.2251, 0.5231, 1.0441, 1.5203, 2.1638, 2.6538, 3.504, 6.157]),
        ("mbg_nbd", [0.1852, 0.5514, 1.049, 1.4929, 2.1043, 2.5636, 3.3608, 5.8485]),
    ],
)
def test_cdnow_holdout_expectations_by_frequency_are_the_published_ones(
    name: str, published: list[float]
) -> None:
    frequency, recency, age, _, later = cdnow()
    cells = Cells.of(frequency, recency, age)
    expected = ORDER_MODELS[name].conditional_expected_orders(
        cells, cdnow_fit(name).parameters, HOLDOUT_WEEKS
    )
    groups = np.minimum(frequency, 7).astype(np.int64)
    sizes = np.bincount(groups)
    np.testing.assert_allclose(np.bincount(groups, expected) / sizes, published, atol=1e-3)
    actual = [0.2367, 0.697, 1.3925, 1.56, 2.5323, 2.9474, 3.8621, 6.3594]
    np.testing.assert_allclose(np.bincount(groups, later) / sizes, actual, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "published"),
    [
        ("pareto_nbd", (0.7545, 1.6028, 0.6302, 1665.5)),
        ("bg_nbd", (0.7855, 1.608, 0.6256, 1653.4)),
        ("mbg_nbd", (0.7648, 1.6072, 0.6273, 1576.7)),
    ],
)
def test_cdnow_holdout_errors_are_the_published_ones(
    name: str, published: tuple[float, float, float, float]
) -> None:
    frequency, recency, age, _, later = cdnow()
    expected = ORDER_MODELS[name].conditional_expected_orders(
        Cells.of(frequency, recency, age), cdnow_fit(name).parameters, HOLDOUT_WEEKS
    )
    found = (
        np.mean(np.abs(expected - later)),
        np.sqrt(np.mean((expected - later) ** 2)),
        np.corrcoef(expected, later)[0, 1],
        expected.sum(),
    )
    np.testing.assert_allclose(found, published, rtol=2e-4)


def test_cdnow_spend_is_the_published_one() -> None:
    frequency, _, _, mean_spend, _ = cdnow()
    fit = fit_gamma_gamma(frequency, mean_spend)
    assert (fit.converged, fit.customers) == (True, 946)
    np.testing.assert_allclose(fit.parameters, [6.25, 3.74, 15.44], rtol=2e-3)
    assert fit.log_likelihood == pytest.approx(-4055.9177, abs=1e-2)
    expected = expected_spend(frequency[:10], mean_spend[:10], fit.parameters)
    published = [
        24.6586,
        18.9115,
        35.171,
        35.171,
        35.171,
        71.4628,
        18.9115,
        35.171,
        27.2824,
        35.171,
    ]
    # Published from estimates that differ in the fourth digit.
    np.testing.assert_allclose(expected, published, rtol=2e-4)


@pytest.mark.parametrize("name", MODELS)
def test_parameters_of_simulated_customers_are_recovered(name: str) -> None:
    ages = np.random.default_rng(3).integers(20, 200, 40_000).astype(np.float64)
    frequency, recency, _ = simulate_orders(name, 5, PARAMETERS[name], ages, 0.0)
    fit = fit_orders(ORDER_MODELS[name], Cells.of(frequency, recency, ages))
    assert fit.converged
    # In logs, where the estimates are closer to normal.
    errors = np.sqrt(np.diag(fit.log_covariance))
    assert np.all(errors < 0.2)
    assert np.all(np.abs(np.log(fit.parameters / PARAMETERS[name])) < 3.0 * errors)
    np.testing.assert_allclose(fit.standard_errors, fit.parameters * errors)


def test_parameters_of_simulated_spend_are_recovered() -> None:
    orders = np.random.default_rng(7).integers(0, 9, 20_000).astype(np.float64)
    rates = simulate_rates_of_spend(9, SPEND_PARAMETERS, len(orders))
    total = simulate_spend(11, SPEND_PARAMETERS, rates, orders)
    mean_spend = total / np.maximum(orders, 1.0)
    fit = fit_gamma_gamma(orders, mean_spend)
    assert fit.converged
    assert np.all(np.abs(fit.parameters - SPEND_PARAMETERS) < 3.0 * fit.standard_errors)
    # What was spent, and what is expected of the same customers' next order.
    for number in (0, 1, 5):
        group = orders == number
        expected = expected_spend(orders[group], mean_spend[group], SPEND_PARAMETERS)
        next_order = simulate_spend(13, SPEND_PARAMETERS, rates[group], np.ones(group.sum()))
        error = next_order.std() / np.sqrt(group.sum())
        assert next_order.mean() == pytest.approx(expected.mean(), abs=4.0 * error)


@pytest.mark.parametrize("log_parameters", [(1.8, 1.3, 2.7), (-3.0, 4.0, -5.0), (9.0, 9.0, 8.0)])
def test_spend_derivatives_agree_with_finite_differences(log_parameters: tuple[float, ...]) -> None:
    rng = np.random.default_rng(17)
    spend = Spend(
        rng.integers(1, 200, 300).astype(np.float64),
        np.exp(rng.normal(3.0, 1.0, 300)),
        rng.integers(1, 4, 300).astype(np.float64),
    )
    place, step = np.array(log_parameters), 1e-4
    value, gradient = gamma_gamma.objective(spend, place)
    hessian = gamma_gamma.hessian(spend, place)
    for i, move in enumerate(np.eye(3) * step):
        above, below = (gamma_gamma.objective(spend, place + way * move) for way in (1, -1))
        scale = 1.0 + abs(value)
        assert gradient[i] == pytest.approx((above[0] - below[0]) / (2 * step), abs=1e-6 * scale)
        np.testing.assert_allclose(
            hessian[i], (above[1] - below[1]) / (2 * step), atol=1e-6 * np.abs(hessian).max()
        )


def test_spend_likelihood_is_a_density_with_the_right_scale() -> None:
    # The mean spend of three orders, over all amounts.
    parameters = (2.5, 3.5, 40.0)
    log_amount = np.linspace(-15.0, 20.0, 20_001)
    amounts = np.exp(log_amount)
    three = np.full(len(amounts), 3.0)
    density = np.exp(gamma_gamma.log_likelihood(Spend(three, amounts, three), parameters))
    weight = density * amounts * (log_amount[1] - log_amount[0])
    assert weight.sum() == pytest.approx(1.0, rel=1e-9)
    assert weight @ amounts == pytest.approx(2.5 * 40.0 / 2.5, rel=1e-6)


@pytest.mark.parametrize("name", MODELS)
def test_order_of_rows_and_grouping_change_no_bit(name: str) -> None:
    frequency, recency, age, _, _ = cdnow()
    rng = np.random.default_rng(19)
    fit = cdnow_fit(name)
    order = rng.permutation(len(frequency))
    grouped = Cells.of(frequency, recency, age).compressed()
    again = rng.permutation(len(grouped))
    for cells in (
        Cells.of(frequency[order], recency[order], age[order]),
        Cells(
            grouped.frequency[again],
            grouped.recency[again],
            grouped.age[again],
            grouped.count[again],
        ),
    ):
        other = fit_orders(ORDER_MODELS[name], cells)
        assert other.parameters.tobytes() == fit.parameters.tobytes()
        assert other.log_covariance.tobytes() == fit.log_covariance.tobytes()
        assert other.log_likelihood == fit.log_likelihood


def test_order_of_rows_changes_no_bit_of_a_fit_of_spend() -> None:
    frequency, _, _, mean_spend, _ = cdnow()
    order = np.random.default_rng(23).permutation(len(frequency))
    fit = fit_gamma_gamma(frequency, mean_spend)
    other = fit_gamma_gamma(frequency[order], mean_spend[order])
    assert other.parameters.tobytes() == fit.parameters.tobytes()
    assert other.log_covariance.tobytes() == fit.log_covariance.tobytes()


@pytest.mark.parametrize("name", MODELS)
def test_time_unit_changes_only_the_times(name: str) -> None:
    frequency, recency, age, _, _ = cdnow()
    weeks = cdnow_fit(name)
    days = fit_orders(ORDER_MODELS[name], Cells.of(frequency, recency * 7.0, age * 7.0))
    factor = np.where([name in {"alpha", "beta"} for name in weeks.parameter_names], 7.0, 1.0)
    np.testing.assert_allclose(days.parameters, weeks.parameters * factor, rtol=1e-6)
    np.testing.assert_allclose(days.log_covariance, weeks.log_covariance, rtol=1e-4, atol=1e-8)
    assert days.log_likelihood == pytest.approx(
        weeks.log_likelihood - frequency.sum() * np.log(7.0), rel=1e-10
    )


def test_starts_on_a_sample_end_at_the_maximum_of_all() -> None:
    ages = np.random.default_rng(29).integers(20, 200, 60_000).astype(np.float64)
    frequency, recency, _ = simulate_orders("bg_nbd", 31, PARAMETERS["bg_nbd"], ages, 0.0)
    recency = np.floor(recency)
    fit = fit_orders(BG_NBD, Cells.of(frequency, recency, ages))
    gradient = BG_NBD.objective(Cells.of(frequency, recency, ages), np.log(fit.parameters))[1]
    assert fit.iterations <= 6
    assert np.max(np.abs(gradient)) < 1e-8


@pytest.mark.parametrize("name", MODELS)
def test_data_that_say_nothing_give_a_reason_instead_of_an_error(name: str) -> None:
    nobody = Cells.of([], [], [])
    one_time = Cells.of([0, 0, 0], [0, 0, 0], [10, 20, 30])
    alone = Cells.of([3], [7], [10])
    no_time = Cells.of([0, 2], [0, 0], [0, 0])
    for cells in (nobody, one_time, alone, no_time):
        fit = fit_orders(ORDER_MODELS[name], cells)
        assert not fit.converged
        assert fit.reason


@pytest.mark.parametrize("name", MODELS)
def test_customers_who_never_drop_out_are_a_boundary(name: str) -> None:
    rng = np.random.default_rng(37)
    ages = np.full(5_000, 100.0)
    frequency = rng.poisson(rng.gamma(2.0, 0.1, len(ages)) * ages).astype(np.float64)
    # Never silent at the end.
    fit = fit_orders(
        ORDER_MODELS[name], Cells.of(frequency, np.where(frequency > 0, 99.9, 0.0), ages)
    )
    assert not fit.converged
    assert "without end" in fit.reason or "do not determine" in fit.reason


def test_customers_who_all_order_at_one_rate_are_a_boundary() -> None:
    rng = np.random.default_rng(41)
    ages = np.full(20_000, 100.0)
    frequency = np.floor(ages * 0.2)
    recency = np.floor(rng.uniform(95.0, 100.0, len(ages)))
    fit = fit_orders(BG_NBD, Cells.of(frequency, recency, ages))
    assert not fit.converged
    assert "r to infinity" in fit.reason or "determine" in fit.reason


def test_spend_that_does_not_vary_is_a_boundary() -> None:
    fit = fit_gamma_gamma(np.arange(1, 40), np.full(39, 25.0))
    assert not fit.converged
    assert fit.reason
    few = fit_gamma_gamma(np.array([0, 1, 2]), np.array([np.nan, 5.0, 6.0]))
    assert (few.converged, few.customers) == (False, 2)


def test_free_orders_have_no_mean_spend_to_fit() -> None:
    with pytest.raises(ValueError, match="mean_spend must be above 0 and finite"):
        fit_gamma_gamma(np.array([1, 2]), np.array([0.0, 5.0]))


def test_expected_spend_of_everybody_without_repeat_orders_is_the_population_mean() -> None:
    found = expected_spend([0, 0], [np.nan, 0.0], SPEND_PARAMETERS)
    np.testing.assert_allclose(found, 6.25 * 15.44 / 2.74)
    assert np.all(spend_scale([0, 2], [np.nan, 10.0], SPEND_PARAMETERS) == [15.44, 35.44])
    assert np.isinf(expected_spend([0], [np.nan], (6.0, 0.9, 15.0))[0])


@pytest.mark.parametrize(("given", "expected"), [({}, "1"), ({"OPENBLAS_NUM_THREADS": "3"}, "3")])
def test_sums_take_one_thread_unless_told_otherwise(given: dict[str, str], expected: str) -> None:
    """The package says so before any of it loads NumPy, which reads it then and never again."""
    kept = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    code = (
        "import sys, os, tierwise; assert 'numpy' not in sys.modules; "
        "import tierwise.duckdb_plugin; print(os.environ['OPENBLAS_NUM_THREADS'])"
    )
    said = subprocess.run(
        [sys.executable, "-c", code],
        env=kept | given | {"PYTHONPATH": str(PACKAGE)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.strip() == expected
