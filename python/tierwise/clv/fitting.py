"""Maximum likelihood for the models of orders and of spend.

The likelihood is climbed in log parameters by Newton's method, damped as in Nocedal, J. & Wright,
S. J. (2006), Numerical optimization, section 3.4: where the curvature is not that of a maximum, it
is made so; a step that does not climb is shortened. Several starts are tried on a sample of the
customers, evenly spaced among the sorted cells; the best is then polished on all of them.

Times and amounts are divided by their mean first, so the unit they come in changes nothing. Cells
are sorted first, so their order changes nothing, not even the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from tierwise.clv import gamma_gamma
from tierwise.clv.gamma_gamma import Spend

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike

    from tierwise.clv.cells import Cells, Floats
    from tierwise.clv.order_model import OrderModel

Data = TypeVar("Data")

# Starts are tried on about so many customers.
SAMPLE_CUSTOMERS = 10_000
# Converged: the gradient of the mean log-likelihood in log parameters is at most this.
GRADIENT_TOLERANCE = 1e-9
# Good enough to compare starts, and to leave the sample.
ROUGH_TOLERANCE = 1e-2
NEAR_TOLERANCE = 1e-4
# The last steps cannot climb in doubles any more: this is small enough to stop there.
ROUNDING_TOLERANCE = 1e-6
MAX_ITERATIONS = 200
# Logarithm of the largest and of minus the smallest parameter looked at, in mean ages or amounts.
LOG_BOUND = 9.0
# A standard error of a logarithm above this leaves a parameter quite open. Where few customers are
# lost, a and b of the drop-out are each known to some powers of e, and their ratio well.
MAX_LOG_ERROR = 5.0

# Of a step: its longest move of a log parameter, and the share of the climb its slope promises that
# it has to make; what is added to the curvature when it does not, and when no step will.
LONGEST_STEP = 2.0
ARMIJO_SHARE = 1e-4
LEAST_DAMPING = 1e-3
MOST_DAMPING = 1e9
# Two mean log-likelihoods this close, relatively, are equal.
ROUNDING = 1e-13


@dataclass(frozen=True, eq=False)
class Fit:
    """A model fitted by maximum likelihood.

    Attributes
    ----------
    model : name of the model.
    parameter_names : names of the d parameters.
    parameters : shape (d,), in the units of the data; NaN if there was nothing to fit.
    standard_errors : shape (d,), of the parameters, by the delta method; NaN where unknown.
    log_covariance : shape (d, d), of the logarithms of the parameters: the inverse of the observed
        information; NaN where unknown.
    log_likelihood : sum over the customers.
    customers, cells : how many customers, in how many distinct cells, it rests on.
    iterations : Newton steps on all cells.
    converged : True if this is a maximum that determines all parameters.
    gradient_norm : largest derivative of the mean log-likelihood in a log parameter.
    reason : why it is not converged; empty if it is.
    """

    model: str
    parameter_names: tuple[str, ...]
    parameters: Floats
    standard_errors: Floats
    log_covariance: Floats
    log_likelihood: float
    customers: int
    cells: int
    iterations: int
    converged: bool
    gradient_norm: float
    reason: str


@dataclass(frozen=True)
class _Problem(Generic[Data]):
    """What is fitted: a model's name and derivatives, the units of its parameters, and how much."""

    name: str
    parameter_names: tuple[str, ...]
    units: Floats
    customers: int
    cells: int
    objective: Callable[[Data, Floats], tuple[float, Floats]]
    hessian: Callable[[Data, Floats], Floats]


@dataclass(frozen=True)
class _Climb:
    """Where a search ended, in log parameters."""

    place: Floats
    value: float
    gradient: Floats
    iterations: int
    at_bound: bool

    @property
    def gradient_norm(self) -> float:
        return float(np.max(np.abs(self.gradient)))


