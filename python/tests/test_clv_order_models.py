from __future__ import annotations

import numpy as np
import pytest
from scipy import special
from test_clv_simulation import PARAMETERS, simulate_orders
from tierwise.clv.bg_nbd import BG_NBD, MBG_NBD
from tierwise.clv.cells import Cells
from tierwise.clv.order_models import ORDER_MODELS
from tierwise.clv.pareto_nbd import PARETO_NBD

pytestmark = pytest.mark.filterwarnings("error")

# Estimates on the CDNOW sample, in weeks (Fader, Hardie and Lee 2005), with more digits.
CDNOW = {
    "bg_nbd": (0.2425945, 4.4136019, 0.7929199, 2.4258881),
    "mbg_nbd": (0.52484, 6.18309, 0.89136, 1.61400),
    "pareto_nbd": (0.55315, 10.57633, 0.60625, 11.6715),
}
ROUNDED = (0.243, 4.414, 0.793, 2.426)
MODELS = list(ORDER_MODELS)


def histories(seed: int, number: int) -> Cells:
    """Histories of all kinds: none, one, many orders; the last one at the end; the youngest."""
    rng = np.random.default_rng(seed)
    frequency = rng.integers(0, 12, number).astype(np.float64)
    age = rng.integers(1, 80, number).astype(np.float64)
    recency = np.where(frequency > 0, np.floor(age * rng.random(number)), 0.0)
    frequency[:4], recency[:4], age[:4] = 200, (38, 40, 1, 0), 40
    frequency[4:6], recency[4:6], age[4:6] = 0, 0, (0, 80)
    frequency[6], recency[6], age[6] = 3, 25, 25
    return Cells(frequency, recency, age, rng.integers(1, 5, number).astype(np.float64))


def test_bg_nbd_log_likelihoods_are_those_of_the_published_spreadsheet() -> None:
    rows = np.array(
        [
            [2, 30.43, 38.86, -9.4596],
            [1, 1.71, 38.86, -4.4711],
            [0, 0, 38.86, -0.5538],
            [7, 29.43, 38.86, -21.8644],
            [1, 5.0, 38.86, -4.8651],
            [2, 35.71, 38.86, -9.5367],
            [5, 24.43, 38.86, -17.3593],
            [10, 34.14, 38.86, -27.3144],
            [1, 4.86, 38.86, -4.852],
        ]
    )
    found = BG_NBD.log_likelihood(Cells.of(*rows[:, :3].T), ROUNDED)
    # The spreadsheet's parameters have more digits than are printed.
    np.testing.assert_allclose(found, rows[:, 3], atol=3e-3)


def test_two_hundred_orders_in_forty_weeks_do_not_overflow() -> None:
    cells = Cells.of([0, 200], [0, 38], [40, 40])
    parameters = (0.25, 4.0, 0.8, 2.5)
    np.testing.assert_allclose(
        BG_NBD.log_likelihood(cells, parameters), [-0.59947382, 100.7957], rtol=1e-6
    )
    np.testing.assert_allclose(
        MBG_NBD.log_likelihood(cells, parameters), [-0.41792826, 100.7869], rtol=1e-6
    )


@pytest.mark.parametrize(
    ("name", "history", "horizon", "published"),
    [
        ("bg_nbd", (2, 30.43, 38.86), 39, 1.226),
        ("bg_nbd", (26, 30.857142857, 31), 52, 25.75659),
        ("pareto_nbd", (26, 30.857142857, 31), 52, 25.45647),
    ],
)
def test_conditional_expectations_are_the_published_ones(
    name: str, history: tuple[float, float, float], horizon: float, published: float
) -> None:
    cells = Cells.of(*([value] for value in history))
    found = ORDER_MODELS[name].conditional_expected_orders(cells, CDNOW[name], horizon)
    assert found[0] == pytest.approx(published, rel=1e-4)


