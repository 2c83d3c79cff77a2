"""Policies side by side on the shipped data, counted again in other ways than the models do."""

from __future__ import annotations

from collections import Counter, defaultdict
from fractions import Fraction
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pytest
import yaml
from harness import PROJECT, Build
from scipy.stats import spearmanr
from tierwise.resampling import measures_from, policies_resampled, settings_from, tiers_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

ACTIVE = "rfm_total"

# Of one policy, by customer: code and place of the tier, and the value of the customer.
Tiers = dict[str, tuple[str, int, Any]]


@pytest.fixture(scope="session")
def tiers(demo: Build) -> dict[str, Tiers]:
    found: defaultdict[str, Tiers] = defaultdict(dict)
    for policy, customer, code, rank, value in demo.query(
        "select policy_name, customer_id, tier_code, tier_rank, value_amount"
        " from fct_customer_tier_periods"
        " where period_end_date = (select max(period_end_date) from fct_customer_tier_periods)"
    ):
        found[policy][customer] = (code, rank, value)
    return dict(found)


@pytest.fixture(scope="session")
def given() -> dict[str, Any]:
    """Return the settings as shipped, by the names of the Python model."""
    shipped = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    dimensions = ("recency", "frequency", "monetary")
    plain = ("tier_policies", "rfm_score_count", "natural_breaks_max_values")
    return {name: shipped[name] for name in (*plain, "abc_a_share", "abc_b_share")} | {
        "rfm_methods": {name: shipped[f"rfm_{name}_method"] for name in dimensions},
        "rfm_bands": {name: shipped[f"rfm_{name}_bands"] for name in dimensions},
    }


def customers_of(build: Build) -> Any:  # noqa: ANN401 - pyarrow has no types
    with duckdb.connect(str(build.database), read_only=True) as connection:
        return connection.sql("from int_customers_measured order by customer_id").to_arrow_table()


def test_the_rules_written_twice_give_every_customer_the_same_tier(
    demo: Build, given: Mapping[str, Any]
) -> None:
    customers = customers_of(demo)
    settings = settings_from(given)
    ids = customers["customer_id"].to_pylist()
    again = tiers_of(measures_from(customers), np.ones(len(ids), np.int64), settings)
    candidates = dict(
        demo.query(
            "select policy_name, map(list(customer_id), list(candidate_tier_code))"
            " from fct_customer_tier_periods inner join util_periods using (period_end_date)"
            " where is_latest_period and candidate_tier_code is not null group by 1"
        )
    )
    assert set(again) == set(candidates) == set(given["tier_policies"])
    for policy, ranks in again.items():
        codes = [tier["code"] for tier in given["tier_policies"][policy]["tiers"]]
        by_python = {name: codes[rank - 1] for name, rank in zip(ids, ranks, strict=True) if rank}
        assert by_python == candidates[policy]
    assert len(ids) > 2_000


def test_another_draw_of_the_same_customers_is_the_same(
    demo: Build, given: Mapping[str, Any]
) -> None:
    again = policies_resampled(customers_of(demo), given)
    names = ["policy_name", "resampling_stability_share", "resampling_low_share"]
    stored = demo.query(f"select {', '.join(names)} from rpt_tier_policies_compared")  # noqa: S608
    assert sorted(again[names].itertuples(index=False, name=None)) == sorted(stored)
    shares = {policy: mean for policy, mean, _ in stored}
    assert shares.pop("value_goal") == 1.0
    assert all(0.9 < share < 1.0 for share in shares.values())


def test_adjusted_rand_index_over_all_pairs_of_customers(
    demo: Build, tiers: Mapping[str, Tiers]
) -> None:
    names = sorted(tiers[ACTIVE])
    above = np.triu_indices(len(names), 1)
    together = {}
    for policy, of in tiers.items():
        ranks = np.array([of[name][1] for name in names])
        together[policy] = (ranks[:, None] == ranks[None, :])[above]
    stored = {
        (one, other): (index, correlation)
        for one, other, index, correlation in demo.query(
            "select policy_name, other_policy_name, adjusted_rand_index, tier_rank_correlation"
            " from rpt_tier_policy_agreement"
        )
    }
    assert set(stored) == set(combinations(sorted(tiers), 2))
    for (one, other), (index, correlation) in stored.items():
        both = int(np.sum(together[one] & together[other]))
        one_only = int(np.sum(together[one] & ~together[other]))
        other_only = int(np.sum(~together[one] & together[other]))
        neither = int(np.sum(~together[one] & ~together[other]))
        # Hubert and Arabie 1985 in the four kinds of pairs.
        by_pairs = Fraction(
            2 * (both * neither - one_only * other_only),
            (both + one_only) * (one_only + neither) + (both + other_only) * (other_only + neither),
        )
        assert index == pytest.approx(float(by_pairs), abs=1e-12)
        if "value_goal" in (one, other):
            assert correlation is None
        else:
            ranks = [[tiers[policy][name][1] for name in names] for policy in (one, other)]
            assert correlation == pytest.approx(spearmanr(*ranks).statistic, abs=1e-12)


