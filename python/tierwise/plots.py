"""The customary pictures of lifetime value, as SVG files: ``python -m tierwise.plots FOLDER``.

Reads the same database as ``tierwise.summary``, as of its last date, for all customers together.
matplotlib is met only where something is drawn: a build needs none. Files depend on the tables and
on the version of matplotlib alone: they bear no date, and their ids are not random.
"""

from __future__ import annotations

import os
import sys
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import duckdb
import numpy as np

from tierwise.clv import gamma_gamma
from tierwise.clv.cells import Cells, Floats
from tierwise.clv.frames import DAYS_PER_UNIT, SPEND_MODEL
from tierwise.clv.order_models import ORDER_MODELS
from tierwise.summary import SummaryError, database_path

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ACTUAL = "actual"
NAIVE = "same_rate"
LABELS = {
    ACTUAL: "actual",
    NAIVE: "same rate as before (naive)",
    "bg_nbd": "BG/NBD",
    "mbg_nbd": "MBG/NBD",
    "pareto_nbd": "Pareto/NBD",
}
# From this calibration frequency on, the backtest counts customers together.
LAST_FREQUENCY = 7
NO_CUSTOMERS = "no customer has an order"

_COLOURS = {
    ACTUAL: "#22303a",
    NAIVE: "#8b98a3",
    "bg_nbd": "#1f6f8b",
    "mbg_nbd": "#c8553d",
    "pareto_nbd": "#588157",
}
_QUIET = "#5d6b76"
# Of the mean spends and of the frequencies, what is more than nearly all others is not shown.
_SHOWN_SHARE = 0.99
_SPEND_BINS = 40
_MATRIX_COLUMNS = 150
# As likely a customer as not.
_EVEN = 0.5

_SELECTED = """
    select as_of_date, clv_method, clv_reason
    from int_clv_models_selected
    where clv_group = 'all'
    order by as_of_date desc
    limit 1
"""
_HISTORY = """
    select
        date_diff(
            'day', min(calibration_first_order_date), max(calibration_end_date)
        ) / 7.0 as holdout_week,
        max(customer_age_days) as oldest_age_days,
        quantile_disc(repeat_day_count, $share)
            filter (first_order_date is not null) as largest_frequency
    from int_customers_clv_summarised
    where as_of_date = $as_of_date
"""
_BACKTEST = """
    select model_name, bucket, customer_count, actual_order_count, expected_orders
    from rpt_clv_backtest
    where
        breakdown = $breakdown
        and clv_group = 'all'
        and (model_name = 'same_rate' or not is_baseline)
        and as_of_date = $as_of_date
    order by model_name, bucket
"""
_CALIBRATION = """
    select model_name, probability_of_order, actual_order_share, customer_count
    from rpt_clv_calibration
    where
        clv_group = 'all'
        and as_of_date = $as_of_date
    order by model_name, probability_bin
"""
_PARAMETERS = """
    select
        list(parameter_value order by parameter_rank) as parameter_values,
        max(parameter_unit) filter (parameter_unit in ('days', 'weeks')) as time_unit
    from fct_clv_parameters
    where
        fit_window = 'full'
        and clv_group = 'all'
        and is_converged
        and model_name = $model_name
        and as_of_date = $as_of_date
    having count(*) > 0
"""
_SPEND = """
    select
        cast(repeat_day_count as double) as frequency,
        cast(repeat_net_amount as double) / repeat_day_count as mean_spend,
        cast(customer_count as double) as customers
    from int_clv_spend_counted
    where
        fit_window = 'full'
        and clv_group = 'all'
        and as_of_date = $as_of_date
    order by all
"""


@dataclass(frozen=True)
class Backtest:
    """Orders of one model by bucket: weeks (cumulative), or calibration frequencies (holdout).

    Each has shape (buckets,); customers is NaN by week.
    """

    bucket: Floats
    customers: Floats
    actual_orders: Floats
    expected_orders: Floats


@dataclass(frozen=True)
class Calibration:
    """Customers of one model by bins of the probability of an order; each has shape (bins,)."""

    predicted_share: Floats
    actual_share: Floats
    customers: Floats


@dataclass(frozen=True)
class OrderFit:
    """The model selected, fitted up to the as-of date; parameters in its time unit."""

    model_name: str
    parameters: Floats
    time_unit: str


