"""The models of orders by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tierwise.clv.bg_nbd import BG_NBD, MBG_NBD
from tierwise.clv.pareto_nbd import PARETO_NBD

if TYPE_CHECKING:
    from tierwise.clv.order_model import OrderModel

ORDER_MODELS: dict[str, OrderModel] = {model.name: model for model in (BG_NBD, MBG_NBD, PARETO_NBD)}