def test_cross_tables_and_who_would_move(demo: Build, tiers: Mapping[str, Tiers]) -> None:
    active = tiers[ACTIVE]
    cells = {
        (row["policy_name"], row["active_tier_code"], row["tier_code"]): row
        for row in demo.rows("from rpt_tier_policy_switch")
    }
    stored = {
        (row["policy_name"], row["customer_id"]): row
        for row in demo.rows("from fct_tier_policy_switches")
    }
    moving = set()
    for policy in set(tiers) - {ACTIVE}:
        of = tiers[policy]
        counts = Counter((active[name][0], of[name][0]) for name in active)
        for (was, would_be), count in counts.items():
            row = cells[policy, was, would_be]
            members = [n for n in active if (active[n][0], of[n][0]) == (was, would_be)]
            assert row["customer_count"] == count
            assert row["value_amount"] == sum(active[name][2] for name in members)
        total = sum(row["customer_count"] for key, row in cells.items() if key[0] == policy)
        assert total == len(active)
        places = {}
        for label, tiered in (("active", active), ("other", of)):
            own = Counter(rank for _, rank, _ in tiered.values())
            for rank, count in own.items():
                better = sum(n for place, n in own.items() if place < rank)
                places[label, rank] = (better, better + count)
        for name in active:
            low, high = places["active", active[name][1]]
            other_low, other_high = places["other", of[name][1]]
            if high <= other_low or other_high <= low:
                moving.add((policy, name))
                row = stored[policy, name]
                assert row["direction"] == ("better" if other_low < low else "worse")
                assert (row["active_tier_code"], row["tier_code"]) == (active[name][0], of[name][0])
                for column, ends in (
                    ("active_position_share", low + high),
                    ("position_share", other_low + other_high),
                ):
                    assert row[column] == pytest.approx(ends / (2 * len(active)), abs=1e-12)
    assert set(stored) == moving
    assert len(moving) > 100


def mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


@pytest.mark.parametrize("policy", ["rfm_total", "value_natural_breaks", "value_goal"])
def test_steadiness_and_accuracy_over_the_complete_periods(demo: Build, policy: str) -> None:
    at: defaultdict[dt.date, dict[str, int]] = defaultdict(dict)
    for end, name, rank in demo.query(
        "select period_end_date, customer_id, tier_rank from fct_customer_tier_periods"
        " where policy_name = ?",
        [policy],
    ):
        at[end][name] = rank
    spent: defaultdict[dt.date, dict[str, float]] = defaultdict(dict)
    for end, name, amount in demo.query(
        "select period_end_date, customer_id, period_net_revenue_amount"
        " from int_customer_periods_measured"
    ):
        spent[end][name] = float(amount)
    # The as-of date is the first day of a month: no complete period.
    ends = sorted(at)[:-1]
    changed, correlations, lifts = [], [], []
    for start, end in pairwise(ends):
        members = at[start]
        both = [name for name in members if name in at[end]]
        changed.append(sum(members[name] != at[end][name] for name in both) / len(both))
        next_spent = [spent[end].get(name, 0.0) for name in members]
        if len(set(members.values())) > 1:
            ranks = [-rank for rank in members.values()]
            correlations.append(float(spearmanr(ranks, next_spent).statistic))
        best = [spent[end].get(name, 0.0) for name, rank in members.items() if rank == 1]
        if best:
            lifts.append(sum(best) / len(best) / (sum(next_spent) / len(next_spent)))
    row = demo.by("policy_name", "rpt_tier_policies_compared")[policy]
    assert row["period_count"] == len(changed) == 11
    assert row["mean_migration_rate_share"] == pytest.approx(mean(changed), abs=1e-12)
    assert row["mean_accuracy_rank_correlation"] == pytest.approx(mean(correlations), abs=1e-12)
    assert row["mean_top_tier_lift"] == pytest.approx(mean(lifts), abs=1e-9)


def test_a_policy_of_lifetime_value_is_judged_without_a_past(demo: Build) -> None:
    row = demo.by("policy_name", "rpt_tier_policies_compared")["clv"]
    assert row["period_count"] == 0
    past = ("mean_migration_rate_share", "mean_accuracy_rank_correlation", "mean_top_tier_lift")
    assert [row[name] for name in past] == [None, None, None]
    assert 0 < row["adjusted_rand_index"] < 1
    assert row["resampling_stability_share"] > 0.9