def fit_orders(model: OrderModel, cells: Cells) -> Fit:
    """Fit a model of orders to cells.

    Hard data raise nothing: the fit then says that it did not converge, and why.
    """
    data = cells.compressed()
    unit = float(data.age @ data.count) / max(data.customers, 1)
    unit = unit if unit > 0 else 1.0
    units = np.ones(len(model.parameter_names))
    units[list(model.time_parameters)] = unit
    problem = _Problem(
        name=model.name,
        parameter_names=model.parameter_names,
        units=units,
        customers=data.customers,
        cells=len(data),
        objective=model.objective,
        hessian=model.hessian,
    )
    if not np.any(data.frequency > 0):
        return _nothing(problem, "no customer has a repeat purchase")
    data = data.in_unit(unit)
    sample = data.subsample(SAMPLE_CUSTOMERS) if data.customers > SAMPLE_CUSTOMERS else data
    rate = max(float(data.orders_by_age.sum()) / data.customers, 1e-4)
    starts = [np.log([r, r / rate, a, b]) for r, a, b in ((1, 1, 1), (0.3, 0.5, 2), (3, 0.3, 6))]
    fit = _fit(problem, data, sample, starts)
    # Each order is a density per unit of time, not per mean age.
    orders = float(data.orders_by_age.sum())
    return replace(fit, log_likelihood=fit.log_likelihood - orders * float(np.log(unit)))


def fit_gamma_gamma(
    frequency: ArrayLike, mean_spend: ArrayLike, count: ArrayLike | None = None
) -> Fit:
    """Fit the Gamma-Gamma model of spend.

    Parameters
    ----------
    frequency : shape (n,), orders that the mean is over; rows with 0 take no part.
    mean_spend : shape (n,), mean amount of those orders, in money, above 0.
    count : shape (n,), customers with both; None means one each.

    Raises
    ------
    ValueError : a mean that is not above 0 and finite where there were orders.
    """
    x = np.asarray(frequency, np.float64)
    customers = np.ones(x.shape) if count is None else np.asarray(count, np.float64)
    used = x > 0
    spend = Spend(x[used], np.asarray(mean_spend, np.float64)[used], customers[used]).ordered()
    total = float(spend.count.sum())
    unit = float(spend.mean_spend @ spend.count / total) if total else 1.0
    problem = _Problem(
        name=gamma_gamma.NAME,
        parameter_names=gamma_gamma.PARAMETER_NAMES,
        units=np.array([1.0, 1.0, unit]),
        customers=int(total),
        cells=len(spend.frequency),
        objective=gamma_gamma.objective,
        hessian=gamma_gamma.hessian,
    )
    if problem.cells <= len(problem.parameter_names):
        return _nothing(problem, "too few customers with orders to tell them from one another")
    data = Spend(spend.frequency, spend.mean_spend / unit, spend.count)
    starts = [np.log([p, q, (q - 1.0) / p]) for p, q in ((2.0, 3.0), (10.0, 4.0), (1.0, 10.0))]
    fit = _fit(problem, data, data, starts)
    # A density per unit of money, not per mean amount.
    fit = replace(fit, log_likelihood=fit.log_likelihood - total * float(np.log(unit)))
    if fit.converged and fit.parameters[1] <= 1.0:
        reason = "q is at most 1: the mean spend of all customers is infinite"
        return replace(fit, converged=False, reason=reason)
    return fit


def _fit(
    problem: _Problem[Data],
    data: Data,
    sample: Data,
    starts: Sequence[Floats],
) -> Fit:
    """Try the starts on the sample, polish the best on all data, and judge the result."""
    tried = [_climb(problem, sample, start, ROUGH_TOLERANCE) for start in starts]
    best = min(tried, key=lambda climb: climb.value)
    near = _climb(problem, sample, best.place, NEAR_TOLERANCE)
    end = _climb(problem, data, near.place, GRADIENT_TOLERANCE)
    curvature = problem.hessian(data, end.place) * problem.customers
    covariance = _inverse(curvature)
    parameters = np.exp(end.place) * problem.units
    errors = np.sqrt(np.diag(covariance))
    reason = _reason(problem.parameter_names, end, errors)
    return Fit(
        model=problem.name,
        parameter_names=problem.parameter_names,
        parameters=parameters,
        standard_errors=parameters * errors,
        log_covariance=covariance,
        log_likelihood=-end.value * problem.customers,
        customers=problem.customers,
        cells=problem.cells,
        iterations=end.iterations,
        converged=not reason,
        gradient_norm=end.gradient_norm,
        reason=reason,
    )


