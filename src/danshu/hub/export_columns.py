"""The columns of an export: what each is called, and how it is read of an order."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from danshu.capabilities.contract import standing
from danshu.capabilities.contract.standing import Standing
from danshu.capabilities.orders import model
from danshu.capabilities.orders.machines import ORDER
from danshu.hub.masking import mask_receiver
from danshu.hub.timeline_figures import channel_title
from danshu.hub.timeline_words import HOLDS
from danshu.hub.workbench import Row
from danshu.hub.world import World
from danshu.kernel.machine import Words
from danshu.ports.channel import Receiver

Kind = Literal["text", "count", "money", "instant"]
Cell = str | int | datetime.datetime | None
FIELDS: Final = {"receiver": "name", "phone": "phone", "address": "address"}
_CHINA: Final = datetime.timezone(datetime.timedelta(hours=8))
_STATES: Final[dict[str, Words]] = {
    **ORDER.states,
    "held": Words(zh="挂起", en="held"),
    "return_requested": Words(zh="申请退货", en="return requested"),
}
_STANDINGS: Final = {
    Standing.BROKEN: Words(zh="已违约", en="broken"),
    Standing.BORDERLINE: Words(zh="待裁定", en="to be judged"),
    Standing.WARNED: Words(zh="临期", en="due soon"),
    Standing.LATE: Words(zh="迟延履行", en="performed late"),
    Standing.RUNNING: Words(zh="计时中", en="running"),
    Standing.PAUSED: Words(zh="已暂停", en="paused"),
    Standing.PENDING: Words(zh="未起算", en="not started"),
    Standing.KEPT_SELF: Words(zh="已兑现·自述", en="kept (self-declared)"),
    Standing.KEPT: Words(zh="已兑现", en="kept"),
    Standing.EXCUSED: Words(zh="已免责", en="excused"),
    Standing.SUPERSEDED: Words(zh="已替代", en="superseded"),
    Standing.NONE: Words(zh="", en=""),
}
_decode_order = msgspec.json.Decoder(model.Order).decode
_decode_receiver = msgspec.json.Decoder(Receiver).decode


class Seen(Struct, frozen=True, kw_only=True):
    """An order as an export reads it; the receiver is masked already, None once erased."""

    row: Row
    order: model.Order
    glance: standing.Glance
    receiver: Receiver | None
    assignee: str
    world: World
    lang: str

    def pick(self, words: Words) -> str:
        """Give words in the language of the export."""
        return words.en if self.lang == "en" else words.zh


class Column(Struct, frozen=True, kw_only=True):
    """A column: its head, its kind, and how it is read."""

    head: Words
    kind: Kind
    read: Callable[[Seen], Cell]


def read_order(
    row: Row, person: bytes | None, assignee: str, world: World, lang: str, sees: frozenset[str]
) -> Seen:
    """Read what an export shows of an order. `sees`: the personal fields that stay in clear."""
    receiver = None
    if person is not None:
        receiver = mask_receiver(
            _decode_receiver(person),
            sees_name="name" in sees,
            sees_phone="phone" in sees,
            sees_address="address" in sees,
        )
    return Seen(
        row=row,
        order=_decode_order(row.doc),
        glance=standing.read(row.terms),
        receiver=receiver,
        assignee=assignee,
        world=world,
        lang=lang,
    )


def _instant(ms: int) -> datetime.datetime | None:
    return datetime.datetime.fromtimestamp(ms / 1000, _CHINA) if ms else None


def _warehouse(seen: Seen) -> str:
    at = seen.row.wh
    return seen.world.warehouses[at].name if 0 <= at < len(seen.world.warehouses) else ""


def _region(seen: Seen) -> str:
    place = seen.world.places.get(seen.order.region)
    return " ".join(dict.fromkeys(place)) if place else seen.order.region


def _goods(seen: Seen) -> str:
    return "; ".join([f"{n.title or n.sku} ×{n.quantity}" for n in seen.order.lines])


def _holds(seen: Seen) -> str:
    told = [seen.pick(HOLDS[h]) if h in HOLDS else h for h in seen.order.holds]
    return "; ".join(told)


def _parcels(name: str) -> Callable[[Seen], str]:
    def read(seen: Seen) -> str:
        live = [f for f in seen.order.fulfilments if f.state != "cancelled"]
        return "; ".join(dict.fromkeys([getattr(f, name) for f in live if getattr(f, name)]))

    return read


def _address(seen: Seen) -> str:
    to = seen.receiver
    if to is None:
        return ""
    return " ".join(filter(None, (to.province, to.city, to.district, to.street, to.detail)))


def _column(zh: str, en: str, kind: Kind, read: Callable[[Seen], Any]) -> Column:
    return Column(head=Words(zh=zh, en=en), kind=kind, read=read)


def _money(zh: str, en: str, name: str) -> Column:
    return _column(zh, en, "money", lambda s: getattr(s.order, name))


COLUMNS: Final[dict[str, Column]] = {
    "number": _column("订单号", "Order no.", "text", lambda s: s.order.number),
    "channel": _column("来源", "Channel", "text", lambda s: channel_title(s.row.channel)),
    "shop": _column("店铺", "Shop", "text", lambda s: s.order.shop),
    "state": _column(
        "阶段", "Stage", "text", lambda s: s.pick(_STATES[model.State(s.row.state).word])
    ),
    "holds": _column("挂起原因", "Held for", "text", _holds),
    "promise": _column("承诺", "Promise", "text", lambda s: s.pick(_STANDINGS[s.glance.standing])),
    "due": _column("到期", "Due", "instant", lambda s: _instant(s.glance.due_ms)),
    "placed": _column("下单", "Placed", "instant", lambda s: _instant(s.order.placed_ms)),
    "paid_at": _column("付款", "Paid at", "instant", lambda s: _instant(s.order.paid_ms)),
    "goods": _column("商品", "Goods", "text", _goods),
    "units": _column(
        "件数", "Units", "count", lambda s: sum(n.quantity - n.cancelled for n in s.order.lines)
    ),
    "currency": _column("币种", "Currency", "text", lambda s: s.order.currency),
    "total": _money("应付", "Total", "total"),
    "paid": _money("实付", "Paid", "paid"),
    "discount": _money("优惠", "Discount", "discount"),
    "postage": _money("运费", "Postage", "postage"),
    "region": _column("收货地", "Region", "text", _region),
    "warehouse": _column("履约仓", "Warehouse", "text", _warehouse),
    "carrier": _column("承运商", "Carrier", "text", _parcels("carrier")),
    "waybill": _column("运单", "Waybill", "text", _parcels("waybill")),
    "tags": _column("标签", "Tags", "text", lambda s: "; ".join(s.row.tags)),
    "assignee": _column("指派", "Assignee", "text", lambda s: s.assignee),
    "receiver": _column(
        "收件人", "Receiver", "text", lambda s: s.receiver.name if s.receiver else ""
    ),
    "phone": _column("电话", "Phone", "text", lambda s: s.receiver.phone if s.receiver else ""),
    "address": _column("地址", "Address", "text", _address),
}