@pytest.mark.parametrize(
    ("name", "history", "published"),
    [
        ("bg_nbd", (26, 30.857142857, 31), 0.9688523),
        ("pareto_nbd", (26, 30.857142857, 31), 0.997874),
        ("pareto_nbd", (0, 0, 39), 0.2941633),
    ],
)
def test_probabilities_alive_are_the_published_ones(
    name: str, history: tuple[float, float, float], published: float
) -> None:
    cells = Cells.of(*([value] for value in history))
    # Published from estimates that differ in the fourth digit.
    assert ORDER_MODELS[name].probability_alive(cells, CDNOW[name])[0] == pytest.approx(
        published, rel=6e-4
    )


def test_expected_orders_of_new_customers_are_the_published_ones() -> None:
    for name, published in (("bg_nbd", 1.444004), ("pareto_nbd", 1.473434)):
        found = ORDER_MODELS[name].expected_orders_new([52.0], CDNOW[name])
        assert found[0] == pytest.approx(published, rel=1e-4)


def test_bg_nbd_probabilities_of_order_counts_are_the_published_ones() -> None:
    assert BG_NBD.orders_pmf_new(10, 2.0, ROUNDED)[0] == pytest.approx(1.07869e-07, rel=1e-5)
    assert BG_NBD.orders_pmf_new(0, 39.0, ROUNDED)[0] == pytest.approx(0.5737864, rel=1e-6)
    published = [
        0.0019995214,
        0.0015170236,
        0.001163315,
        0.0009003148,
        0.0007023638,
        0.0005517902,
        0.0004361913,
        0.0003467171,
        0.0002769613,
        0.000222226,
    ]
    found = BG_NBD.orders_pmf_new(np.arange(11, 21), 30.0, ROUNDED)
    np.testing.assert_allclose(found, published, rtol=1e-6)


def brute_force(
    name: str, parameters: tuple[float, ...], history: tuple[int, float, float], horizon: float
) -> tuple[float, float, float, float]:
    """Sum over a grid of customers whose rates are known, where every formula is elementary.

    Log-likelihood, probability alive, expected orders and probability of an order in the horizon.
    """
    (x, t_x, age), (r, alpha, one, two) = history, parameters
    step = 0.1
    log_rate = np.arange(-170.0, 12.0, step)[:, None]
    rate = np.exp(log_rate)
    weight = r * (log_rate + np.log(alpha)) - alpha * rate - special.gammaln(r)
    if name == "pareto_nbd":
        log_drop = np.arange(-90.0, 12.0, step)[None, :]
        drop = np.exp(log_drop)
        weight = weight + one * (log_drop + np.log(two)) - two * drop - special.gammaln(one)
        stays = np.exp(-(rate + drop) * age)
        left = drop / (rate + drop) * (np.exp(-(rate + drop) * t_x) - stays)
        orders = -rate * np.expm1(-drop * horizon) / drop
        none = (rate * np.exp(-(rate + drop) * horizon) + drop) / (rate + drop)
    else:
        logit = np.arange(-60.0, 60.0, step)[None, :]
        log_p, log_q = -np.logaddexp(0.0, -logit), -np.logaddexp(0.0, logit)
        weight = weight + one * log_p + two * log_q - special.betaln(one, two)
        chances = x + (name == "mbg_nbd")
        stays = np.exp(chances * log_q - rate * age)
        left = np.exp(log_p + (chances - 1) * log_q - rate * t_x) if chances else 0.0 * stays
        orders = -np.expm1(-rate * np.exp(log_p) * horizon) / np.exp(log_p)
        none = np.exp(-rate * horizon)
    weight = np.exp(weight + x * log_rate) * step * step
    alive = np.sum(weight * stays)
    total = alive + np.sum(weight * left)
    return (
        float(np.log(total)),
        float(alive / total),
        float(np.sum(weight * stays * orders) / total),
        float(np.sum(weight * stays * (1.0 - none)) / total),
    )


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("history", [(0, 0.0, 38.86), (2, 30.43, 38.86), (7, 9.0, 60.0)])
def test_all_formulas_agree_with_brute_force(name: str, history: tuple[int, float, float]) -> None:
    cells = Cells.of(*([value] for value in history))
    model = ORDER_MODELS[name]
    for parameters in (CDNOW[name], (1.7, 30.0, 1.0, 3.5), (0.9, 2.0, 2.6, 0.8)):
        expected = brute_force(name, parameters, history, 25.0)
        found = [
            model.log_likelihood(cells, parameters)[0],
            model.probability_alive(cells, parameters)[0],
            model.conditional_expected_orders(cells, parameters, 25.0)[0],
            model.probability_of_order(cells, parameters, 25.0)[0],
        ]
        np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_pareto_nbd_likelihood_agrees_with_its_integral_for_extreme_parameters() -> None:
    # (alpha + T) ** -(r + x) (beta + T) ** -s plus s times the integral over drop-out times y of
    # (alpha + y) ** -(r + x) (beta + y) ** -(s + 1), relative to the value of the first at t_x.
    points, weights = np.polynomial.legendre.leggauss(400)
    cells = histories(3, 60)
    rng = np.random.default_rng(5)
    extremes = [rng.uniform(-9.0, 13.0, 4) for _ in range(25)]
    for r, alpha, s, beta in np.exp([*extremes, [1.0, 2.0, 0.5, 2.0], [-9.0, 5.0, -9.0, 5.0]]):
        x, t_x, age = cells.frequency, cells.recency, cells.age
        span = age - t_x
        unit = np.minimum((alpha + t_x) / (r + x), (beta + t_x) / (s + 1.0))
        last = np.log1p(span / unit)
        total = np.zeros(len(x))
        for panel in range(8):
            grid = last[:, None] * (panel + (points + 1.0) / 2.0) / 8.0
            time = unit[:, None] * np.expm1(grid)
            log_value = -(r + x)[:, None] * np.log1p(time / (alpha + t_x)[:, None])
            log_value -= (s + 1.0) * np.log1p(time / (beta + t_x)[:, None])
            total += (np.exp(log_value + grid) @ weights) * last * unit / 16.0
        first = -(r + x) * np.log1p(span / (alpha + t_x)) - s * np.log1p(span / (beta + t_x))
        expected = np.log(np.exp(first) + s / (beta + t_x) * total)
        expected += special.gammaln(r + x) - special.gammaln(r) - x * np.log(alpha + t_x)
        expected -= r * np.log1p(t_x / alpha) + s * np.log1p(t_x / beta)
        found = PARETO_NBD.log_likelihood(cells, (r, alpha, s, beta))
        # log Gamma itself is good to a few units in its last place.
        slack = 1e-14 * np.abs(special.gammaln(r + x))
        assert np.all(np.abs(found - expected) <= 1e-10 * (1.0 + np.abs(expected)) + slack)


