"""How many customers keep their tier where the customers are drawn anew.

Cut points, cut-offs and percentile ranks that are relative to the other customers come out a little
differently with other customers. They are worked out on bootstrap samples of the customers, and all
customers are put into tiers by them: the share that is in the same tier as with all customers is
the stability of a policy. Bands of an absolute metric are stable by definition.

The rules are those of the SQL models, written a second time: ``tiers_of`` with every customer
counted once gives the candidate tiers of fct_customer_tier_periods.

Source
------
Efron, B. (1979). Bootstrap methods: another look at the jackknife. The Annals of Statistics 7 (1),
1-26.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tierwise.natural_breaks import natural_breaks

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa  # type: ignore[import-untyped]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Bools = NDArray[np.bool_]

SEED = 20_250_101
MOST_SAMPLES = 50
LEAST_SAMPLES = 10
CUSTOMERS_DRAWN = 5_000_000

DIMENSIONS = ("recency", "frequency", "monetary")

# The column of int_customers_measured that each measure is in, and how many of its units make one.
COLUMNS = {
    "recency": ("recency_days", 1),
    "frequency": ("rfm_order_count", 1),
    "monetary": ("rfm_monetary_cents", 100),
    "revenue": ("value_cents", 100),
    "abc_amount": ("abc_cents", 100),
    "clv_amount": ("clv_cents", 100),
}

_RESAMPLED = {
    "as_of_date": "datetime64[s]",
    "policy_name": "str",
    "sample_count": "int32",
    "resampled_customer_count": "int64",
    "resampling_stability_share": "float64",
    "resampling_low_share": "float64",
}


@dataclass(frozen=True)
class Settings:
    """The settings that decide tiers, by their names in dbt_project.yml."""

    tier_policies: Mapping[str, Mapping[str, Any]]
    rfm_score_count: int
    rfm_methods: Mapping[str, str]
    rfm_bands: Mapping[str, list[float]]
    natural_breaks_max_values: int
    abc_a_share: float
    abc_b_share: float


@dataclass(frozen=True)
class Measure:
    """What one measure of the customers looks like, sorted once for all samples.

    Attributes
    ----------
    units : shape (d,), the distinct values, ascending: days, orders, or money in cents.
    values : shape (d,), the same in days, orders, or base currency.
    place : shape (n,), index of each customer's value; 0 where it is not known.
    is_known : shape (n,).
    """

    units: Integers
    values: Floats
    place: Integers
    is_known: Bools

    def counts(self, draws: Integers) -> Integers:
        """How often each distinct value was drawn, from how often each customer was, (n,)."""
        place, drawn = self.place[self.is_known], draws[self.is_known]
        # Sums of whole numbers below 2**53: the doubles are exact.
        found = np.bincount(place, weights=drawn, minlength=len(self.units))
        return found.astype(np.int64)


@dataclass(frozen=True)
class Stability:
    """Shares of customers, 0 to 1, who have the same tier by a sample as by all customers.

    ``customer_count`` has a tier by all customers, ``mean_share`` is the mean over the samples,
    ``low_share`` their 10 % quantile.
    """

    policy_name: str
    sample_count: int
    customer_count: int
    mean_share: float
    low_share: float


def measure(units: Integers, is_known: Bools, divisor: int) -> Measure:
    """Sort a measure, given in whole units that make ``divisor`` to the unit of its metric."""
    distinct, inverse = np.unique(units[is_known], return_inverse=True)
    place = np.zeros(len(units), np.int64)
    place[is_known] = inverse
    return Measure(distinct, distinct / divisor, place, is_known)


def measures_from(customers: pa.Table) -> dict[str, Measure]:
    """Sort the measures of a table like int_customers_measured."""
    found = {}
    for name, (column, divisor) in COLUMNS.items():
        values = customers[column]
        units = values.fill_null(0).to_numpy().astype(np.int64)
        found[name] = measure(units, values.is_valid().to_numpy().astype(np.bool_), divisor)
    return found


def settings_from(given: Mapping[str, Any]) -> Settings:
    """Read the settings as dbt hands them to a Python model: mappings may come as JSON."""
    return Settings(
        **{name: json.loads(v) if isinstance(v, str) else v for name, v in given.items()}
    )


def policies_resampled(customers: pa.Table, given: Mapping[str, Any]) -> pd.DataFrame:
    """Return one row per policy that puts somebody into a tier.

    Parameters
    ----------
    customers : a table like int_customers_measured, sorted by customer_id.
    given : the settings by name, see ``settings_from``.
    """
    rows: list[tuple[object, ...]] = []
    if len(customers):
        as_of_date = customers["as_of_date"][0].as_py()
        rows = [
            (as_of_date, s.policy_name, s.sample_count, s.customer_count, s.mean_share, s.low_share)
            for s in stability_of(measures_from(customers), settings_from(given))
        ]
    return pd.DataFrame(rows, columns=list(_RESAMPLED)).astype(_RESAMPLED)


def sample_count(customer_count: int) -> int:
    """50 samples; fewer from 100,000 customers on, whose samples hardly differ, but at least 10."""
    return max(LEAST_SAMPLES, min(MOST_SAMPLES, CUSTOMERS_DRAWN // max(customer_count, 1)))


def stability_of(
    measures: Mapping[str, Measure], settings: Settings, seed: int = SEED
) -> list[Stability]:
    """Draw samples of customers and see who keeps the tier.

    The customers must be in the same order for the same result: sort them by id. A policy that puts
    nobody into a tier is left out.
    """
    customer_count = len(measures["recency"].place)
    samples = sample_count(customer_count)
    rng = np.random.default_rng(seed)
    whole = tiers_of(measures, np.ones(customer_count, np.int64), settings)
    same: dict[str, list[int]] = {name: [] for name in whole}
    for _ in range(samples):
        draws = np.bincount(
            rng.integers(0, customer_count, customer_count), minlength=customer_count
        )
        for name, tiers in tiers_of(measures, draws.astype(np.int64), settings).items():
            same[name].append(int(np.count_nonzero((tiers == whole[name]) & (tiers > 0))))
    found = []
    for name, tiers in whole.items():
        tiered = int(np.count_nonzero(tiers))
        if tiered:
            mean = sum(same[name]) / (samples * tiered)
            low = float(np.quantile(same[name], 0.1)) / tiered
            found.append(Stability(name, samples, tiered, mean, low))
    return found


def tiers_of(
    measures: Mapping[str, Measure], draws: Integers, settings: Settings
) -> dict[str, Integers]:
    """Put every customer into a tier by the cut-offs of those who were drawn.

    Parameters
    ----------
    measures : of the n customers, by name.
    draws : shape (n,), how often each customer counts in what is relative to others.
    settings : as configured.

    Returns
    -------
    By policy, shape (n,): the place of the tier, 1 is the best; 0 for a customer without metric.
    """
    counts = {name: of.counts(draws) for name, of in measures.items()}
    found = {}
    for name, policy in settings.tier_policies.items():
        metric, is_known = _metric(policy, measures, counts, settings)
        ranks = _placed(metric, _cut_offs(policy, measures, counts, settings))
        found[name] = np.where(is_known, ranks, 0)
    return found


def _metric(
    policy: Mapping[str, Any],
    measures: Mapping[str, Measure],
    counts: Mapping[str, Integers],
    settings: Settings,
) -> tuple[Floats, Bools]:
    """Return the metric of every customer, (n,), and who has it, (n,)."""
    name = policy["metric"]
    everybody = measures["recency"].is_known
    if name == "weighted_index":
        total = np.zeros(len(everybody))
        for indicator, weight in policy["weights"].items():
            ranks = _percentile_ranks(indicator, counts[indicator])
            total = total + ranks[measures[indicator].place] * weight
        # Rounded, an index that is exactly a cut-off is that as a double, too.
        return np.round(total / float(sum(policy["weights"].values())), 12), everybody
    if name in ("rfm_total", "rfm_level_total"):
        scores = []
        for dimension in DIMENSIONS:
            of, count = measures[dimension], counts[dimension]
            if name == "rfm_total":
                scores.append(_scores(dimension, of, count, settings))
            else:
                scores.append(_scores_by(dimension, of, _quantiles(of, count, 3)))
        return np.sum(scores, axis=0).astype(np.float64), everybody
    of = measures[name]
    if not len(of.values):
        return np.zeros(len(of.place)), of.is_known
    return of.values[of.place], of.is_known


def _scores(dimension: str, of: Measure, counts: Integers, settings: Settings) -> Integers:
    method = settings.rfm_methods[dimension]
    if method == "bands":
        bands = np.array(settings.rfm_bands[dimension], np.float64)
        return _scores_by(dimension, of, bands, is_lower_bound=dimension != "recency")
    if method == "quantile":
        return _scores_by(dimension, of, _quantiles(of, counts, settings.rfm_score_count))
    cuts = _breaks(of, counts, settings.rfm_score_count, settings)
    # A cut point that is not there, for want of distinct values, is passed by nobody.
    missing = np.full(settings.rfm_score_count - 1 - len(cuts), np.inf)
    return _scores_by(dimension, of, np.concatenate((cuts, missing)))


def _scores_by(
    dimension: str, of: Measure, cuts: Floats, *, is_lower_bound: bool = False
) -> Integers:
    """Score 1 to len(cuts) + 1 of every customer; few days since the last order are the best."""
    side = "right" if is_lower_bound else "left"
    passed = np.searchsorted(cuts, of.values, side=side)  # type: ignore[call-overload]
    score = len(cuts) + 1 - passed if dimension == "recency" else 1 + passed
    return np.asarray(score[of.place], np.int64)


def _quantiles(of: Measure, counts: Integers, parts: int) -> Floats:
    """Return the quantiles 1 / parts and so on, as the macros quantile and exact_quantile do."""
    through = np.cumsum(counts)
    if not len(through) or through[-1] == 0:
        return np.full(parts - 1, np.inf)
    found = []
    for number in range(1, parts):
        fraction = number / parts
        over, under = fraction.as_integer_ratio()
        if over * parts < number * under:
            fraction *= 1 + 2**-52
        position = (int(through[-1]) - 1) * fraction
        below, above = int(np.floor(position)), int(np.ceil(position))
        low, high = of.values[np.searchsorted(through, [below, above], side="right")]
        part = position - below
        cut = low * (1 - part) + high * part if above > below else low
        found.append(np.round(cut * 100 * parts) / (100 * parts))
    return np.array(found, np.float64)


def _breaks(of: Measure, counts: Integers, classes: int, settings: Settings) -> Floats:
    found = natural_breaks(of.values, counts, classes, settings.natural_breaks_max_values)
    return np.array(found.cut_points, np.float64)


def _percentile_ranks(indicator: str, of_value: Integers) -> Floats:
    """Share of those drawn with a worse value, those with the very same one counted half, (d,)."""
    through = np.cumsum(of_value)
    total = int(through[-1]) if len(through) else 0
    share = (through - of_value + 0.5 * of_value) / max(total, 1)
    return 1 - share if indicator == "recency" else share


def _placed(metric: Floats, cut_offs: Floats) -> Integers:
    """Return the first tier whose cut-off is reached, or the lowest; NaN is reached by nobody."""
    ranks = np.full(len(metric), len(cut_offs), np.int64)
    for rank in range(len(cut_offs) - 1, 0, -1):
        ranks[metric >= cut_offs[rank - 1]] = rank
    return ranks


def _cut_offs(
    policy: Mapping[str, Any],
    measures: Mapping[str, Measure],
    counts: Mapping[str, Integers],
    settings: Settings,
) -> Floats:
    """Return the least metric of each tier, best first; NaN where nobody drawn is in it."""
    tiers = policy["tiers"]
    if policy["method"] == "bands":
        return np.array([tier["from"] for tier in tiers], np.float64)
    of, count = measures[policy["metric"]], counts[policy["metric"]]
    is_drawn = count > 0
    units, values, count = of.units[is_drawn], of.values[is_drawn], count[is_drawn]
    if policy["method"] == "percentile":
        ranks = _ranks_by_share(count, [tier["top_share"] for tier in tiers])
    elif policy["method"] == "abc":
        ranks = _abc_ranks(units, count, settings)
    else:
        cuts = _breaks(of, counts[policy["metric"]], len(tiers), settings)
        ranks = len(tiers) - np.searchsorted(cuts, values, side="left")
    found = np.full(len(tiers), np.nan)
    for rank in range(1, len(tiers) + 1):
        members = values[ranks == rank]
        if len(members):
            found[rank - 1] = members[0]
    return found


def _line(whole: int, share: float, digits: int) -> int:
    """Return the least whole number that is not below a share of a whole, without rounding."""
    scale: int = 10**digits
    parts = int((Decimal(str(share)) * scale).to_integral_value(ROUND_HALF_UP))
    return -(-whole * parts // scale)


def _ranks_by_share(count: Integers, top_shares: list[float]) -> Integers:
    """Return the first tier whose share is above that of those with a larger value, (d,)."""
    through = np.cumsum(count[::-1])
    before = (through - count[::-1])[::-1]
    total = int(through[-1]) if len(through) else 0
    ranks = np.full(len(count), len(top_shares), np.int64)
    for rank in range(len(top_shares) - 1, 0, -1):
        ranks[before < _line(total, top_shares[rank - 1], 15)] = rank
    return ranks


def _abc_ranks(units: Integers, count: Integers, settings: Settings) -> Integers:
    """Return 1, 2 and 3 for the classes A, B and C of each value, (d,).

    Nothing comes before the line of a total of 0, so where nothing was earned everyone is C.
    """
    amount = np.maximum(units, 0) * count
    through = np.cumsum(amount[::-1])
    before = (through - amount[::-1])[::-1]
    total = int(through[-1]) if len(through) else 0
    ranks = np.full(len(units), 3, np.int64)
    ranks[before < _line(total, settings.abc_b_share, 6)] = 2
    ranks[before < _line(total, settings.abc_a_share, 6)] = 1
    return ranks