@dataclass(frozen=True)
class Report:
    """What the pictures show, of all customers together.

    holdout_week is the time from the first order of the shop to the start of the holdout, and
    largest_frequency is that of nearly all customers. Without a model that may predict, or without
    one of spend, the fit is None.
    """

    as_of_date: dt.date | None
    clv_method: str
    clv_reason: str
    holdout_week: float
    oldest_age_days: int
    largest_frequency: int
    by_week: dict[str, Backtest]
    by_frequency: dict[str, Backtest]
    calibration: dict[str, Calibration]
    order_fit: OrderFit | None
    spend_parameters: Floats | None
    spend: gamma_gamma.Spend

    @property
    def title(self) -> str:
        """Whom the pictures show, and which model was selected, or why none was."""
        if self.as_of_date is None:
            return NO_CUSTOMERS.capitalize()
        if self.order_fit is None:
            return f"All customers as of {self.as_of_date}. No model selected: {self.why}"
        name = LABELS[self.order_fit.model_name]
        return f"All customers as of {self.as_of_date}. Model selected: {name} ({self.why})"

    @property
    def why(self) -> str:
        """Why this model was selected, or none, in words."""
        return self.clv_reason.replace("_", " ")


def read_report(path: Path, schema: str) -> Report:
    """Read what the pictures show.

    Raises
    ------
    SummaryError : the database or one of the tables is missing, or cannot be read.
    """
    if not path.is_file():
        raise SummaryError(f"There is no database at {path.absolute()}: run `make build` first.")
    try:
        with closing(duckdb.connect(str(path), read_only=True)) as connection:
            quoted = schema.replace('"', '""')
            connection.execute(f'use "{quoted}"')
            return _read(connection)
    except duckdb.IOException as error:
        raise SummaryError(
            f"{path.absolute()} cannot be opened ({error}): wait until no build is running; if "
            "that is not it, run `make build` again."
        ) from error
    except duckdb.Error as error:
        raise SummaryError(
            f"{path.absolute()} has no lifetime values in schema {schema} ({error}): run "
            "`make build` again."
        ) from error


def _read(connection: duckdb.DuckDBPyConnection) -> Report:
    selected = connection.execute(_SELECTED).fetchone()
    as_of_date, method, reason = selected or (None, "fallback", NO_CUSTOMERS)
    at = {"as_of_date": as_of_date}
    history = connection.execute(_HISTORY, at | {"share": _SHOWN_SHARE}).fetchone()
    holdout_week, oldest_age, largest = history or (None, None, None)
    order_fit = _parameters(connection, at, method) if method in ORDER_MODELS else None
    spend_fit = _parameters(connection, at, SPEND_MODEL)
    spend = _columns(connection, _SPEND, at)
    return Report(
        as_of_date=as_of_date,
        clv_method=method,
        clv_reason=reason,
        holdout_week=float("nan") if holdout_week is None else float(holdout_week),
        oldest_age_days=int(oldest_age or 0),
        largest_frequency=int(largest or 0),
        by_week=_backtest(connection, at, "week"),
        by_frequency=_backtest(connection, at, "frequency"),
        calibration={
            name: Calibration(*columns)
            for name, columns in _by_model(_columns(connection, _CALIBRATION, at))
        },
        order_fit=OrderFit(method, *order_fit) if order_fit else None,
        spend_parameters=spend_fit[0] if spend_fit else None,
        spend=gamma_gamma.Spend(spend["frequency"], spend["mean_spend"], spend["customers"]),
    )


def _columns(
    connection: duckdb.DuckDBPyConnection, query: str, parameters: dict[str, Any]
) -> dict[str, Any]:
    """Read columns by name; where there is no number there is NaN."""
    found: dict[str, Any] = connection.execute(query, parameters).fetchnumpy()
    return {
        name: np.ma.filled(column.astype(np.float64), np.nan) if name != "model_name" else column
        for name, column in found.items()
    }


def _by_model(columns: dict[str, Any]) -> Iterator[tuple[str, list[Floats]]]:
    names = columns.pop("model_name")
    for name in dict.fromkeys(names.tolist()):
        yield name, [column[names == name] for column in columns.values()]


def _backtest(
    connection: duckdb.DuckDBPyConnection, at: dict[str, Any], breakdown: str
) -> dict[str, Backtest]:
    columns = _columns(connection, _BACKTEST, at | {"breakdown": breakdown})
    return {name: Backtest(*of_model) for name, of_model in _by_model(columns)}


def _parameters(
    connection: duckdb.DuckDBPyConnection, at: dict[str, Any], model_name: str
) -> tuple[Floats, str] | None:
    found = connection.execute(_PARAMETERS, at | {"model_name": model_name}).fetchone()
    if found is None:
        return None
    values, time_unit = found
    return np.array(values, np.float64), time_unit or ""


