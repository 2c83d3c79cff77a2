"""Expectations over a beta-distributed share, and interpolation in age.

Both keep their accuracy for shapes from 1e-4 to 1e6, where closed forms with the hypergeometric
function overflow, cancel, or are singular (Fader, Hardie and Lee 2005, equation 10, at a = 1).

Trefethen, L. N. & Weideman, J. A. C. (2014). The exponentially convergent trapezoidal rule. SIAM
Review 56 (3), 385-458. Trefethen, L. N. (2013). Approximation theory and approximation practice,
chapter 8: Chebyshev interpolants converge as fast as the nearest singularity is far.
"""

from __future__ import annotations

from math import asinh, atan2, ceil, hypot, log, pi

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Terms smaller than exp(-34) of the largest are left out, as are errors of that size.
_DIGITS = 34.0


def logit_beta_rule(first: float, second: Floats, reach: float) -> tuple[Floats, Floats]:
    """Nodes and weights for expectations over Y = log(p / (1 - p)) with p ~ Beta(first, second).

    The density of Y, proportional to exp(first * y) / (1 + exp(y)) ** (first + second), has
    exponential tails; y = centre + width * sinh(u) turns them into double-exponential ones, and the
    trapezoidal rule in u converges exponentially.

    Parameters
    ----------
    first : first shape of the beta distribution, above 0.
    second : shape (m,), second shapes.
    reach : how far from 0, in units of y, the function has its steps; its singularities are
        taken to lie at a distance of pi from the real line there.

    Returns
    -------
    nodes, weights : shape (m, n) each; the weights of a row add up to 1.
    """
    centre = np.log(first) - np.log(second)
    width = np.minimum(1.0, np.sqrt(1.0 / first + 1.0 / second))
    far = reach + float(np.max(np.abs(centre)))
    extent = far + _DIGITS / min(first, float(second.min()), 1.0)
    last = asinh(extent / float(width.min()))
    step = min(0.1, 2.0 * pi * min(atan2(pi, far), 1.0) / _DIGITS)
    half = ceil(last / step)
    grid = np.arange(-half, half + 1) * step
    nodes = centre[:, None] + width[:, None] * np.sinh(grid)
    log_weights = (
        first * nodes - (first + second)[:, None] * np.logaddexp(0.0, nodes) + np.log(np.cosh(grid))
    )
    weights = np.exp(log_weights - log_weights.max(axis=1, keepdims=True))
    return nodes, weights / weights.sum(axis=1, keepdims=True)


def interpolation_nodes(values: Floats, digits: float = 32.0) -> tuple[Floats, Floats | None]:
    """Chebyshev nodes enough for an error of exp(-digits), as in ``chebyshev_nodes``.

    For functions whose nearest singularity lies at a distance of pi from the real line, as those of
    the logarithm of a time have.
    """
    half = _half_range(values)
    ratio = 0.9 * pi / half
    return chebyshev_nodes(values, max(4, ceil(digits / log(ratio + hypot(1.0, ratio)))))


def chebyshev_nodes(values: Floats, number: int) -> tuple[Floats, Floats | None]:
    """Chebyshev nodes over the range of values, and the matrix from nodes to values.

    Parameters
    ----------
    values : shape (n,).
    number : of nodes.

    Returns
    -------
    nodes : shape (number,), or the values themselves where there are no more of them than that.
    matrix : shape (n, number); times function values at the nodes, it gives those at the values.
        None if the nodes are the values.
    """
    if len(values) <= number:
        return values, None
    half = _half_range(values)
    middle = (float(values.min()) + float(values.max())) / 2.0
    points = chebyshev.chebpts1(number)
    to_coefficients = chebyshev.chebvander(points, number - 1).T * (2.0 / number)
    to_coefficients[0] /= 2.0
    at_values = chebyshev.chebvander((values - middle) / half, number - 1)
    return middle + half * points, at_values @ to_coefficients


def _half_range(values: Floats) -> float:
    """Half of the range of values, but not 0."""
    return max((float(values.max()) - float(values.min())) / 2.0, 1e-3)
