"""Picture of the tiers of the last build as SVG: ``python -m tierwise.picture docs/tiers.svg``.

Reads the same database as ``tierwise.summary``. Needs no font of its own: labels are text.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from xml.sax.saxutils import escape

from tierwise.summary import OUTSIDE_TIERS, Build, SummaryError, database_path, read_build

_WIDTH, _LEFT, _BAR, _ROW = 760, 190, 420, 64
_BARS = (("#b8c4ce", "customers"), ("#1f6f8b", "net revenue"))


def draw(build: Build) -> str:
    """Draw two bars per tier of the build: its share of customers and of net revenue.

    Returns
    -------
    SVG document. Bars are to one scale, 0 to 100 %.
    """
    tiers = [tier for tier in build.tiers if tier.code not in OUTSIDE_TIERS]
    customers = sum(tier.customer_count for tier in build.tiers)
    height = 96 + _ROW * len(tiers)
    fonts = 'font-family="system-ui, sans-serif" font-size="14" fill="#22303a"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" {fonts}>',
        f"<title>Share of customers and of net revenue per tier as of {build.as_of_date}</title>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
    ]
    title = f"{customers:,} customers in {len(tiers)} tiers, as of {build.as_of_date}"
    parts.append(f'<text x="24" y="34" font-size="18" font-weight="600">{title}</text>')
    for number, (colour, name) in enumerate(_BARS):
        x = _LEFT + 190 * number
        parts.append(f'<rect x="{x}" y="52" width="12" height="12" fill="{colour}"/>')
        parts.append(f'<text x="{x + 18}" y="63">share of {name}</text>')
    for row, tier in enumerate(tiers):
        top = 84 + _ROW * row
        parts.append(
            f'<text x="24" y="{top + 20}" font-weight="600">{escape(tier.label_en)}</text>'
            f'<text x="24" y="{top + 40}">{escape(tier.label_zh)}</text>'
        )
        figures = (
            (tier.customer_share or 0.0, f"{tier.customer_count:,}"),
            (tier.revenue_share or 0.0, f"{tier.net_revenue_amount:,.0f}"),
        )
        for bar, ((share, figure), (colour, _)) in enumerate(zip(figures, _BARS, strict=True)):
            y, length = top + 24 * bar, _BAR * max(share, 0.0)
            parts.append(
                f'<rect x="{_LEFT}" y="{y}" width="{length:.1f}" height="20" fill="{colour}"/>'
                f'<text x="{_LEFT + length + 8:.1f}" y="{y + 15}">{share:.1%} ({figure})</text>'
            )
    return "\n".join([*parts, "</svg>", ""])


def main(arguments: list[str]) -> int:
    """Write the picture to the path given; 0, or 1 with a message where that cannot be done."""
    if len(arguments) != 1:
        print("Say where to: python -m tierwise.picture docs/tiers.svg", file=sys.stderr)
        return 1
    try:
        build = read_build(database_path(os.environ), os.environ.get("TIERWISE_SCHEMA") or "main")
    except SummaryError as error:
        print(error, file=sys.stderr)
        return 1
    Path(arguments[0]).write_text(draw(build), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
