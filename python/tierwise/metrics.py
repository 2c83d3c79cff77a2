"""Ask for metrics: ``python -m tierwise.metrics query --metrics revenue --group-by metric_time``.

The commands are those of ``mf``, the command line of MetricFlow, which ``--help`` lists. They read
the published file, read-only, so they meet one whole build and keep nobody from writing the next.
Unlike ``mf`` itself nothing here asks the internet for a newer version. ``TIERWISE_TARGET`` names
another target of ``profiles.yml``.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from dbt.cli.main import dbtRunner
from dbt_metricflow.cli import main as command_line
from dbt_metricflow.cli.cli_configuration import CLIConfiguration

from tierwise.publish import plan_from

if TYPE_CHECKING:
    from collections.abc import Sequence

TARGET = "published"


class MetricsError(Exception):
    """There is nothing to ask; the message says why and what to do."""


class _NoUpdates:
    """Stands in for what looks for a newer version each time ``mf`` starts."""

    def check(self, *_: str) -> None:
        """Find none."""


def configure(folder: Path) -> CLIConfiguration:
    """Parse the project into ``folder``/target and connect MetricFlow to what is published.

    Raises
    ------
    MetricsError : nothing was published, or dbt cannot parse the project.
    """
    target = os.environ.setdefault("TIERWISE_TARGET", TARGET)
    project = os.environ.setdefault("DBT_PROJECT_DIR", str(Path.cwd()))
    os.environ.setdefault("DBT_PROFILES_DIR", project)
    published = plan_from(os.environ).path
    if target == TARGET and not published.is_file():
        raise MetricsError(f"There is no file {published.absolute()}: run `make build` first.")
    os.environ["TIERWISE_PUBLISHED"] = str(published)
    # In a folder of its own: the names of tables are those of this target, and another one parsed
    # into the same folder would make dbt begin anew each time.
    parsed = dbtRunner().invoke(["--quiet", "parse", "--target-path", str(folder / "target")])
    if not parsed.success:
        raise MetricsError("dbt could not parse the project.") from parsed.exception
    configuration = CLIConfiguration()
    configuration.setup()
    # MetricFlow looks for what dbt parsed in the folder `target` of the project, and nowhere else.
    configuration.dbt_project_metadata.project_path = folder
    vars(command_line)["UpdateChecker"] = _NoUpdates
    return configuration


def main(arguments: Sequence[str] | None = None, folder: Path | None = None) -> None:
    """Run one command of ``mf``; exits with 1 and a message where it cannot be run."""
    project = Path(os.environ.get("DBT_PROJECT_DIR") or ".").absolute()
    try:
        configuration = configure(folder or project / ".cache" / "metrics")
    except MetricsError as error:
        sys.exit(str(error))
    given = sys.argv[1:] if arguments is None else list(arguments)
    command_line.cli.main(given, prog_name="python -m tierwise.metrics", obj=configuration)


if __name__ == "__main__":
    main()
