"""Write the two Parquet files beside this script: orders whose pages carry checksums."""

import datetime as dt
import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 800


def main() -> None:
    """Draw the orders with a fixed seed and write them with data pages of versions 1 and 2."""
    draw = random.Random(20240105)  # noqa: S311 - repeatable orders, not secrets
    first_day = dt.date(2024, 1, 1)
    orders = pa.table(
        {
            "order_id": [f"o{number:05}" for number in range(ROWS)],
            "customer_id": [f"c{draw.randrange(60)}" for _ in range(ROWS)],
            "ordered_at": [str(first_day + dt.timedelta(draw.randrange(366))) for _ in range(ROWS)],
            "amount": [draw.randrange(100, 9900) / 100 for _ in range(ROWS)],
        }
    )
    for version in (1, 2):
        pq.write_table(
            orders,
            Path(__file__).with_name(f"page_checksums_v{version}.parquet"),
            row_group_size=500,
            data_page_version=f"{version}.0",
            write_page_checksum=True,
        )


if __name__ == "__main__":
    main()
