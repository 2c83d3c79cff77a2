"""The core outputs, written by hand in plain DuckDB and SciPy: what a build is compared with.

    .venv/bin/python benchmarks/lower_bound.py 'ORDERS/*.parquet' SCRATCH.duckdb 24

Accepted orders, customer days, R, F and M scores, ABC classes, tiers, the fit of BG/NBD and the
scores of as many month ends, by the shortest queries that give the project's own numbers. There is
no mapping of columns, no quarantine and no reconciliation, no refund, reason or explanation, one
model instead of five and nothing that a later load could go on from. Prints JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
from scipy.optimize import minimize
from scipy.special import gammaln, psi

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

# An exact copy is no second order; what was cancelled, or nothing was paid for, is no purchase.
ORDERS = """
create table orders as
select distinct order_id, customer_id, cast(ordered_at as date) as order_date, amount
from read_parquet('{orders}')
where status = 'completed' and amount > 0 and customer_id is not null
"""

DAYS = """
create table days as
select
    customer_id,
    order_date,
    count(*) as order_count,
    cast(sum(amount) as decimal(18, 2)) as amount
from orders
group by all
"""

# For the as-of date and for each month end: who had bought by then, and what in the year up to it.
MEASURES = """
select
    customer_id,
    date '{end}' - max(order_date) as recency,
    coalesce(sum(order_count) filter (order_date > date '{end}' - 365), 0) as frequency,
    coalesce(sum(amount) filter (order_date > date '{end}' - 365), 0) as monetary
from days
where order_date <= date '{end}'
group by customer_id
"""

SCORES = """
with measures as ({measures}),
cuts as (
    select
        quantile_cont(recency, [0.2, 0.4, 0.6, 0.8]) as r,
        quantile_cont(frequency, [0.2, 0.4, 0.6, 0.8]) as f,
        quantile_cont(monetary, [0.2, 0.4, 0.6, 0.8]) as m
    from measures
)
select
    date '{end}' as period_end_date,
    customer_id,
    5 - len(list_filter(cuts.r, lambda cut: cut < recency)) as r_score,
    1 + len(list_filter(cuts.f, lambda cut: cut < frequency)) as f_score,
    1 + len(list_filter(cuts.m, lambda cut: cut < monetary)) as m_score
from measures, cuts
"""

ABC = """
create table abc as
with bought as (
    select customer_id, sum(amount) as amount from days group by customer_id
),
amounts as (
    select amount, sum(amount) as block from bought group by amount
),
above as (
    select
        amount,
        sum(block) over (order by amount desc) - block as amount_before,
        sum(block) over () as total
    from amounts
)
select
    customer_id,
    case
        when amount_before < 0.80 * total then 'A'
        when amount_before < 0.95 * total then 'B'
        else 'C'
    end as abc_class
from bought
inner join above using (amount)
"""

TIERS = """
create table tiers as
select
    customer_id,
    abc_class,
    case
        when r_score + f_score + m_score >= 12 then 'top'
        when r_score + f_score + m_score >= 9 then 'potential'
        when r_score + f_score + m_score >= 6 then 'general'
        else 'dormant'
    end as tier_code
from scores
inner join abc using (customer_id)
"""

CELLS = """
select
    repeats,
    last_date - first_date as recency,
    date '{end}' - first_date as age,
    count(*) as customers
