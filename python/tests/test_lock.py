"""A command under the lock: its exit code is handed on, and whoever was killed is told why."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tierwise.lock import KILLED, main

PACKAGE = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIERWISE_DATABASE", str(tmp_path / "tiers.duckdb"))


@pytest.mark.parametrize("code", [0, 1, 2])
def test_the_exit_code_is_handed_on(code: int, capfd: pytest.CaptureFixture[str]) -> None:
    assert main([sys.executable, "-c", f"import sys; sys.exit({code})"]) == code
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    "command",
    [
        [sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"],
        ["sh", "-c", "kill -KILL $$"],
        # What a shell says of a command that was killed.
        ["sh", "-c", "exit 137"],
    ],
    ids=["command", "shell", "command_of_a_shell"],
)
def test_a_killed_build_is_told_which_settings_help(
    command: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(command) == KILLED == 137
    said = capfd.readouterr().err
    for word in ("SIGKILL", "MEMORY_LIMIT", "SPILL_FOLDER", "THREADS=1"):
        assert word in said


def test_another_signal_is_no_matter_of_memory(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["sh", "-c", "kill -TERM $$"]) == -15
    assert capfd.readouterr().err == ""


def test_the_lock_as_a_command_says_it_too() -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "tierwise.lock", "sh", "-c", "kill -KILL $$"],
        env=os.environ | {"PYTHONPATH": str(PACKAGE)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 137
    assert "MEMORY_LIMIT" in finished.stderr
