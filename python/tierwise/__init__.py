"""The mathematics and the few file checks of the tierwise dbt project that SQL cannot do."""

__version__ = "0.1.0"