def probability_alive(report: Report, fit: OrderFit) -> tuple[Floats, Floats, Floats]:
    """Probability that a customer as old as the oldest is still one, by the model selected.

    A customer without a repeat has but one history at that age, so frequencies begin at 1.

    Returns
    -------
    frequency (m,), days since the last purchase (n,), probability (m, n).
    """
    frequency = np.arange(1.0, max(report.largest_frequency, 2) + 1.0)
    age = float(max(report.oldest_age_days, 1))
    hiatus = np.linspace(0.0, age, min(_MATRIX_COLUMNS, int(age)) + 1)
    unit = DAYS_PER_UNIT[fit.time_unit]
    x, days = (grid.ravel() for grid in np.meshgrid(frequency, hiatus, indexing="ij"))
    cells = Cells.of(x, (age - days) / unit, np.full(x.shape, age / unit))
    alive = ORDER_MODELS[fit.model_name].probability_alive(cells, fit.parameters)
    return frequency, hiatus, alive.reshape(len(frequency), len(hiatus))


def spend_density(report: Report, parameters: Floats, amounts: Floats) -> Floats:
    """Density of the mean spend per repeat day that Gamma-Gamma expects of these customers, (n,).

    The density of the mean of x days (Fader & Hardie 2013, equation 1a), averaged over the x that
    the customers have.
    """
    x, of_x = report.spend.frequencies
    customers = np.bincount(of_x, report.spend.count, len(x))
    frequency, amount = (grid.ravel() for grid in np.meshgrid(x, amounts, indexing="ij"))
    pairs = gamma_gamma.Spend(frequency, amount, np.ones(frequency.shape))
    density = np.exp(gamma_gamma.log_likelihood(pairs, parameters)).reshape(len(x), len(amounts))
    result: Floats = customers @ density / customers.sum()
    return result


def draw(report: Report) -> dict[str, Figure]:
    """Draw every picture; by the name of its file, without ending."""
    with _style():
        return {
            "cumulative_orders": _draw_cumulative_orders(report),
            "holdout_by_frequency": _draw_holdout_by_frequency(report),
            "probability_alive": _draw_probability_alive(report),
            "probability_of_order": _draw_probability_of_order(report),
            "spend_density": _draw_spend_density(report),
        }