@pytest.mark.parametrize("name", MODELS)
def test_probabilities_of_order_counts_add_up_and_have_the_expected_mean(name: str) -> None:
    cells = Cells.of([0, 0, 2, 7, 30], [0, 0, 30.43, 9, 35], [0, 40, 38.86, 60, 36])
    model = ORDER_MODELS[name]
    for parameters in (CDNOW[name], (1.7, 30.0, 1.0, 3.5), (40.0, 90.0, 1e-3, 50.0)):
        numbers = np.arange(220)
        pmf = np.array(
            [model.conditional_orders_pmf(cells, parameters, 25.0, int(k)) for k in numbers]
        )
        assert np.all(pmf >= 0.0)
        np.testing.assert_allclose(pmf.sum(axis=0), 1.0, rtol=1e-10)
        mean = model.conditional_expected_orders(cells, parameters, 25.0)
        np.testing.assert_allclose(numbers @ pmf, mean, rtol=1e-7)
        at_least_one = model.probability_of_order(cells, parameters, 25.0)
        np.testing.assert_allclose(pmf[0], 1.0 - at_least_one, rtol=1e-10)


@pytest.mark.parametrize("name", MODELS)
def test_conditional_expectations_agree_with_simulated_customers(name: str) -> None:
    ages = np.random.default_rng(7).integers(10, 60, 400_000).astype(np.float64)
    frequency, recency, later = simulate_orders(name, 11, PARAMETERS[name], ages, 30.0)
    cells = Cells.of(frequency, recency, ages)
    model = ORDER_MODELS[name]
    expected = model.conditional_expected_orders(cells, PARAMETERS[name], 30.0)
    any_order = model.probability_of_order(cells, PARAMETERS[name], 30.0)
    late = recency > ages / 2.0
    groups = [
        frequency == 0,
        *(((frequency == k) & side) for k in (1, 3) for side in (late, ~late)),
    ]
    for group in [*groups, frequency > 6]:
        for seen, meant in ((later, expected), (later > 0, any_order)):
            error = seen[group].std() / np.sqrt(group.sum())
            assert seen[group].mean() == pytest.approx(meant[group].mean(), abs=4.0 * error)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(
    "log_parameters",
    [
        (-1.4, 1.5, -0.2, 0.9),
        (0.4, -0.4, -0.3, 1.4),
        (8.0, 9.0, 9.0, 10.0),
        (-8.0, -7.0, -8.0, -9.0),
        (0.0, 8.0, -8.0, -2.0),
        (-3.0, -9.0, 9.0, 3.0),
        (12.0, 13.0, -9.0, 13.0),
        (0.5, 2.0, 0.3, 2.0),
    ],
)
def test_derivatives_agree_with_finite_differences(
    name: str, log_parameters: tuple[float, ...]
) -> None:
    cells, model = histories(2, 200), ORDER_MODELS[name]
    place = np.array(log_parameters)
    value, gradient = model.objective(cells, place)
    hessian = model.hessian(cells, place)
    per_customer = model.log_likelihood(cells, np.exp(place))
    assert value == pytest.approx(-(per_customer @ cells.count) / cells.customers, rel=1e-12)
    step = 1e-4
    for i, move in enumerate(np.eye(4) * step):
        above, below = model.objective(cells, place + move), model.objective(cells, place - move)
        scale = 1.0 + abs(value)
        assert gradient[i] == pytest.approx((above[0] - below[0]) / (2 * step), abs=1e-7 * scale)
        expected = (above[1] - below[1]) / (2 * step)
        np.testing.assert_allclose(hessian[i], expected, atol=2e-7 * np.abs(hessian).max())