from (
    select
        count(*) - 1 as repeats, min(order_date) as first_date, max(order_date) as last_date
    from days
    group by customer_id
)
group by all
"""


def fit_bg_nbd(
    repeats: Numbers, recency: Numbers, age: Numbers, customers: Numbers
) -> tuple[list[float], float]:
    """Maximise the likelihood of BG/NBD on cells; r, alpha, a, b and its logarithm.

    Fader, Hardie and Lee (2005), equation 6. Of whole numbers, as these are, each function is
    worked out once for each of them and looked up.
    """
    x, t, age_days = (values.astype(np.int64) for values in (repeats, recency, age))
    counts, days = np.arange(x.max() + 1), np.arange(age_days.max() + 1)
    again = x > 0
    total = customers.sum()

    def loss(logs: Numbers) -> tuple[float, Numbers]:
        r, alpha, a, b = np.exp(logs)
        log_day, per_day = np.log(alpha + days), 1.0 / (alpha + days)
        purchases = r + x
        alive = -purchases * log_day[age_days]
        with np.errstate(divide="ignore"):
            gone = np.where(
                again, np.log(a / (b + np.maximum(x, 1) - 1)) - purchases * log_day[t], -np.inf
            )
        either = np.logaddexp(alive, gone)
        weight = np.exp(gone - either)
        by_count = gammaln(r + counts) - gammaln(r) + r * np.log(alpha)
        by_count += gammaln(a + b) - gammaln(a + b + counts) + gammaln(b + counts) - gammaln(b)
        value = customers @ (by_count[x] + either)

        both = psi(a + b) - psi(a + b + counts)
        d_r = (psi(r + counts) - psi(r) + np.log(alpha))[x]
        d_r = d_r - (1 - weight) * log_day[age_days] - weight * log_day[t]
        d_alpha = r / alpha - purchases * ((1 - weight) * per_day[age_days] + weight * per_day[t])
        d_a = both[x] + weight / a
        d_b = (both + psi(b + counts) - psi(b))[x] - weight / (b + np.maximum(x, 1) - 1)
        slope = np.array([customers @ part for part in (d_r, d_alpha, d_a, d_b)])
        return -value / total, -slope * np.exp(logs) / total

    start = np.log([1.0, float(age_days.mean()) + 1.0, 1.0, 1.0])
    found = minimize(
        loss, start, jac=True, method="L-BFGS-B", options={"ftol": 1e-13, "gtol": 1e-8}
    )
    return [float(value) for value in np.exp(found.x)], float(-found.fun * total)


def measure(orders: str, scratch: str, months: int) -> dict[str, Any]:
    """Write the tables into a new file; when each step began and ended, and the fit."""
    steps: list[dict[str, Any]] = []

    @contextmanager
    def step(name: str) -> Iterator[None]:
        start, began = time.time(), time.perf_counter()
        yield
        seconds = round(time.perf_counter() - began, 3)
        steps.append({"step": name, "seconds": seconds, "from": start, "to": time.time()})

    # The storage format that the build uses, too.
    config = {"storage_compatibility_version": "latest"}
    connection = duckdb.connect(scratch, config=config)
    connection.execute("set enable_progress_bar = false")
    connection.execute("set preserve_insertion_order = false")
    if os.environ.get("TIERWISE_MEMORY_LIMIT"):
        connection.execute(f"set memory_limit = '{os.environ['TIERWISE_MEMORY_LIMIT']}'")
    with step("accepted_orders"):
        connection.execute(ORDERS.format(orders=orders.replace("'", "''")))
    with step("customer_days"):
        connection.execute(DAYS)
    [(end,)] = connection.execute("select max(order_date) from days").fetchall()
    with step("rfm_scores"):
        measures = MEASURES.format(end=end)
        connection.execute(f"create table scores as {SCORES.format(measures=measures, end=end)}")
    with step("abc_classes"):
        connection.execute(ABC)
    with step("tiers"):
        connection.execute(TIERS)
    with step("clv_fit"):
        cells = connection.execute(CELLS.format(end=end)).fetchnumpy()
        names = ("repeats", "recency", "age", "customers")
        parameters, log_likelihood = fit_bg_nbd(*(np.asarray(cells[n], float) for n in names))
    ends = connection.execute(
        "select cast(? as date) as month_end union "
        "select last_day(cast(? as date) - to_months(cast(n as integer))) from range(1, ?) as t(n) "
        "order by 1 desc limit ?",
        [end, end, months + 1, months],
    ).fetchall()
    with step("history"):
        connection.execute("create table history as from scores where false")
        for (month_end,) in ends:
            query = SCORES.format(measures=MEASURES.format(end=month_end), end=month_end)
            connection.execute(f"insert into history {query}")
    connection.close()
    return {
        "steps": steps,
        "seconds": round(steps[-1]["to"] - steps[0]["from"], 3),
        "cells": len(cells["age"]),
        "parameters": parameters,
        "log_likelihood": log_likelihood,
    }


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