def write(report: Report, folder: Path) -> list[Path]:
    """Draw every picture into a folder, which is made if need be; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, figure in draw(report).items():
        files.append(folder / f"{name}.svg")
        with _style():
            figure.savefig(files[-1], metadata={"Date": None, "Creator": None})
    return files


@contextmanager
def _style() -> Iterator[None]:
    import matplotlib as mpl  # noqa: PLC0415 - make build has none

    ink = _COLOURS[ACTUAL]
    with mpl.rc_context():
        # Users may have a matplotlibrc: what is not said here is as matplotlib ships it.
        mpl.rcdefaults()
        mpl.rc("axes", edgecolor=_QUIET, grid=True, labelcolor=ink)
        mpl.rc("axes.spines", right=False, top=False)
        mpl.rc("grid", color="#e6eaed")
        mpl.rc("legend", frameon=False)
        mpl.rc("svg", hashsalt="tierwise")
        mpl.rc("text", color=ink)
        mpl.rc("xtick", color=_QUIET)
        mpl.rc("ytick", color=_QUIET)
        yield


def _axes(report: Report, title: str, x_label: str, y_label: str) -> tuple[Figure, Axes]:
    # A figure of its own needs neither pyplot nor a display: it is written by Agg or as SVG.
    from matplotlib.figure import Figure  # noqa: PLC0415 - make build has none
    from matplotlib.layout_engine import ConstrainedLayoutEngine  # noqa: PLC0415

    layout = ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12)
    figure = Figure(figsize=(8.0, 5.2), layout=layout)
    axes = figure.add_subplot()
    axes.set_title(title, loc="left", fontsize=13, fontweight="bold", pad=26.0)
    axes.annotate(
        report.title, (0.0, 1.0), (0.0, 10.0), xycoords="axes fraction",
        textcoords="offset points", fontsize=9, color=_QUIET,
    )  # fmt: skip
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.set_axisbelow(True)
    return figure, axes


def _say(axes: Axes, message: str) -> None:
    """Write a message in place of what cannot be drawn."""
    axes.set_xticks([])
    axes.set_yticks([])
    axes.text(0.5, 0.5, message, transform=axes.transAxes, ha="center", va="center", fontsize=12)


def _legend(
    axes: Axes, place: Literal["upper left", "upper right"], message: str | None = None
) -> None:
    """Add a legend, under a message that says what it lacks."""
    axes.legend(loc=place, prop={"size": 9}, title=message, alignment="left")


def _selected(report: Report) -> str | None:
    return report.order_fit.model_name if report.order_fit else None


def _line_style(report: Report, name: str) -> dict[str, Any]:
    """Every model has its colour everywhere; the one selected is thick, below thin ones."""
    is_selected = name == _selected(report)
    return {
        "color": _COLOURS.get(name, _QUIET),
        "label": LABELS.get(name, name) + (" (selected)" if is_selected else ""),
        "linewidth": 2.6 if is_selected else 1.3,
        "linestyle": ":" if name == NAIVE else "-" if is_selected else "--",
        "zorder": 3 if is_selected else 4,
        "gid": name,
    }


def _draw_cumulative_orders(report: Report) -> Figure:
    figure, axes = _axes(
        report,
        "Repeat orders so far, actual and expected",
        "Weeks since the first order of the shop",
        "Repeat orders, cumulative (purchase days)",
    )
    if not report.by_week:
        _say(axes, f"No model was fitted: {report.why}.")
        return figure
    first = next(iter(report.by_week.values()))
    weeks = first.bucket
    last = max(float(weeks[-1]), report.holdout_week)
    axes.axvspan(report.holdout_week, last, color="#eef2f4", zorder=0)
    axes.axvline(report.holdout_week, color=_QUIET, linewidth=1.0, gid="holdout")
    axes.text(
        report.holdout_week, 0.02, "holdout starts ", color=_QUIET, fontsize=9, ha="right",
        transform=axes.get_xaxis_transform(),
    )  # fmt: skip
    axes.plot(weeks, first.actual_orders, color=_COLOURS[ACTUAL], linewidth=2.4, label=ACTUAL,
              gid=ACTUAL, zorder=3)  # fmt: skip
    for name, model in report.by_week.items():
        axes.plot(model.bucket, model.expected_orders, **_line_style(report, name))
    axes.set_xlim(0.0, last)
    axes.set_ylim(bottom=0.0)
    axes.yaxis.set_major_formatter("{x:,.0f}")
    _legend(axes, "upper left")
    return figure


def _draw_holdout_by_frequency(report: Report) -> Figure:
    figure, axes = _axes(
        report,
        "Orders in the holdout, by orders before it",
        "Repeat orders in the calibration window (purchase days); below: customers",
        "Orders in the holdout per customer (purchase days)",
    )
    if not report.by_frequency:
        _say(axes, f"There is no holdout to look at: {report.why}.")
        return figure
    first = next(iter(report.by_frequency.values()))
    axes.plot(first.bucket, first.actual_orders / first.customers, color=_COLOURS[ACTUAL],
              linewidth=2.4, marker="o", label=ACTUAL, gid=ACTUAL, zorder=3)  # fmt: skip
    for name, model in report.by_frequency.items():
        style = _line_style(report, name)
        size = 7.0 if name == _selected(report) else 4.0
        axes.plot(
            model.bucket, model.expected_orders / model.customers, marker="o", markersize=size,
            **style,
        )  # fmt: skip
    axes.set_xticks(
        first.bucket,
        [
            f"{bucket:.0f}{'+' if bucket == LAST_FREQUENCY else ''}\n{customers:,.0f}"
            for bucket, customers in zip(first.bucket, first.customers, strict=True)
        ],
    )
    axes.set_ylim(bottom=0.0)
    has_models = any(name != NAIVE for name in report.by_frequency)
    _legend(axes, "upper left", None if has_models else f"No model was fitted: {report.why}.")
    return figure


def _draw_probability_alive(report: Report) -> Figure:
    figure, axes = _axes(
        report,
        "Probability that a customer is still one",
        "Days since the last purchase",
        "Repeat orders (purchase days)",
    )
    if report.order_fit is None:
        _say(axes, f"No model was selected: {report.why}.")
        return figure
    frequency, hiatus, alive = probability_alive(report, report.order_fit)
    axes.grid(visible=False)
    image = axes.imshow(
        alive, origin="lower", aspect="auto", cmap="viridis", vmin=0.0, vmax=1.0,
        interpolation="nearest",
        extent=(hiatus[0], hiatus[-1], frequency[0] - 0.5, frequency[-1] + 0.5),
    )  # fmt: skip
    axes.locator_params(axis="y", integer=True)
    axes.set_xlabel(
        "Days since the last purchase, of a customer whose first was "
        f"{report.oldest_age_days:,} days ago"
    )
    bar = figure.colorbar(image, ax=axes, format="{x:.0%}")
    bar.set_label("Probability alive (white line: 50%)")
    if alive.min() < _EVEN < alive.max():
        bar.add_lines(
            axes.contour(hiatus, frequency, alive, levels=[_EVEN], colors="white", linewidths=1.4)
        )
    return figure


def _draw_probability_of_order(report: Report) -> Figure:
    figure, axes = _axes(
        report,
        "Probability of an order in the holdout, predicted and actual",
        "Predicted probability of at least one order (mean of the bin)",
        "Customers with at least one order (share of the bin)",
    )
    if not report.calibration:
        _say(axes, f"No model was fitted: {report.why}.")
        return figure
    axes.plot([0.0, 1.0], [0.0, 1.0], color=_QUIET, linewidth=1.0, linestyle=":",
              label="as predicted", gid="diagonal")  # fmt: skip
    most = max(float(model.customers.max()) for model in report.calibration.values())
    for name, model in report.calibration.items():
        style = _line_style(report, name)
        axes.plot(model.predicted_share, model.actual_share, **style | {"linewidth": 1.2})
        axes.scatter(
            model.predicted_share, model.actual_share, s=12.0 + 600.0 * model.customers / most,
            facecolor=style["color"] if name == _selected(report) else "none",
            edgecolor=style["color"], alpha=0.55, zorder=style["zorder"], gid=f"{name}_customers",
        )  # fmt: skip
    axes.set_xlim(-0.05, 1.08)
    axes.set_ylim(-0.05, 1.08)
    axes.xaxis.set_major_formatter("{x:.0%}")
    axes.yaxis.set_major_formatter("{x:.0%}")
    axes.text(0.98, 0.03, f"Area: customers of the bin, the largest {most:,.0f}", ha="right",
              transform=axes.transAxes, fontsize=9, color=_QUIET)  # fmt: skip
    _legend(axes, "upper left")
    return figure


def _draw_spend_density(report: Report) -> Figure:
    figure, axes = _axes(
        report,
        "Mean spend per repeat order, of customers and as fitted",
        "Mean net revenue per repeat purchase day (base currency)",
        "Density (share of customers per unit of currency)",
    )
    mean, customers = report.spend.mean_spend, report.spend.count
    if not len(mean):
        _say(axes, "No customer has spent anything on a repeat order.")
        return figure
    order = np.argsort(mean, kind="stable")
    share = np.cumsum(customers[order]) / customers.sum()
    largest = float(mean[order][np.searchsorted(share, _SHOWN_SHARE)])
    edges = np.linspace(0.0, largest, _SPEND_BINS + 1)
    shown = np.histogram(mean, edges, weights=customers)[0]
    axes.stairs(shown / customers.sum() / np.diff(edges), edges, fill=True, color="#b8c4ce",
                label=f"{customers.sum():,.0f} customers", gid=ACTUAL)  # fmt: skip
    message: str | None = "No Gamma-Gamma model was fitted."
    if report.spend_parameters is not None:
        message = None
        amounts = np.linspace(0.0, largest, 401)[1:]
        p, q, gamma = report.spend_parameters
        label = f"Gamma-Gamma: p = {p:.3g}, q = {q:.3g}, gamma = {gamma:.4g}"
        axes.plot(amounts, spend_density(report, report.spend_parameters, amounts),
                  color=_COLOURS["mbg_nbd"], linewidth=2.2, label=label,
                  gid=SPEND_MODEL)  # fmt: skip
    beyond = customers.sum() - shown.sum()
    if beyond:
        axes.text(0.98, 0.6, f"Not shown: {beyond:,.0f} above {largest:,.0f}", ha="right",
                  transform=axes.transAxes, fontsize=9, color=_QUIET)  # fmt: skip
    axes.set_xlim(0.0, largest)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    _legend(axes, "upper right", message)
    return figure


def main(arguments: list[str]) -> int:
    """Write the pictures into the folder given; 0, or 1 with a message where that cannot be."""
    if len(arguments) != 1:
        print("Say where to: python -m tierwise.plots target/plots", file=sys.stderr)
        return 1
    try:
        report = read_report(database_path(os.environ), os.environ.get("TIERWISE_SCHEMA") or "main")
    except SummaryError as error:
        print(error, file=sys.stderr)
        return 1
    for file in write(report, Path(arguments[0])):
        print(file.absolute())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
