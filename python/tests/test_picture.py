"""The picture shows the shares of the build it was drawn from."""

import datetime as dt
import re
from decimal import Decimal

import pytest
from tierwise.picture import draw, main
from tierwise.summary import Build, Tier


def _tier(code: str, customers: int, customer_share: float, revenue_share: float) -> Tier:
    return Tier(
        "p", code, f"{code} & co", "顶级", customers, customer_share, Decimal(7), revenue_share
    )


def test_bars_are_to_scale_and_guests_have_none() -> None:
    build = Build(
        as_of_date=dt.date(2024, 2, 29),
        tiers=[
            _tier("top", 1, 0.25, 0.75),
            _tier("low", 3, 0.75, 0.125),
            _tier("guest", 0, 0, 0.125),
        ],
        inputs=[],
        reasons=[],
        flags=[],
        forecasts=[],
        fallbacks=[],
    )
    document = draw(build)
    bars = [float(width) for width in re.findall(r'width="([0-9.]+)" height="20"', document)]
    assert [bar / sum(bars[:2]) for bar in bars] == [0.25, 0.75, 0.75, 0.125]
    assert "4 customers in 2 tiers, as of 2024-02-29" in document
    assert "top &amp; co" in document


def test_without_a_path_it_says_what_is_missing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([]) == 1
    assert "Say where to" in capsys.readouterr().err
