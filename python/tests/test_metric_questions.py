"""What is said where there is nothing to ask; the answers are tested in integration_tests."""

from pathlib import Path

import pytest
from tierwise.metrics import main


def test_without_a_publication_the_message_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DBT_PROJECT_DIR", "DBT_PROFILES_DIR"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("TIERWISE_TARGET", "published")
    monkeypatch.setenv("TIERWISE_PUBLISHED", str(tmp_path / "none.duckdb"))
    with pytest.raises(SystemExit, match=r"no file .*none\.duckdb: run `make build` first"):
        main(["list", "metrics"])