@pytest.mark.parametrize("name", MODELS)
def test_extreme_parameters_give_numbers_in_their_range(name: str) -> None:
    cells, model = histories(4, 60), ORDER_MODELS[name]
    rng = np.random.default_rng(13)
    for place in [*rng.uniform(-9.0, 13.0, (20, 4)), np.full(4, -9.0), np.full(4, 13.0)]:
        parameters = np.exp(place)
        alive = model.probability_alive(cells, parameters)
        assert np.all((alive >= 0.0) & (alive <= 1.0))
        expected = model.conditional_expected_orders(cells, parameters, 30.0)
        assert np.all(np.isfinite(expected) & (expected >= 0.0))
        some = model.probability_of_order(cells, parameters, 30.0)
        assert np.all((some >= 0.0) & (some <= alive + 1e-12))
        # At least one order, on average: the mean is at least that probability.
        assert np.all(some <= expected * (1.0 + 1e-8) + 1e-12)
        assert np.all(np.isfinite(model.objective(cells, place)[1]))


@pytest.mark.parametrize("name", MODELS)
def test_expectations_are_continuous_where_closed_forms_divide_by_zero(name: str) -> None:
    cells = histories(6, 50)
    at_one, near_one = (
        ORDER_MODELS[name].conditional_expected_orders(cells, (0.4, 5.0, third, 2.5), 40.0)
        for third in (1.0, 1.0 + 1e-7)
    )
    np.testing.assert_allclose(near_one, at_one, rtol=2e-6)


def test_one_time_buyers_are_certainly_customers_only_in_bg_nbd() -> None:
    cells = Cells.of([0], [0], [300])
    assert BG_NBD.probability_alive(cells, CDNOW["bg_nbd"])[0] == 1.0
    assert MBG_NBD.probability_alive(cells, CDNOW["mbg_nbd"])[0] < 0.7
    assert PARETO_NBD.probability_alive(cells, CDNOW["pareto_nbd"])[0] < 0.2


