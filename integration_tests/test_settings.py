"""No value of a setting runs as SQL, reads a file or reaches a model unless the contract allows it.

Settings become SQL text, so a value that got through would be executed. Each payload below would
leave a mark if it were: a table in the database, or a file in the folder.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from typing import TYPE_CHECKING

import pytest
import yaml
from background import made_in_background
from harness import (
    PROJECT,
    Build,
    Case,
    Outcome,
    build_tables_quickly,
    copy_project,
    run_dbt,
    run_many,
    write_csv,
)

if TYPE_CHECKING:
    from pathlib import Path

ATTACK = "create table pwned as select 1"

# Setting, then values that must be refused.
HOSTILE: dict[str, list[object]] = {
    "as_of_date": [
        f"2024-01-01'; {ATTACK}; --",
        f"2024-01-01') as as_of_date; {ATTACK}; select date('2024-01-01",
        "2024-01-01\n",
        "2024-02-30",
        "2024-13-01",
        "0000-01-01",
        "2024-1-1",
        "\uff12024-01-01",
        "infinity",
        "tomorrow",
        20240101,
        ["2024-01-01"],
        True,
        # dbt renders these; what comes of them would be allowed.
        "{{ '2024-01-01' if run_query('create table pwned as select 1') else '2024-01-01' }}",
        "{% do run_query('create table pwned as select 1') %}2024-01-01",
        "{# a comment #}2024-01-01",
    ],
    "business_timezone": [
        "UTC'; attach 'pwned.duckdb' as pwned; --",
        "UTC', ordered_at) as date), (select content from read_text('/etc/passwd')), ('",
        "Mars/Olympus",
        "../../etc/localtime",
        "utc ",
        None,
        8,
    ],
    "max_text_length": [49, 1_000_001, "1000", 100.5, None, True, "50) or true --"],
    "quarantined_revenue_limit": [
        -0.01,
        1.01,
        math.nan,
        "0.5",
        True,
        "0.5 then 1 end, (select 1",
        [0.5],
    ],
    "quarantine_retention_days": [-1, 36_501, 1.5, "30", False, "30 then null end; select 1; --"],
    "min_order_date": ["", "1990-01-01' or true --", None, "yesterday", 1990],
    "base_currency": [
        f"USD'; {ATTACK}; --",
        "usd",
        "US$",
        "USD\n",
        "\uff35SD",
        "",
        None,
        840,
        ["USD"],
        "{{ 'USD' }}",
    ],
    "zero_amount_is_purchase": ["true", "yes", 1, 0, None, "1=1"],
    "default_margin_share": [
        -0.01,
        1.01,
        math.nan,
        math.inf,
        "0.3",
        "0.3 as decimal(9, 8))) as decimal(18, 2)), (select 1",
        True,
        [0.3],
    ],
    "rfm_window_days": [0, -1, 36501, 1.5, "365", "365 or 1=1", True, math.inf, {"days": 365}],
    "rfm_score_count": [1, 11, "5", 5.5, True, math.nan, None, {"min": 5}, 10**30, [5]],
    "rfm_monetary": ["sum(net_amount)", "SUM", ["sum"], None, "mean'"],
    "rfm_recency_method": ["ntile", "quantile'; --", "", None],
    "rfm_frequency_method": ["bands\n", 1],
    "rfm_monetary_method": [["quantile"], "natural_breaks; select 1"],
    "rfm_recency_bands": [
        "30, 90, 180, 365",
        [],
        [365, 180, 90, 30],
        [30, 30, 90, 180],
        [30, 90, 180, "365"],
        [30, 90, 180, math.nan],
        [30, 90, 180, math.inf],
        [30, 90, [180], 365],
        [30, 90, 180, "365) from x; create table pwned as select (1"],
        {"a": 30},
        None,
    ],
    "rfm_frequency_bands": [[True, 2, 3, 4], [1, None]],
    "rfm_monetary_bands": [["getenv('HOME')"], 50, [-(10**13), 1]],
    "rfm_weights": [
        {"recency": 1, "frequency": 1},
        {"recency": 1, "frequency": 1, "monetary": -1},
        {"recency": 0, "frequency": 0, "monetary": 0},
        {"recency": math.nan, "frequency": 1, "monetary": 1},
        {"recency": "1", "frequency": 1, "monetary": 1},
        {"recency": 1, "frequency": 1, "monetary": "1) as double), (select 1"},
        {"recency": 1, "frequency": 1, "monetary": 1, "x'; drop table y; --": 1},
        {"recency": {"of": 1}, "frequency": 1, "monetary": 1},
        [1, 1, 1],
        "recency",
    ],
    "natural_breaks_max_values": [99, 200001, "many", 1e3 + 0.5, None],
    "abc_metric": ["revenue'; drop table x; --", "quantity", ["profit"], None],
    "abc_window_days": ["365", -365, False],
    "abc_a_share": [math.nan, "80%", 1.01, "0.8 as decimal(7, 6)) or true --", None],
    "abc_b_share": [-math.inf, -0.1, {"b": 1}],
    "clv_horizon_days": [0, 3651, 1.5, "365", True, None, "1) as double), (select 1"],
    "clv_holdout_days": [6, 3651, "90", 90.5, math.nan, None, f"90; {ATTACK}; --"],
    "clv_time_unit": ["days'; drop table x; --", "months", "Days", None, 7],
    "clv_model": [f"bg_nbd'; {ATTACK}; --", "BG_NBD", "", None, ["bg_nbd"], "gamma_gamma"],
    "clv_group": ["customer_id", "region'; select 1; --", "", ["region"], 1],
    "clv_min_repeat_customers": [9, 1_000_001, "100", True, None, "100 or true --"],
    "clv_min_history_days": [13, 36_501, "180", 14.5, False, None],
    "clv_annual_discount_rate": [-0.01, 1.01, math.nan, "0.1", "0.1) as double), (select 1", None],
    "clv_spend_correlation_limit": [-0.01, 1.01, math.inf, "0.3", True, "0.3, true) --", None],
    "history_basis": [f"order_date'; {ATTACK}; --", "arrival", "", None, ["order_date"]],
    "tier_period": [f"month', now()); {ATTACK}; --", "day", "Month", None, ["month"], 1],
    "tier_history_min_days": [0, 36_501, 1.5, "30", True, None, "30 or true --"],
    "tier_value_window_days": [0, 36_501, 1.5, "365", False, None, f"365); {ATTACK}; --"],
    "tier_outlook_periods": [2, 1201, 12.5, "12", True, None, "12 or true --"],
    "active_tier_policy": ["no_such_policy", f"rfm_total'; {ATTACK}; --", "RFM_TOTAL", "", None, 1],
    "tier_alert_tiers": [0, 21, 1.5, "2", True, None, f"2; {ATTACK}; --"],
    "tier_alert_distance": [-0.01, 1.01, math.nan, "0.05", True, None, "0.05 * 1) or (true"],
    "tier_alert_gap_factor": [0.99, 101, math.inf, "2", False, None, "2) or (true"],
    "tier_alert_probability_alive": [-0.1, 1.1, math.nan, "0.5", True, None, "0.5 or true"],
    "tier_policies": [
        {},
        [],
        "rfm_total",
        None,
        {"rfm_total": "bands"},
        {"rfm_total": {"metric": "rfm_total", "method": "bands"}},
        {f"x as (select 1); {ATTACK}; --": {"metric": "rfm_total", "method": "bands", "tiers": []}},
    ],
    "inputs": [
        ["orders"],
        "orders.csv",
        None,
        {"invoices": {"path": "x.csv"}},
        {"orders": "orders.csv"},
        {"orders": {"file": "orders.csv"}},
        {"orders": {"path": ["a.csv", "b.csv"]}},
        {"orders": {"path": "a.csv\nb.csv"}},
        {"orders": {"path": ""}},
        {"orders": {"path": "a.csv", "table": "orders"}},
        {"orders": {"table": f'orders"; {ATTACK}; --'}},
        {"orders": {"table": "orders", "schema": 'main".orders; select 1; --'}},
        {"orders": {"table": "orders", "database": '"'}},
        {"orders": {"model": "x') }} {{ run_query('create table pwned as select 1') }}"}},
        {"orders": {"model": "../orders"}},
        {"orders": {"model": ["orders"]}},
        {"orders": {"timezone": "UTC', now()) --"}},
        {"orders": {"timezone": ["UTC"]}},
        {"orders": {"timestamp_format": f"%Y'); {ATTACK}; --"}},
        {"orders": {"date_format": 20240101}},
        {"orders": {"decimal_separator": ";"}},
        {"orders": {"decimal_separator": ",", "thousands_separator": ","}},
        {"orders": {"thousands_separator": "'); select 1; --"}},
        {"orders": {"columns": ["amount"]}},
        {"orders": {"columns": {"price": "amount"}}},
        {"orders": {"columns": {f"amount, (select 1) as x; {ATTACK}; --": "amount"}}},
        {"orders": {"columns": {"amount": 12}}},
        {"orders": {"columns": {"amount": ""}}},
        {"orders": {"columns": {"amount": {"sql": "1"}}}},
        {"orders": {"columns": {"amount": "a" * 2001}}},
        {"orders": {"where": True}},
        {"orders": {"where": ""}},
        {"orders": {"where": ["amount = '1'"]}},
        {"orders": {"where": {"sql": "true"}}},
        {"orders": {"allow_no_rows": "true"}},
        {"orders": {"allow_no_rows": 1}},
        {"orders": {"csv": "semicolon"}},
        {"orders": {"csv": {"sep": ";"}}},
        {"orders": {"csv": {"delimiter": f"', columns = {{}}); {ATTACK}; --"}}},
        {"orders": {"csv": {"delimiter": ",,"}}},
        {"orders": {"csv": {"delimiter": "\n"}}},
        {"orders": {"csv": {"quote": "''"}}},
        {"orders": {"csv": {"escape": ["\\"]}}},
        {"orders": {"csv": {"encoding": "utf-8', skip = 5"}}},
        {"orders": {"csv": {"skip_lines": "0"}}},
        {"orders": {"csv": {"skip_lines": -1}}},
        {"orders": {"csv": {"header": "false"}}},
        {"orders": {"csv": {"column_names": []}}},
        {"orders": {"csv": {"column_names": "a,b"}}},
        {"orders": {"csv": {"column_names": ["a", 1]}}},
    ],
    "demo_inputs": [{"orders": {"file": "x"}}, f"{ATTACK};"],
}


def policy(**changes: object) -> dict[str, object]:
    """Return a policy that is right but for the changes."""
    right: dict[str, object] = {
        "metric": "rfm_total",
        "method": "bands",
        "tiers": [{"code": "high", "from": 9}, {"code": "low", "from": 3}],
    }
    return {"rfm_total": right | changes}


def tiers(*pairs: tuple[object, object]) -> dict[str, object]:
    return policy(tiers=[{"code": code, "from": lowest} for code, lowest in pairs])


def shares(*pairs: tuple[object, object]) -> dict[str, object]:
    return policy(
        metric="clv_amount",
        method="percentile",
        tiers=[{"code": code, "top_share": share} for code, share in pairs],
    )


HOSTILE["tier_policies"] += [
    policy(metric="revenue"),
    policy(metric="rfm_total_score) as double), (select 1"),
    policy(method="percentile"),
    policy(metric="revenue", method="abc", tiers=[{"code": code} for code in "abc"]),
    policy(metric="abc_amount", method="abc", tiers=[{"code": code} for code in "ab"]),
    policy(metric="revenue", method="natural_breaks", tiers=[{"code": "all"}]),
    policy(metric="weighted_index", tiers=[{"code": "all", "from": 0}]),
    policy(metric="weighted_index", weights={"clv": 1}, tiers=[{"code": "all", "from": 0}]),
    policy(metric="weighted_index", weights={"recency": 0}, tiers=[{"code": "all", "from": 0}]),
    policy(metric="weighted_index", weights=["recency"], tiers=[{"code": "all", "from": 0}]),
    policy(weights={"recency": 1}),
    policy(downgrade_grace_periods=-1),
    policy(downgrade_grace_periods="1"),
    policy(minimum_stay_periods=1.5),
    policy(minimum_stay_periods=f"1; {ATTACK}; --"),
    policy(metric="clv_amount"),
    policy(metric="clv_amount", method="percentile"),
    policy(metric=["clv_amount"], method="percentile"),
    policy(tiers=[{"code": "one", "top_share": 1}]),
    policy(tiers=[{"code": "one", "from": 3, "top_share": 1}]),
    policy(note="x"),
    policy(tiers=[]),
    policy(tiers="high"),
    policy(tiers=["high", "low"]),
    policy(tiers=[{"code": "low", "from": 3, "label": "x"}]),
    tiers((f"high'; {ATTACK}; --", 9), ("low", 3)),
    tiers(("high", "9 then 'x' end; select 1; --"), ("low", 3)),
    tiers(("high", math.nan), ("low", 3)),
    tiers(("high", math.inf), ("low", 3)),
    tiers(("high", True), ("low", 0)),
    tiers(("high", 3), ("low", 9)),
    tiers(("high", 9), ("high", 3)),
    tiers(("high", 9), ("low", 4)),
    tiers(("guest", 3)),
    tiers(("untiered", 3)),
    tiers(("Gold", 3)),
    shares((f"high'; {ATTACK}; --", 0.2), ("low", 1)),
    shares(("high", "0.2 as double) then 'x' end; select 1; --"), ("low", 1)),
    shares(("high", "0.2"), ("low", 1)),
    shares(("high", math.nan), ("low", 1)),
    shares(("high", 0.2), ("low", math.nan)),
    shares(("high", -math.inf), ("low", 1)),
    shares(("high", 0.2), ("low", True)),
    shares(("high", False), ("low", 1)),
    shares(("high", None), ("low", 1)),
    shares(("high", [0.2]), ("low", 1)),
    shares(("high", 0), ("low", 1)),
    shares(("high", -0.2), ("low", 1)),
    shares(("high", 1e-7), ("low", 1)),
    shares(("high", 0.2), ("low", 0.999999)),
    shares(("high", 0.2), ("low", 1.000001)),
    shares(("high", 20), ("low", 100)),
    shares(("high", 0.2), ("mid", 0.2), ("low", 1)),
    shares(("low", 1), ("high", 0.2)),
    shares(("high", 0.2), ("high", 1)),
    shares(("high", 0.2), ("untiered", 1)),
]

# Right on their own, wrong together.
CONTRADICTIONS: dict[str, tuple[dict[str, object], str]] = {
    "abc lines crossed": ({"abc_a_share": 0.96}, "abc_a_share"),
    "too few bands": (
        {"rfm_recency_method": "bands", "rfm_recency_bands": [1, 2, 3]},
        "rfm_recency_bands",
    ),
    "far too many bands": (
        {"rfm_monetary_method": "bands", "rfm_monetary_bands": list(range(20_000))},
        "rfm_monetary_bands",
    ),
    "scores without bands": (
        {"rfm_frequency_method": "bands", "rfm_score_count": 3},
        "rfm_frequency_bands",
    ),
    "unknown setting": ({"rfm_scores": 5}, "rfm_scores"),
    "misspelt setting": ({"Base_Currency": "EUR"}, "Base_Currency"),
    "setting named like SQL": ({f"x'; {ATTACK}; --": 1}, "There is no setting"),
    "no such format": ({"inputs": {"orders": {"timestamp_format": "%Q"}}}, "timestamp_format"),
}

# Mappings of an order's amount, in a file with the columns of the contract and another called `a`.
EXPRESSIONS = [
    f"1); {ATTACK}; --",
    f"amount; {ATTACK}",
    "(select 1)",
    "(select max(amount) from orders)",
    "exists (select 1)",
    "(from orders)",
    "(values (1))",
    "amount in (select amount)",
    "read_text('/etc/passwd')",
    "read_csv('/etc/passwd')",
    "getenv('HOME')",
    "current_setting('home_directory')",
    "query('create table pwned as select 1')",
    "tierwise_inspect_files('{}')",
    "now()",
    "current_date",
    "random()",
    "nextval('numbers')",
    "sum(amount)",
    "row_number() over ()",
    "no_such_function(amount)",
    "no_such_column + 1",
    '"no such column"',
    "amount /* comment",
    "amount /**/ + 1",
    "amount -- comment",
    "amount --",
    "1), (2",
    "1 + (amount",
    ")amount(",
    "((((amount)))",
    '"a" from x where (1=1',
    "amount as a, read_text('/etc/passwd')",
    "0 as source_file, amount",
    "amount, customer_id",
    "amount as customer_id",
    "amount as",
    "amount::varchar",
    "amount :: double",
    "amount[1]",
    "{'a': 1}",
    "$$text$$",
    "$tag$ text $tag$",
    "$1",
    "?",
    "E'\\'; create table pwned as select 1; --'",
    "'open",
    "'a' || 'b",
    '"open',
    "x'00'",
    "`amount`",
    "@amount",
    "#1",
    "amount \\ 2",
    "amount; ",
    "amount\uff1b",
    "amount union select 1",
    "amount from orders",
    "amount order by 1",
    "case when amount then",
    "amount +",
    "amount amount",
    "coalesce(amount",
    "cast(amount as blob)",
    "cast(amount as decimal(18,2)",
    "orders.amount",
    "orders.*",
    "*",
    "amount * ",
    "columns(*)",
    "{{ run_query('create table pwned as select 1') }}",
    "{% do run_query('create table pwned as select 1') %}",
    "amount\x00",
    "lower(amount, 1)",
    "strptime(ordered_at, '%Q')",
    "cast(amount as date, 1)",
    "(amount, 1) in (1, 2)",
    "concat(*)",
]

# Conditions of an input's `where`, in the same file.
CONDITIONS = [
    f"true; {ATTACK}; --",
    "true) or exists (select 1",
    "amount in (select amount)",
    "read_text('/etc/passwd') is not null",
    "query('create table pwned as select 1')",
    "random() < 0.5",
    "amount > '1' --",
    "amount > '1' /* comment",
    "no_such_column = '1'",
    "count(*) > 0",
    "amount as x",
    "a = '1' union select 1",
    "{{ run_query('create table pwned as select 1') }}",
    "'open",
    "a = '1', true",
]

# Values that look odd and are right.
HARMLESS: dict[str, object] = {
    "as_of_date": dt.date(2024, 1, 1),
    "min_order_date": dt.date(2000, 1, 1),
    "business_timezone": "Asia/Shanghai",
    "default_margin_share": 1,
    "rfm_window_days": None,
    "rfm_score_count": 10,
    "rfm_weights": {"recency": 0, "frequency": 0.5, "monetary": 1000},
    "abc_a_share": 0,
    "abc_b_share": 1,
    "rfm_recency_bands": [-1, 0.5, 10**12],
    "max_text_length": 50,
    "quarantined_revenue_limit": 0,
    "quarantine_retention_days": 0,
    "active_tier_policy": "value",
    "tier_policies": shares(("few", 1e-6), ("some", 0.9999999), ("rest", 1.0))
    | {"value": shares(("everybody", 1))["rfm_total"]},
}

# Paths in the environment may hold any character, and mean nothing but a path.
ENVIRONMENT = {
    "TIERWISE_ORDERS": f"x.csv'; {ATTACK}; --",
    "TIERWISE_ORDER_LINES": "{{ run_query('create table pwned as select 1') }}",
    "TIERWISE_CUSTOMERS": "' || getenv('HOME') || '",
    "TIERWISE_ATTACH": f"x.duckdb' as x; {ATTACK}; --",
}

VALIDATE = ("run-operation", "validate_settings")


def name_of(setting: str, number: int, value: object) -> str:
    text = json.dumps(value, ensure_ascii=True, default=str)
    return f"{setting} {number}: {text[:50]}"


PAYLOADS = {
    name_of(setting, number, value): (setting, value)
    for setting, values in HOSTILE.items()
    for number, value in enumerate(values, start=1)
}


def as_yaml(settings: dict[str, object]) -> str:
    return yaml.safe_dump(settings, allow_unicode=True, sort_keys=False)


def orders_file(folder: Path) -> Path:
    return write_csv(
        folder / "orders.csv",
        "order_id,customer_id,ordered_at,amount,a",
        ["1,c,2024-01-01,10.00,5", "2,d,2024-02-01,20.00,6"],
    )


@made_in_background
def refusals(folder: Path) -> dict[str, Outcome]:
    environment = {"TIERWISE_ORDERS": str(orders_file(folder / "input"))}
    cases = {
        name: Case(as_yaml({setting: value}), environment if setting != "demo_inputs" else {})
        for name, (setting, value) in PAYLOADS.items()
    }
    cases |= {
        name: Case(as_yaml(settings), environment) for name, (settings, _) in CONTRADICTIONS.items()
    }
    cases["harmless"] = Case(as_yaml(HARMLESS), environment, VALIDATE)
    return run_many(folder, cases)


@made_in_background
def refused_expressions(folder: Path) -> dict[str, Outcome]:
    environment = {"TIERWISE_ORDERS": str(orders_file(folder / "input"))}
    cases = {
        expression: Case(
            as_yaml({"inputs": {"orders": {"columns": {"amount": expression}}}}), environment
        )
        for expression in EXPRESSIONS
    }
    cases |= {
        f"where {condition}": Case(
            as_yaml({"inputs": {"orders": {"where": condition}}}), environment
        )
        for condition in CONDITIONS
    }
    cases |= {name: Case(None, environment | {name: value}) for name, value in ENVIRONMENT.items()}
    return run_many(folder, cases)


def assert_refused(outcome: Outcome, *words: str) -> None:
    assert not outcome.success, outcome.output
    for word in words:
        assert word in outcome.output
    assert "Traceback" not in outcome.output
    # Neither a model nor an attack came to anything.
    assert outcome.tables == set()
    assert outcome.files in ([], ["tiers.duckdb"])


def test_there_are_payloads_for_every_setting() -> None:
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))
    assert set(HOSTILE) == set(project["vars"])
    assert len(PAYLOADS) == sum(map(len, HOSTILE.values()))


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_hostile_value_is_refused(refusals: dict[str, Outcome], name: str) -> None:
    setting, _ = PAYLOADS[name]
    assert_refused(refusals[name], f"Setting '{setting}' is ", "Allowed: ")


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_a_contradiction_is_refused(refusals: dict[str, Outcome], name: str) -> None:
    assert_refused(refusals[name], CONTRADICTIONS[name][1])


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_a_hostile_expression_is_refused(
    refused_expressions: dict[str, Outcome], expression: str
) -> None:
    assert_refused(refused_expressions[expression], "orders", "amount")


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_hostile_condition_is_refused(
    refused_expressions: dict[str, Outcome], condition: str
) -> None:
    assert_refused(refused_expressions[f"where {condition}"], "orders", "where")


def test_a_refusal_is_about_the_value_and_nothing_else(refusals: dict[str, Outcome]) -> None:
    assert refusals["harmless"].success, refusals["harmless"].output


def test_files_that_a_payload_could_read_are_not_quoted(
    refusals: dict[str, Outcome], refused_expressions: dict[str, Outcome]
) -> None:
    outcomes = refusals | refused_expressions
    assert not [name for name, outcome in outcomes.items() if "root:" in outcome.output]


# The same as people call it: each in a process of its own, from parsing on

WHOLE_BUILDS: dict[str, tuple[dict[str, object], str]] = {
    "expression": (
        {"inputs": {"orders": {"columns": {"amount": f"1); {ATTACK}; --"}}}},
        "Input 'orders', column 'amount'",
    ),
    "model": ({"inputs": {"orders": {"model": "no_such_model"}}}, "no_such_model"),
}


@made_in_background
def whole_builds(folder: Path) -> dict[str, Build]:
    orders = str(orders_file(folder / "input"))
    return {
        name: run_dbt(
            folder / name,
            "build",
            settings=as_yaml(settings),
            environment={} if name == "model" else {"TIERWISE_ORDERS": orders},
        )
        for name, (settings, _) in WHOLE_BUILDS.items()
    }


@pytest.mark.parametrize("name", WHOLE_BUILDS)
def test_a_whole_build_is_refused(whole_builds: dict[str, Build], name: str) -> None:
    build = whole_builds[name]
    assert build.returncode != 0
    assert WHOLE_BUILDS[name][1] in build.output
    assert build.relations() == set()
    assert not re.search(r"START (sql|seed|python)", build.output)


@made_in_background
def settings_in_the_project_file(folder: Path) -> Build:
    project = copy_project(folder / "shop")
    file = project / "dbt_project.yml"
    text = file.read_text(encoding="utf-8")
    payload = "{{ run_query('create table pwned as select 1') }}"
    changed = text.replace("  as_of_date: null", f'  as_of_date: "{payload}"')
    assert changed != text
    file.write_text(changed, encoding="utf-8")
    return run_dbt(folder, "build", project=project)


def test_a_hostile_value_in_the_project_file_is_refused(
    settings_in_the_project_file: Build,
) -> None:
    assert settings_in_the_project_file.returncode != 0
    assert "Setting 'as_of_date'" in settings_in_the_project_file.output
    assert settings_in_the_project_file.relations() == set()


# Names of files and places come from the environment and may hold any character

ODD = 'it\'s; drop table x -- "quoted" {{ 1 }} $HOME (copy)'


@made_in_background
def odd_names(folder: Path) -> Build:
    place = folder / ODD
    orders = orders_file(place).rename(place / f"{ODD}.csv")
    return build_tables_quickly(
        place,
        environment={
            "TIERWISE_ORDERS": str(orders),
            "TIERWISE_DATABASE": str(place / "tiers.duckdb"),
            "TIERWISE_THREADS": "1",
        },
    ).succeeded()


def test_quotes_in_names_are_only_names(odd_names: Build) -> None:
    assert set(odd_names.by("customer_id", "dim_customer_tiers")) == {"c", "d"}
    [(file,)] = odd_names.query(
        "select source_file from rpt_input_reconciliation where source_table = 'orders'"
    )
    assert file.endswith(f"{ODD}.csv")
    assert "pwned" not in odd_names.relations()


@pytest.mark.parametrize("name", ENVIRONMENT)
def test_a_hostile_variable_is_refused(refused_expressions: dict[str, Outcome], name: str) -> None:
    outcome = refused_expressions[name]
    assert not outcome.success
    assert outcome.tables == set()
    # The message shows the value as it was given: nothing in it was worked out.
    assert ENVIRONMENT[name].split("'")[0] in outcome.output
