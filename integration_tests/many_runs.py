"""Calls dbt, once or many times in one process, on a project that was parsed before.

``python many_runs.py JOB RESULTS`` reads and writes JSON. A case has a folder, an environment,
arguments and ``--vars`` as text. Settings are read, macros run and tables are built as in any call
of dbt; only what settings decide while models are parsed (see :func:`harness.build_tables`) is not.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest


def call(manifest: Manifest, case: dict[str, Any]) -> dict[str, Any]:
    os.environ.update(case["environment"])
    os.chdir(case["folder"])
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        result = dbtRunner(manifest=manifest).invoke(case["arguments"])
    for name in case["environment"]:
        os.environ.pop(name)
    # dbt-duckdb keeps its connection for the next call, which has another database.
    if DuckDBConnectionManager._ENV is not None:  # noqa: SLF001 - there is no other way to it
        DuckDBConnectionManager._ENV.close()  # noqa: SLF001
        DuckDBConnectionManager._ENV = None  # noqa: SLF001
    output = printed.getvalue()
    if result.exception is not None:
        output += f"\n{result.exception}"
    return {"success": bool(result.success), "output": output}


def main() -> None:
    job_path, results_path = map(Path, sys.argv[1:])
    job = json.loads(job_path.read_text(encoding="utf-8"))
    manifest = Manifest.from_msgpack(Path(job["manifest"]).read_bytes())
    # What macros see as `graph`, which is made by parsing and not kept.
    manifest.build_flat_graph()
    results = [call(manifest, case) for case in job["cases"]]
    results_path.write_text(json.dumps(results), encoding="utf-8")


if __name__ == "__main__":
    main()