@pytest.mark.parametrize("name", MODELS)
def test_interpolation_in_age_changes_nothing(name: str) -> None:
    ages = np.linspace(0.0, 2_000.0, 3_000)
    many = Cells.of(np.repeat([0, 3, 40], 1_000), np.repeat([0, 0.0, 0.0], 1_000), ages)
    found = ORDER_MODELS[name].conditional_expected_orders(many, CDNOW[name], 52.0)
    for place in (0, 7, 1_500, 2_999):
        one = Cells.of(*(values[[place]] for values in (many.frequency, many.recency, many.age)))
        alone = ORDER_MODELS[name].conditional_expected_orders(one, CDNOW[name], 52.0)
        assert found[place] == pytest.approx(alone[0], rel=1e-10)


@pytest.mark.parametrize("name", MODELS)
def test_without_discount_the_discounted_orders_are_the_expected_ones(name: str) -> None:
    cells, model = histories(8, 60), ORDER_MODELS[name]
    plain = model.conditional_expected_orders(cells, CDNOW[name], 52.0)
    free = model.discounted_expected_orders(cells, CDNOW[name], 52.0, 0.0)
    np.testing.assert_allclose(free, plain, rtol=1e-10)
    # Discounted by somewhere between nothing and the whole horizon; steps make no difference.
    coarse, fine = (
        model.discounted_expected_orders(cells, CDNOW[name], 52.0, 0.01, steps)
        for steps in (26, 104)
    )
    assert np.all((fine < plain) & (fine > plain * np.exp(-0.52)))
    np.testing.assert_allclose(coarse, fine, rtol=3e-4)


def test_closed_form_of_all_future_orders_agrees_with_the_sum_over_a_long_horizon() -> None:
    cells = histories(9, 40)
    for parameters in (CDNOW["pareto_nbd"], (2.0, 5.0, 1.0, 30.0), (0.5, 8.0, 6.0, 400.0)):
        summed = PARETO_NBD.discounted_expected_orders(cells, parameters, 3_000.0, 0.01, 6_000)
        closed = PARETO_NBD.discounted_residual_orders(cells, parameters, 0.01)
        np.testing.assert_allclose(closed, summed, rtol=1e-5)


@pytest.mark.parametrize(
    ("frequency", "recency", "age", "count", "cause"),
    [
        ([-1.0], [0.0], [5.0], [1.0], "frequency must be a whole number"),
        ([1.5], [1.0], [5.0], [1.0], "without the first; got 1.5 at position 0"),
        ([1.0, 1.0], [1.0, 6.0], [5.0, 5.0], [1.0, 1.0], "recency must lie between 0 and age"),
        ([0.0], [1.0], [5.0], [1.0], "recency must be 0 where frequency is 0"),
        ([1.0], [1.0], [np.nan], [1.0], "age must be finite"),
        ([1.0], [1.0], [5.0], [0.0], "count must be a whole number of at least 1"),
        ([1.0], [1.0, 2.0], [5.0], [1.0], "recency must be one-dimensional and as long as"),
    ],
)
def test_impossible_histories_are_refused_by_name(
    frequency: list[float], recency: list[float], age: list[float], count: list[float], cause: str
) -> None:
    with pytest.raises(ValueError, match=cause):
        Cells(np.array(frequency), np.array(recency), np.array(age), np.array(count))


def test_compressed_cells_are_sorted_distinct_and_count_everybody() -> None:
    rng = np.random.default_rng(17)
    for scale in (1.0, 1.0 / 7.0):
        frequency = rng.integers(0, 3, 500)
        recency = np.where(frequency > 0, rng.integers(0, 4, 500), 0) * scale
        age = recency + rng.integers(0, 3, 500) * scale
        rows = np.column_stack([frequency, recency, age])
        expected, counts = np.unique(rows, axis=0, return_counts=True)
        for cells in (
            Cells.of(frequency, recency, age),
            Cells(*expected[::-1].T, counts[::-1].astype(np.float64)),
        ):
            found = cells.compressed()
            np.testing.assert_array_equal(
                np.column_stack([found.frequency, found.recency, found.age]), expected
            )
            np.testing.assert_array_equal(found.count, counts)
        assert abs(found.subsample(100).customers - 100) <= 1
