"""dbt-duckdb plugin that makes the file checks callable from SQL.

In ``profiles.yml``, beside ``module_paths``::

    plugins:
      - module: tierwise.duckdb_plugin

Then ``select tierwise_inspect_files('{"path": "orders/*.csv"}')``,
``select tierwise_package_file('package:<package>/<file>')`` and
``select tierwise_line_sha256('orders/1.csv', 2)`` work in every macro and model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbt.adapters.duckdb.plugins import BasePlugin

from tierwise.input_files import register_functions

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


class Plugin(BasePlugin):
    """Registers the functions once per connection; cursors share them."""

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        """Register the functions of :func:`tierwise.input_files.register_functions`."""
        register_functions(conn)
