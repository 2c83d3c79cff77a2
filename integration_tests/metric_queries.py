"""Asks MetricFlow what a job says, in one process: ``python metric_queries.py JOB RESULTS``.

Starting MetricFlow takes longer than all the answers. Nothing may reach for the network meanwhile.
"""

from __future__ import annotations

import contextlib
import io
import json
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dbt_metricflow.cli.main import cli
from metricflow.engine.metricflow_engine import MetricFlowQueryRequest
from tierwise.metrics import configure, main

if TYPE_CHECKING:
    from collections.abc import Callable

    from dbt_metricflow.cli.cli_configuration import CLIConfiguration


def ask(configuration: CLIConfiguration, metrics: list[str], group_by: list[str]) -> dict[str, Any]:
    request = MetricFlowQueryRequest.create(metric_names=metrics, group_by_names=group_by)
    table = configuration.mf.query(request).result_df
    assert table is not None
    return {"columns": table.column_names, "rows": list(table.rows)}


def validate(configuration: CLIConfiguration, manifest: dict[str, Any], folder: Path) -> int:
    """Let MetricFlow check a manifest and everything in it against the tables."""
    (folder / "target").mkdir(parents=True)
    (folder / "target" / "semantic_manifest.json").write_text(json.dumps(manifest))
    configuration.dbt_project_metadata.project_path = folder
    return exit_code(lambda: cli.main(["validate-configs"], prog_name="mf", obj=configuration))


def exit_code(call: Callable[[], object]) -> int:
    try:
        call()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def run(job: dict[str, Any]) -> dict[str, Any]:
    parsed, folder = Path(job["parsed"]), Path(job["folder"])
    configuration = configure(parsed)
    manifest = json.loads((parsed / "target" / "semantic_manifest.json").read_text())
    answers = [ask(configuration, **query) for query in job["queries"]]
    misspelt = json.dumps(manifest).replace("profit_amount", "profits_amount")
    with contextlib.redirect_stdout(io.StringIO()) as said_of_misspelt:
        misspelt_code = validate(configuration, json.loads(misspelt), folder / "misspelt")
    return {
        "metrics": [metric["name"] for metric in manifest["metrics"]],
        "answers": answers,
        "valid": validate(configuration, manifest, folder / "valid"),
        "misspelt": misspelt_code,
        "said_of_misspelt": said_of_misspelt.getvalue(),
        "command": exit_code(lambda: main(job["command"], parsed)),
    }


if __name__ == "__main__":
    job_path, results_path = map(Path, sys.argv[1:])
    reached: list[str] = []
    connect = socket.socket.connect

    def noted(self: socket.socket, address: Any) -> None:  # noqa: ANN401 - of any family
        reached.append(str(address))
        connect(self, address)

    socket.socket.connect = noted  # type: ignore[method-assign]
    results = run(json.loads(job_path.read_text())) | {"reached": reached}
    results_path.write_text(json.dumps(results, default=str))
