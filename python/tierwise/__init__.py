"""The mathematics and the few file checks of the tierwise dbt project that SQL cannot do."""

import os

__version__ = "0.1.0"

# Before NumPy is loaded: sums over cells gain nothing from more threads than the one that asks,
# which take a core from the queries beside it and end in other digits on other numbers of cores.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