def _climb(problem: _Problem[Data], data: Data, start: Floats, tolerance: float) -> _Climb:
    """Newton's method from a start until the gradient is at most the tolerance."""
    place = start
    value, gradient = problem.objective(data, place)
    iterations = 0
    damping = 0.0
    at_bound = False
    while np.max(np.abs(gradient)) > tolerance and iterations < MAX_ITERATIONS and not at_bound:
        iterations += 1
        values, vectors = np.linalg.eigh(problem.hessian(data, place))
        sizes = np.maximum(np.abs(values), 1e-10 * np.max(np.abs(values)) + 1e-14)
        while True:
            step = -vectors @ ((vectors.T @ gradient) / (sizes + damping))
            step *= min(1.0, LONGEST_STEP / float(np.max(np.abs(step))))
            # Up to the bound and no further, without leaving the direction of the step.
            room = np.where(step > 0, LOG_BOUND - place, LOG_BOUND + place)
            step *= min(1.0, float(np.min(room / np.maximum(np.abs(step), 1e-300))))
            trial = np.clip(place + step, -LOG_BOUND, LOG_BOUND)
            if np.array_equal(trial, place):
                # The bound is in the way of the whole step: the next would be the same.
                stuck = bool(np.any(np.abs(place) >= LOG_BOUND))
                return _Climb(place, value, gradient, iterations, at_bound=stuck)
            trial_value, trial_gradient = problem.objective(data, trial)
            change = trial_value - value
            # Values that differ by rounding cannot be told apart; gradients still can.
            level = abs(change) <= ROUNDING * abs(value)
            flatter = np.max(np.abs(trial_gradient)) < np.max(np.abs(gradient))
            if change <= ARMIJO_SHARE * float(gradient @ (trial - place)) or (level and flatter):
                break
            damping = max(10.0 * damping, LEAST_DAMPING)
            if damping > MOST_DAMPING:
                return _Climb(place, value, gradient, iterations, at_bound=False)
        damping = damping / 10.0 if damping > LEAST_DAMPING else 0.0
        place, value, gradient = trial, trial_value, trial_gradient
        flat = np.max(np.abs(gradient)) <= NEAR_TOLERANCE
        at_bound = bool(np.any((np.abs(place) >= LOG_BOUND) & ((gradient * place < 0) | flat)))
    return _Climb(place, value, gradient, iterations, at_bound)


def _inverse(curvature: Floats) -> Floats:
    """Inverse of the observed information; NaN where it is not that of a maximum."""
    values, vectors = np.linalg.eigh(curvature)
    if values[0] <= 1e-12 * values[-1]:
        return np.full(curvature.shape, np.nan)
    inverse: Floats = (vectors / values) @ vectors.T
    return (inverse + inverse.T) / 2.0


def _reason(names: tuple[str, ...], end: _Climb, errors: Floats) -> str:
    """Why a fit is no maximum that determines all parameters; empty if it is one."""
    if end.at_bound:
        runs = [
            f"{name} to {'infinity' if place > 0 else 'zero'}"
            for name, place in zip(names, end.place, strict=True)
            if abs(place) >= LOG_BOUND
        ]
        return f"the likelihood grows on without end: {', '.join(runs)}"
    if end.gradient_norm > ROUNDING_TOLERANCE:
        return f"no maximum found in {end.iterations} steps"
    if not np.all(np.isfinite(errors)):
        return "the information matrix is singular: these customers do not determine all parameters"
    if np.max(errors) > MAX_LOG_ERROR:
        return (
            f"these customers do not determine {names[int(np.argmax(errors))]}: "
            f"the standard error of its logarithm is {np.max(errors):.1f}"
        )
    return ""


def _nothing(problem: _Problem[Data], reason: str) -> Fit:
    """Fit of data that say nothing."""
    unknown = np.full(len(problem.parameter_names), np.nan)
    return Fit(
        model=problem.name,
        parameter_names=problem.parameter_names,
        parameters=unknown,
        standard_errors=unknown,
        log_covariance=np.full((len(unknown), len(unknown)), np.nan),
        log_likelihood=float("nan"),
        customers=problem.customers,
        cells=problem.cells,
        iterations=0,
        converged=False,
        gradient_norm=float("nan"),
        reason=reason,
    )
