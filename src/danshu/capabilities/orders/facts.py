"""The fact types of an order's life. Fields are sorted in the bytes; new ones need defaults."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from danshu.capabilities.orders.model import Line, Share
from danshu.kernel.fact import fact_type, upcaster


class Planned(Struct, frozen=True, kw_only=True):
    """One fulfilment order of an allocation."""

    no: int
    shares: tuple[Share, ...]
    warehouse: str


@fact_type("order.placed")
class OrderPlaced(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """下单: the buyer's order as the channel said it; personal data only as commitments."""

    buyer: str = ""
    channel: str
    created: str
    currency: str
    discount: int
    flag: str = ""
    goods: int
    group: str = ""  # the group that the buyer joined
    holds: tuple[str, ...] = ()
    key: str
    kind: str = "order"
    lines: tuple[Line, ...]
    number: str
    of_number: str = ""
    postage: int
    region: str
    ship_by: str = ""
    shop: str = ""
    status: str = ""
    subsidy: int = 0  # of the discount, what the platform bears and pays the merchant for
    total: int
    type: str = ""  # the order type that it follows, in the version that held then
    type_version: int = 0


@fact_type("order.confirmed")
class OrderConfirmed(Struct, frozen=True, kw_only=True):
    """确认: the merchant accepted the order."""

    by: str


@fact_type("order.paid")
class OrderPaid(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """付款: money came in, in minor units of the order's currency.

    `stage` says of which payment: "" the whole, else deposit 定金, tail 尾款 or supplement 补款.
    """

    amount: int
    at: str
    stage: str = ""


@fact_type("order.held")
class OrderHeld(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """挂起: it must not be released until the reason is gone.

    `awaits` stock or payment, or `until` a time, it goes on by itself; `right` is needed to lift
    it. `frees`: nothing is reserved for it meanwhile.
    """

    awaits: str = ""
    frees: bool = False
    reason: str
    right: str = ""
    until: str = ""


@fact_type("order.unheld")
class OrderUnheld(Struct, frozen=True, kw_only=True):
    """解除挂起: the reason is gone."""

    reason: str


@fact_type("order.aligned")
class OrderAligned(Struct, frozen=True, kw_only=True):
    """补对齐: master data now holds what it means; `lines` became known, it goes to `region`."""

    lines: tuple[int, ...]
    region: str


@fact_type("order.allocated")
class OrderAllocated(Struct, frozen=True, kw_only=True):
    """分仓占库: which warehouse ships what; the units are reserved by the same commit."""

    fulfilments: tuple[Planned, ...]


@fact_type("order.withdrawn")
class OrderWithdrawn(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """撤回分仓: what no warehouse had begun was taken back, to be decided again without `excluded`.

    `freed` goes back to stock; what the new decision reserves is said right after it.
    """

    excluded: tuple[str, ...] = ()
    freed: tuple[Planned, ...]
    reason: str = ""


@fact_type("route.overridden")
class RouteOverridden(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """人工指定仓: a person chose the warehouse against the router, and signed what it costs.

    `to` is "" where it goes back to the router; else `fulfilments` are pinned there until somebody
    overrides again. `was` are the warehouses before, `router` those that the router would have
    taken then, at `router_fen`; `cost_fen` is what was chosen. `decision` is the fact superseded,
    `lifted` the rules of policy that forbade it, `statement` and `signature` digests (hex).
    `second` confirmed it beside who signed, "" where none was asked for, by the statement and the
    signature `confirmed` and `countersigned`.
    """

    confirmed: str = ""
    cost_fen: int
    countersigned: str = ""
    decision: str = ""
    fulfilments: tuple[int, ...] = ()
    lifted: tuple[str, ...] = ()
    note: str
    reason: str
    router: tuple[str, ...]
    router_fen: int
    second: str = ""
    signature: str
    statement: str
    to: str
    was: tuple[str, ...]


class OfFulfilment(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What every act on a fulfilment order carries; its shares make each fact whole by itself."""

    fulfilment: int
    shares: tuple[Share, ...]
    warehouse: str


@fact_type("order.released")
class OrderReleased(OfFulfilment, frozen=True, kw_only=True, omit_defaults=True):
    """下发仓库: the warehouse may begin."""


@fact_type("order.picked")
class OrderPicked(OfFulfilment, frozen=True, kw_only=True, omit_defaults=True):
    """拣货完成."""


@fact_type("order.packed")
class OrderPacked(OfFulfilment, frozen=True, kw_only=True, omit_defaults=True):
    """打包完成."""


@fact_type("order.recalled")
class OrderRecalled(OfFulfilment, frozen=True, kw_only=True, omit_defaults=True):
    """撤回拣货: what was picked, packed or not, is back in its bin."""


@fact_type("order.shipped")
class OrderShipped(OfFulfilment, frozen=True, kw_only=True, omit_defaults=True):
    """交接揽收: the carrier accepted the parcel; `occurred` of the fact is the pickup scan."""

    carrier: str = ""
    equipment: str = ""
    waybill: str = ""


@fact_type("waybill.recorded")
class WaybillRecorded(Struct, frozen=True, kw_only=True):
    """运单生成: the waybill number entered a system; not the same instant as the pickup."""

    carrier: str
    fulfilment: int
    waybill: str


@fact_type("shipment.arranged")
class ShipmentArranged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """承运约定: who will carry a fulfilment order, and in which window it comes.

    `party` and `number` are the party's of the confirmed award; "" where the default stands.
    `negotiation` is the fact that says so, `consent` the consumer's, where the window needed it.
    """

    carrier: str
    consent: str = ""
    end: str = ""
    fulfilment: int
    negotiation: str
    number: str = ""
    party: str = ""
    start: str = ""


@fact_type("order.delivered")
class OrderDelivered(OfFulfilment, frozen=True, kw_only=True, omit_defaults=True):
    """签收: the receiver has it."""


@fact_type("order.completed")
class OrderCompleted(Struct, frozen=True, kw_only=True):
    """完成: the after-sales term is over."""

    by: str


@fact_type("order.cancelled")
class OrderCancelled(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """取消: what had not been picked is given up; `freed` goes back to stock."""

    freed: tuple[Planned, ...] = ()
    reason: str
    shares: tuple[Share, ...]


@fact_type("damage.reported")
class DamageReported(Struct, frozen=True, kw_only=True):
    """买家报损: the buyer says that the goods came damaged."""

    detail: str


@fact_type("compensation.paid")
class CompensationPaidOnly(Struct, frozen=True, kw_only=True):
    """赔付: money was paid to the buyer, in minor units; what for was not said yet (version 1)."""

    amount: int


@fact_type("compensation.paid", 2)
class CompensationPaid(Struct, frozen=True, kw_only=True):
    """赔付: money was paid to the buyer for a breach, in minor units.

    `code` names the promise and `step` the step of its breach chain; "" and -1 where a person paid
    for a reason of their own. `receipt` is the payment service's number of the payment.
    """

    amount: int
    code: str = ""
    receipt: str = ""
    step: int = -1


@upcaster("compensation.paid", 1)
def _name_nothing(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "code": "", "receipt": "", "step": -1}
