"""Calls dbt many times in one process: start and parse are paid for once.

``python many_runs.py CASES RESULTS`` reads and writes JSON. A case has a folder, an environment,
arguments and ``--vars`` as text; each has a database of its own. Settings are read and macros run
as in any call of dbt. Only what they decide while models are parsed is left out.
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


def call(runner: dbtRunner, case: dict[str, Any], common: list[str]) -> dict[str, Any]:
    folder = Path(case["folder"])
    folder.mkdir(parents=True, exist_ok=True)
    database = folder / "tiers.duckdb"
    os.environ.update(case["environment"], TIERWISE_DATABASE=str(database))
    os.chdir(folder)
    arguments = [*case["arguments"], *common]
    if case["settings"] is not None:
        arguments += ["--vars", case["settings"]]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        result = runner.invoke(arguments)
    for name in case["environment"]:
        os.environ.pop(name, None)
    output = printed.getvalue()
    if result.exception is not None:
        output += f"\n{result.exception}"
    # dbt-duckdb keeps its connection for the next call, which has another database.
    if DuckDBConnectionManager._ENV is not None:  # noqa: SLF001 - there is no other way to it
        DuckDBConnectionManager._ENV.close()  # noqa: SLF001
        DuckDBConnectionManager._ENV = None  # noqa: SLF001
    return {"success": bool(result.success), "output": output}


def main() -> None:
    cases_path, results_path = map(Path, sys.argv[1:])
    job = json.loads(cases_path.read_text(encoding="utf-8"))
    with contextlib.redirect_stdout(io.StringIO()):
        parsed = dbtRunner().invoke(["parse", *job["common"]])
    if not parsed.success:
        sys.exit(f"dbt parse failed: {parsed.exception or parsed.result}")
    results = []
    for case in job["cases"]:
        runner = dbtRunner(manifest=parsed.result)
        results.append(call(runner, case, job["common"]))
    results_path.write_text(json.dumps(results), encoding="utf-8")


if __name__ == "__main__":
    main()
