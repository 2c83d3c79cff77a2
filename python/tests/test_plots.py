"""The pictures of lifetime value show the numbers of the tables, and say what is missing."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pytest
from tierwise.clv.cells import Cells
from tierwise.clv.order_models import ORDER_MODELS
from tierwise.plots import Report, draw, main, read_report, spend_density, write
from tierwise.summary import SummaryError

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

PICTURES = [
    "cumulative_orders",
    "holdout_by_frequency",
    "probability_alive",
    "probability_of_order",
    "spend_density",
]
# Some dates are timestamps, as those of a data frame are: both are read.
TABLES = """
create table int_clv_models_selected as
select * from (values
    (date '2023-12-31', 'all', 'pareto_nbd', 'least_holdout_error'),
    (date '2024-12-31', 'all', 'bg_nbd', 'least_holdout_error'),
    (date '2024-12-31', 'region: north', 'mbg_nbd', 'least_holdout_error')
) as rows(as_of_date, clv_group, clv_method, clv_reason);
create table int_customers_clv_summarised as
select * from (values
    (date '2024-12-31', date '2024-01-01', date '2024-01-01', date '2024-10-07', 365, 2),
    (date '2024-12-31', date '2024-07-19', date '2024-07-19', date '2024-10-07', 165, 3),
    (date '2024-12-31', date '2024-12-30', null, date '2024-10-07', 1, 0),
    (date '2024-12-31', null, date '2024-03-01', date '2024-10-07', null, -1)
) as rows(
    as_of_date, first_order_date, calibration_first_order_date, calibration_end_date,
    customer_age_days, repeat_day_count
);
create table rpt_clv_backtest as
select * from (values
    (timestamp_s '2024-12-31', 'all', 'bg_nbd', false, 'week', 1, null, 3, 2.5),
    (timestamp_s '2024-12-31', 'all', 'bg_nbd', false, 'week', 50, null, 90, 88.25),
    (timestamp_s '2024-12-31', 'all', 'mbg_nbd', false, 'week', 1, null, 3, 4.5),
    (timestamp_s '2024-12-31', 'all', 'mbg_nbd', false, 'week', 50, null, 90, 99.0),
    (timestamp_s '2023-12-31', 'all', 'mbg_nbd', false, 'week', 2, null, 1, 1.0),
    (timestamp_s '2024-12-31', 'region: north', 'mbg_nbd', false, 'week', 3, null, 1, 1.0),
    (timestamp_s '2024-12-31', 'all', 'bg_nbd', false, 'frequency', 0, 100, 20, 25.0),
    (timestamp_s '2024-12-31', 'all', 'bg_nbd', false, 'frequency', 7, 10, 30, 28.0),
    (timestamp_s '2024-12-31', 'all', 'same_rate', true, 'frequency', 0, 100, 20, 0.0),
    (timestamp_s '2024-12-31', 'all', 'same_rate', true, 'frequency', 7, 10, 30, 45.0),
    (timestamp_s '2024-12-31', 'all', 'population_mean', true, 'frequency', 0, 100, 20, 50.0)
) as rows(
    as_of_date, clv_group, model_name, is_baseline, breakdown, bucket, customer_count,
    actual_order_count, expected_orders
);
create table rpt_clv_calibration as
select * from (values
    (date '2024-12-31', 'all', 'bg_nbd', 0, 80, 0.04, 0.05),
    (date '2024-12-31', 'all', 'bg_nbd', 9, 20, 0.93, 0.9)
) as rows(
    as_of_date, clv_group, model_name, probability_bin, customer_count, probability_of_order,
    actual_order_share
);
create table fct_clv_parameters as
select *, true as is_converged from (values
    (date '2024-12-31', 'full', 'all', 'bg_nbd', 2, 'alpha', 4.4136, 'weeks'),
    (date '2024-12-31', 'full', 'all', 'bg_nbd', 1, 'r', 0.2426, '1'),
    (date '2024-12-31', 'full', 'all', 'bg_nbd', 4, 'b', 2.4259, '1'),
    (date '2024-12-31', 'full', 'all', 'bg_nbd', 3, 'a', 0.7929, '1'),
    (date '2024-12-31', 'calibration', 'all', 'bg_nbd', 1, 'r', 99.0, '1'),
    (date '2024-12-31', 'full', 'all', 'gamma_gamma', 1, 'p', 6.25, '1'),
    (date '2024-12-31', 'full', 'all', 'gamma_gamma', 2, 'q', 3.744, '1'),
    (date '2024-12-31', 'full', 'all', 'gamma_gamma', 3, 'gamma', 15.444, 'base currency')
) as rows(
    as_of_date, fit_window, clv_group, model_name, parameter_rank, parameter_name,
    parameter_value, parameter_unit
);
create table int_clv_spend_counted as
select * from (values
    (date '2024-12-31', 'full', 'all', 1, 30.00::decimal(18, 2), 3),
    (date '2024-12-31', 'full', 'all', 4, 200.00::decimal(18, 2), 1),
    (date '2024-12-31', 'calibration', 'all', 1, 999.00::decimal(18, 2), 1)
) as rows(
    as_of_date, fit_window, clv_group, repeat_day_count, repeat_net_amount, customer_count
);
"""
ALL_TABLES = [
    "int_clv_models_selected",
    "int_customers_clv_summarised",
    "rpt_clv_backtest",
    "rpt_clv_calibration",
    "fct_clv_parameters",
    "int_clv_spend_counted",
]


def _report(folder: Path, *changes: str) -> Report:
    path = folder / "tiers.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(TABLES)
        for change in changes:
            connection.execute(change)
    return read_report(path, "main")


def _lines(figure: Figure) -> dict[str, tuple[list[float], list[float]]]:
    return {
        str(line.get_gid()): (list(line.get_xdata()), list(line.get_ydata()))
        for line in figure.axes[0].lines
    }


def _texts(figure: Figure) -> str:
    legend = figure.axes[0].get_legend()
    texts = [*figure.axes[0].texts, *([legend.get_title()] if legend else [])]
    return "\n".join(text.get_text() for text in texts)


def test_cumulative_orders_are_those_of_the_backtest_of_the_last_date(tmp_path: Path) -> None:
    lines = _lines(draw(_report(tmp_path))["cumulative_orders"])
    assert lines["actual"] == ([1, 50], [3, 90])
    assert lines["bg_nbd"] == ([1, 50], [2.5, 88.25])
    assert lines["mbg_nbd"] == ([1, 50], [4.5, 99])
    # From the first order of the shop, 2024-01-01, to the last day before the holdout.
    assert set(lines["holdout"][0]) == {40.0}


def test_holdout_is_per_customer_with_the_naive_baseline_and_no_other(tmp_path: Path) -> None:
    figure = draw(_report(tmp_path))["holdout_by_frequency"]
    assert _lines(figure) == {
        "actual": ([0, 7], [0.2, 3]),
        "bg_nbd": ([0, 7], [0.25, 2.8]),
        "same_rate": ([0, 7], [0, 4.5]),
    }
    ticks = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert ticks == ["0\n100", "7+\n10"]


def test_matrix_is_that_of_the_selected_model_in_the_unit_of_its_parameters(
    tmp_path: Path,
) -> None:
    [image] = draw(_report(tmp_path))["probability_alive"].axes[0].images
    shown = np.asarray(image.get_array())
    # Three repeats, the last of them on the as-of date and on the day of the first purchase.
    last_and_first = Cells.of([3.0, 3.0], [365 / 7, 0.0], [365 / 7, 365 / 7])
    expected = ORDER_MODELS["bg_nbd"].probability_alive(
        last_and_first, [0.2426, 4.4136, 0.7929, 2.4259]
    )
    assert shown[2, [0, -1]] == pytest.approx(expected)
    assert tuple(image.get_extent()) == (0, 365, 0.5, 3.5)


def test_calibration_shows_each_bin_and_its_customers(tmp_path: Path) -> None:
    figure = draw(_report(tmp_path))["probability_of_order"]
    assert _lines(figure)["bg_nbd"] == ([0.04, 0.93], [0.05, 0.9])
    [points] = figure.axes[0].collections
    sizes = points.get_sizes()
    assert (sizes[1] - 12) / (sizes[0] - 12) == pytest.approx(20 / 80)


def test_spend_density_is_a_density_and_counts_customers(tmp_path: Path) -> None:
    report = _report(tmp_path)
    figure = draw(report)["spend_density"]
    [bars] = figure.axes[0].patches
    heights, edges, _ = bars.get_data()
    assert heights @ np.diff(edges) == pytest.approx(1.0)
    assert heights[-1] * (edges[-1] - edges[-2]) == pytest.approx(0.25)
    assert edges[-1] == 50.0
    amounts, density = (np.array(values) for values in _lines(figure)["gamma_gamma"])
    assert report.spend_parameters is not None
    assert density == pytest.approx(spend_density(report, report.spend_parameters, amounts))
    grid = np.linspace(0.0, 20_000.0, 400_001)[1:]
    assert spend_density(report, report.spend_parameters, grid).sum() * 0.05 == pytest.approx(
        1.0, abs=1e-4
    )


def test_files_are_the_same_each_time(tmp_path: Path) -> None:
    report = _report(tmp_path)
    first, second = (write(report, tmp_path / name) for name in ("first", "second"))
    assert [file.name for file in first] == [f"{name}.svg" for name in PICTURES]
    assert [file.read_bytes() for file in first] == [file.read_bytes() for file in second]
    assert not any("<dc:date>" in file.read_text(encoding="utf-8") for file in first)


def test_fallback_is_said_in_the_pictures(tmp_path: Path) -> None:
    report = _report(
        tmp_path,
        "update int_clv_models_selected set clv_method = 'fallback', "
        "clv_reason = 'too_few_repeat_customers'",
        "delete from rpt_clv_backtest where not is_baseline",
        "delete from rpt_clv_calibration",
        "update fct_clv_parameters set is_converged = false",
    )
    figures = draw(report)
    for name in PICTURES[:-1]:
        # With the full stop it is a message of its own, not the line under the title.
        assert "too few repeat customers." in _texts(figures[name])
    assert "No Gamma-Gamma model was fitted" in _texts(figures["spend_density"])
    assert set(_lines(figures["holdout_by_frequency"])) == {"actual", "same_rate"}
    assert len(write(report, tmp_path / "plots")) == len(PICTURES)


def test_models_that_were_judged_but_not_selected_are_still_shown(tmp_path: Path) -> None:
    report = _report(
        tmp_path,
        "update int_clv_models_selected set clv_method = 'fallback', "
        "clv_reason = 'history_too_short'",
    )
    figures = draw(report)
    assert "bg_nbd" in _lines(figures["cumulative_orders"])
    assert "No model selected: history too short" in _texts(figures["cumulative_orders"])
    assert not figures["probability_alive"].axes[0].images


def test_shop_without_customers_gets_pictures_that_say_so(tmp_path: Path) -> None:
    report = _report(tmp_path, *(f"delete from {table}" for table in ALL_TABLES))  # noqa: S608 - names from this file
    assert report.as_of_date is None
    for figure in draw(report).values():
        assert "No customer has an order" in _texts(figure)
    assert len(write(report, tmp_path / "plots")) == len(PICTURES)


def test_command_prints_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _report(tmp_path)
    monkeypatch.setenv("TIERWISE_DATABASE", str(tmp_path / "tiers.duckdb"))
    assert main([str(tmp_path / "plots")]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed == [str(tmp_path / "plots" / f"{name}.svg") for name in PICTURES]


def test_command_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([]) == 1
    assert "Say where to" in capsys.readouterr().err
    monkeypatch.setenv("TIERWISE_DATABASE", str(tmp_path / "none.duckdb"))
    assert main([str(tmp_path / "plots")]) == 1
    assert "run `make build` first" in capsys.readouterr().err


def test_database_without_lifetime_values_is_refused(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "old.duckdb")) as connection:
        connection.execute("create table rpt_tier_summary (as_of_date date)")
    with pytest.raises(SummaryError, match="has no lifetime values in schema main"):
        read_report(tmp_path / "old.duckdb", "main")


def test_module_is_imported_without_matplotlib() -> None:
    code = "import sys; sys.modules['matplotlib'] = None; import tierwise.plots"
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)


def test_date_of_the_report_is_the_last(tmp_path: Path) -> None:
    assert _report(tmp_path).as_of_date == dt.date(2024, 12, 31)
