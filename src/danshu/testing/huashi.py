"""Channel `huashi` 花市直播 as a loose plug-in: a platform that nobody had heard of, invented here.

It stands in no entry point: the story `new-channel` copies this file to `FOLDER/channel/` and
starts a server with `DANSHU_PLUGINS=FOLDER`. An order is one JSON object, amounts in fen, times
RFC 3339; `x-huashi-sign` is the HMAC-SHA256 of the body, hex, with the shop's secret.
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from danshu.kernel.errors import InputError
from danshu.kernel.limits import (
    AMOUNT_MINOR,
    CHANNEL_ORDERS,
    EARLIEST_MS,
    KEY_CHARS,
    LATEST_MS,
    LINE_QUANTITY,
    ORDER_LINES,
    SKU_CHARS,
)
from danshu.ports.channel import (
    Account,
    Acknowledgement,
    Draft,
    DraftKind,
    DraftLine,
    Message,
    Receiver,
)

_PLAIN: Final = r"^[^\x00]*$"
Text = Annotated[str, Meta(max_length=500, pattern=_PLAIN)]
Fen = Annotated[int, Meta(ge=0, le=AMOUNT_MINOR)]


class _Item(Struct, frozen=True):
    sku: Annotated[str, Meta(min_length=1, max_length=SKU_CHARS, pattern=_PLAIN)]
    title: Text
    num: Annotated[int, Meta(ge=1, le=LINE_QUANTITY)]
    price: Fen


class _To(Struct, frozen=True):
    name: Text
    tel: Text
    province: Text
    city: Text
    address: Text
    district: Text = ""


class _Order(Struct, frozen=True):
    order_no: Annotated[str, Meta(min_length=1, max_length=KEY_CHARS, pattern=_PLAIN)]
    state: Literal["new", "paid", "closed"]
    created: str
    items: Annotated[list[_Item], Meta(min_length=1, max_length=ORDER_LINES)]
    to: _To
    paid: str = ""
    postage: Fen = 0


class Huashi:
    """花市直播."""

    name = "huashi"
    title = "花市直播"
    title_en = "Huashi Live"

    def verify(self, message: Message, account: Account) -> bool:
        """Check `x-huashi-sign` over the raw body."""
        if not account.secret:
            return False
        made = hmac.new(account.secret.encode(), message.body, hashlib.sha256).hexdigest()
        given = message.headers.get("x-huashi-sign", "")
        return hmac.compare_digest(given.encode(errors="surrogatepass"), made.encode())

    def parse(self, body: bytes) -> tuple[Draft, ...]:
        """Read one order, or a list of them. Raises InputError."""
        try:
            told: Any = msgspec.json.decode(body)
            orders = told if isinstance(told, list) else [told]
            read = msgspec.convert(orders, list[_Order])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise InputError("bad_message", str(error)) from error
        if not 0 < len(read) <= CHANNEL_ORDERS:
            raise InputError("too_many", f"1 to {CHANNEL_ORDERS} orders")
        return tuple([_draft(order) for order in read])

    def acknowledge(self, accepted: bool, reason: str = "") -> Acknowledgement:
        """Answer as the platform wants it: 200 with `ok`, or 422."""
        told = {"ok": accepted, "reason": reason}
        return Acknowledgement(body=msgspec.json.encode(told), status=200 if accepted else 422)


def _draft(order: _Order) -> Draft:
    goods = sum(item.price * item.num for item in order.items)
    total = goods + order.postage
    if total > AMOUNT_MINOR:
        raise InputError("amount", f"an order is at most {AMOUNT_MINOR} fen", "/items")
    paid_ms = _moment(order.paid, "/paid") if order.paid else 0
    is_paid = paid_ms > 0 and order.state == "paid"
    lines = [
        DraftLine(
            line=str(number),
            sku=item.sku,
            title=item.title,
            quantity=item.num,
            price=item.price,
            paid=item.price * item.num if is_paid else 0,
        )
        for number, item in enumerate(order.items, start=1)
    ]
    is_closed = order.state == "closed"
    return Draft(
        kind=DraftKind.CANCEL if is_closed else DraftKind.ORDER,
        channel=Huashi.name,
        number=order.order_no,
        status=order.state,
        lines=tuple(lines),
        goods=goods,
        discount=0,
        postage=order.postage,
        total=total,
        paid=total if is_paid else 0,
        created_ms=_moment(order.created, "/created"),
        paid_ms=paid_ms,
        receiver=Receiver(
            name=order.to.name,
            phone=order.to.tel,
            province=order.to.province,
            city=order.to.city,
            district=order.to.district,
            detail=order.to.address,
        ),
        of_number=order.order_no if is_closed else "",
    )


def _moment(text: str, pointer: str) -> int:
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError("bad_time", "not a time of RFC 3339", pointer) from error
    if moment.tzinfo is None:
        raise InputError("bad_time", "a time needs its offset", pointer)
    when_ms = round(moment.timestamp() * 1000)
    if not EARLIEST_MS <= when_ms < LATEST_MS:
        raise InputError("bad_time", "a time is between 2000 and 2100", pointer)
    return when_ms


PLUGIN = Huashi
