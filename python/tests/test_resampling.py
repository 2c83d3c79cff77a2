"""Tiers under other customers, on customers few enough to count."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from tierwise.resampling import (
    COLUMNS,
    LEAST_SAMPLES,
    MOST_SAMPLES,
    Settings,
    Stability,
    measures_from,
    policies_resampled,
    sample_count,
    stability_of,
    tiers_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tierwise.resampling import Integers

BANDS = {
    "recency": [30, 90, 180, 365],
    "frequency": [2, 3, 5, 10],
    "monetary": [50, 100, 250, 1000],
}


def settings(
    policies: Mapping[str, Any], methods: str = "quantile", score_count: int = 5
) -> Settings:
    return Settings(
        tier_policies=policies,
        rfm_score_count=score_count,
        rfm_methods=dict.fromkeys(("recency", "frequency", "monetary"), methods),
        rfm_bands=BANDS,
        natural_breaks_max_values=20_000,
        abc_a_share=0.8,
        abc_b_share=0.95,
    )


def customers(**columns: Sequence[int | None]) -> pa.Table:
    """Return a table like int_customers_measured, with 0 in the columns that are not given."""
    count = len(next(iter(columns.values())))
    given = {column: columns.get(column, [0] * count) for column, _ in COLUMNS.values()}
    arrays = {name: pa.array(values, pa.int64()) for name, values in given.items()}
    arrays["as_of_date"] = pa.array([17_000] * count, pa.int32()).cast(pa.date32())
    return pa.table(arrays)


def tiers(
    policy: Mapping[str, Any],
    table: pa.Table,
    draws: Sequence[int] | None = None,
    **options: Any,  # noqa: ANN401
) -> list[int]:
    counted: Integers = np.array(draws or [1] * len(table), np.int64)
    return tiers_of(measures_from(table), counted, settings({"p": policy}, **options))["p"].tolist()


def codes(*cuts: float, key: str = "from") -> list[dict[str, object]]:
    return [{"code": f"t{place}", key: cut} for place, cut in enumerate(cuts)]


RFM = {"metric": "rfm_total", "method": "bands", "tiers": codes(12, 9, 6, 3)}
LEVEL = {"metric": "rfm_level_total", "method": "bands", "tiers": codes(7, 5, 3)}
GOAL = {"metric": "revenue", "method": "bands", "tiers": codes(10, 0)}
TOP = {"metric": "revenue", "method": "percentile", "tiers": codes(0.2, 0.5, 1, key="top_share")}
BREAKS = {"metric": "revenue", "method": "natural_breaks", "tiers": [{"code": c} for c in "abcd"]}
ABC = {"metric": "abc_amount", "method": "abc", "tiers": [{"code": c} for c in "abc"]}
CLV = {**TOP, "metric": "clv_amount"}
INDEX = {
    "metric": "weighted_index",
    "method": "bands",
    "weights": {"recency": 1, "frequency": 1, "monetary": 2},
    "tiers": codes(0.75, 0.5, 0.25, 0),
}
ALL = {
    "rfm": RFM,
    "level": LEVEL,
    "goal": GOAL,
    "top": TOP,
    "breaks": BREAKS,
    "abc": ABC,
    "clv": CLV,
    "index": INDEX,
}


def test_a_share_is_counted_before_the_block_and_ties_stay_together() -> None:
    # Ten customers, 20 % are two; the tie 8, 8 straddles the line and starts before it.
    table = customers(value_cents=[900, 800, 800, 700, 600, 500, 400, 300, 200, 100])
    assert tiers(TOP, table) == [1, 1, 1, 2, 2, 3, 3, 3, 3, 3]


def test_the_share_on_the_line_is_below_it() -> None:
    assert tiers(TOP, customers(value_cents=[5, 4, 3, 2, 1])) == [1, 2, 2, 3, 3]


def test_cut_offs_of_those_drawn_are_put_on_everybody() -> None:
    # Drawn are 9, 4 (twice), 3 and 1: the cut-offs are 9, 4 and 1, and 8 and 5 are second then.
    table = customers(value_cents=[9, 8, 5, 4, 3, 1])
    assert tiers(TOP, table, [1, 0, 0, 2, 1, 1]) == [1, 2, 2, 2, 3, 3]


def test_abc_whoever_crosses_the_line_is_in_the_higher_class() -> None:
    table = customers(abc_cents=[79_00, 12_00, 9_00, 0, -5_00])
    assert tiers(ABC, table) == [1, 1, 2, 3, 3]
    assert tiers(ABC, customers(abc_cents=[80_00, 15_00, 5_00])) == [1, 2, 3]
    assert tiers(ABC, customers(abc_cents=[0, 0])) == [3, 3]


def test_natural_breaks_of_fewer_values_than_tiers_leave_the_top_empty() -> None:
    assert tiers(BREAKS, customers(value_cents=[1, 2, 50, 51, 90, 200])) == [4, 4, 3, 3, 2, 1]
    assert tiers(BREAKS, customers(value_cents=[5, 9])) == [4, 3]


def test_scores_of_five_by_quantiles() -> None:
    # 1 to 5 in each dimension, few days are good: totals 15, 12, 9, 6, 3.
    table = customers(
        recency_days=[1, 2, 3, 4, 5],
        rfm_order_count=[5, 4, 3, 2, 1],
        rfm_monetary_cents=[500, 400, 300, 200, 100],
    )
    assert tiers(RFM, table) == [1, 1, 2, 3, 4]
    # Levels 3, 3, 2, 1, 1 of each (cut points at 2 1/3 and 3 2/3).
    assert tiers(LEVEL, table) == [1, 1, 2, 3, 3]
    # Mid-ranks 0.9, 0.7, 0.5, 0.3, 0.1.
    assert tiers(INDEX, table) == [1, 2, 2, 3, 4]


def test_bands_are_upper_bounds_of_days_and_lower_bounds_of_the_others() -> None:
    # Scores 5 + 1 + 1, 4 + 2 + 1 and 1 + 5 + 5; of the first, 30 days and 49.99 are just in reach.
    table = customers(
        recency_days=[30, 31, 366],
        rfm_order_count=[1, 2, 10],
        rfm_monetary_cents=[49_99, 49_99, 1000_00],
    )
    policy = {**RFM, "tiers": codes(11, 8, 7, 3)}
    assert tiers(policy, table, methods="bands") == [3, 3, 1]


def test_scores_by_natural_breaks_of_few_values() -> None:
    # Two values are two classes: scores 5 and 4 of recency, 2 and 1 of the others.
    table = customers(recency_days=[1, 9], rfm_order_count=[7, 1], rfm_monetary_cents=[100, 50])
    policy = {**RFM, "tiers": codes(9, 6, 3)}
    assert tiers(policy, table, methods="natural_breaks") == [1, 2]


def test_customers_without_the_metric_have_no_tier() -> None:
    table = customers(clv_cents=[500, None, 300, 200, 100, 50])
    assert tiers(CLV, table) == [1, 0, 2, 2, 3, 3]
    assert tiers(CLV, customers(clv_cents=[None, None])) == [0, 0]
    resampled = stability_of(measures_from(table), settings({"clv": CLV}))
    assert resampled[0].customer_count == 5


def random_customers(count: int) -> pa.Table:
    rng = np.random.default_rng(3)
    money = np.round(np.exp(rng.normal(9, 1.2, count))).astype(int)
    return customers(
        recency_days=rng.integers(0, 365, count).tolist(),
        rfm_order_count=rng.geometric(0.1, count).tolist(),
        rfm_monetary_cents=money.tolist(),
        value_cents=money.tolist(),
        abc_cents=money.tolist(),
        clv_cents=(money // 2).tolist(),
    )


def test_bands_of_an_absolute_metric_are_stable_and_the_others_nearly() -> None:
    found = {
        s.policy_name: s for s in stability_of(measures_from(random_customers(500)), settings(ALL))
    }
    assert list(found) == list(ALL)
    assert (found["goal"].mean_share, found["goal"].low_share) == (1.0, 1.0)
    for name in set(ALL) - {"goal"}:
        assert 0.5 < found[name].low_share <= found[name].mean_share < 1.0
    by_bands = stability_of(measures_from(random_customers(500)), settings({"p": RFM}, "bands"))
    assert by_bands[0].mean_share == 1.0


def test_more_customers_are_steadier() -> None:
    few, many = (
        stability_of(measures_from(random_customers(count)), settings({"top": TOP}))[0].mean_share
        for count in (50, 5_000)
    )
    assert few < many < 1.0


def test_the_share_of_a_cut_off_that_moves_by_hand() -> None:
    # Of two customers, half the samples hold both, the others one of them twice. By 9 alone, 1 is
    # low still; by 1 alone, everybody reaches the only cut-off there is and is high.
    policy = {**TOP, "tiers": codes(0.5, 1, key="top_share")}
    table = customers(value_cents=[9, 1])
    assert tiers(policy, table) == [1, 2]
    assert tiers(policy, table, [2, 0]) == [1, 2]
    assert tiers(policy, table, [0, 2]) == [1, 1]
    found = stability_of(measures_from(table), settings({"p": policy}))[0]
    assert 0.75 < found.mean_share < 1.0
    assert found.low_share == 0.5


def test_equal_customers_and_a_lone_one_cannot_be_told_apart() -> None:
    for table in (random_customers(1), pa.concat_tables([random_customers(1)] * 30)):
        for found in stability_of(measures_from(table), settings(ALL)):
            assert found == Stability(found.policy_name, MOST_SAMPLES, len(table), 1.0, 1.0)


def test_nobody_gives_no_rows_of_the_same_types() -> None:
    given = vars(settings(ALL))
    nobody = policies_resampled(random_customers(2).slice(0, 0), given)
    somebody = policies_resampled(random_customers(2), given)
    assert len(nobody) == 0
    assert nobody.dtypes.to_dict() == somebody.dtypes.to_dict()
    assert somebody["policy_name"].tolist() == list(ALL)


def test_the_same_customers_give_the_same_figures() -> None:
    table = random_customers(300)
    first, second = (policies_resampled(table, vars(settings(ALL))) for _ in range(2))
    assert first.equals(second)
    other = stability_of(measures_from(table), settings({"top": TOP}), seed=1)[0].mean_share
    assert other != first["resampling_stability_share"][2]


@pytest.mark.parametrize(
    ("count", "samples"),
    [(0, MOST_SAMPLES), (100_000, MOST_SAMPLES), (200_000, 25), (10_000_000, LEAST_SAMPLES)],
)
def test_many_customers_need_fewer_samples(count: int, samples: int) -> None:
    assert sample_count(count) == samples


def test_three_thousand_customers_take_seconds_at_most() -> None:
    started = time.perf_counter()
    stability_of(measures_from(random_customers(3_000)), settings(ALL))
    assert time.perf_counter() - started < 15.0
