"""The body of an order, and how it becomes a request to the desk. Shared by the hot route and
Litestar.
"""

from __future__ import annotations

import datetime
import hashlib
import re
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from danshu.faces.http import problems
from danshu.faces.http.auth import Held, require
from danshu.hub.fields import PLAIN as PLAIN
from danshu.hub.fields import Code as Code
from danshu.hub.fields import Label as Label
from danshu.hub.fields import Minor as Minor
from danshu.hub.fields import Word as Word
from danshu.hub.requests import Request
from danshu.kernel.errors import InputError
from danshu.kernel.limits import (
    AMOUNT_MINOR,
    EARLIEST_MS,
    KEY_CHARS,
    LATEST_MS,
    LINE_QUANTITY,
    ORDER_LINES,
    SKU_CHARS,
    TEXT_CHARS,
)
from danshu.kernel.money import apportion
from danshu.ports.channel import Draft, DraftLine, Receiver

_PROSE: Final = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*(?![\s\S])"

Instant = Annotated[datetime.datetime, Meta(tz=True)]

# In an order the same patterns are documented, and `_check_text` keeps them: sixteen regular
# expressions an order cost more CPU than all the rest of the decoding.
_SHOWN: Final = {"extra": {"pattern": PLAIN}}
_Number = Annotated[str, Meta(min_length=1, max_length=64, extra_json_schema=_SHOWN)]
_Code = Annotated[str, Meta(min_length=1, max_length=SKU_CHARS, extra_json_schema=_SHOWN)]
_Word = Annotated[str, Meta(max_length=64, extra_json_schema=_SHOWN)]
_Label = Annotated[str, Meta(max_length=500, extra_json_schema=_SHOWN)]
_Prose = Annotated[
    str, Meta(max_length=TEXT_CHARS, extra_json_schema={"extra": {"pattern": _PROSE}})
]


class NewLine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line: the merchant's SKU, units, price of a unit before discounts."""

    sku: _Code
    quantity: Annotated[int, Meta(ge=1, le=LINE_QUANTITY)]
    price_fen: Minor
    title: _Label = ""


class NewReceiver(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who receives. The region is found from these words; only the erasable vault keeps them."""

    name: _Word
    phone: _Word
    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}(?![\s\S])", description="ISO 3166-1")] = "CN"
    province: _Word = ""
    city: _Word = ""
    district: _Word = ""
    street: _Label = ""
    detail: _Label
    postcode: _Word = ""


class NewOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An order to place. Its total is computed: lines - discount + postage."""

    number: _Number
    lines: Annotated[tuple[NewLine, ...], Meta(min_length=1, max_length=ORDER_LINES)]
    receiver: NewReceiver
    channel: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,31}(?![\s\S])")] = "api"
    discount_fen: Minor = 0
    postage_fen: Minor = 0
    paid_at: Instant | None = None
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}(?![\s\S])", description="ISO 4217")] = "CNY"
    promises: Annotated[tuple[_Word, ...], Meta(max_length=16)] = ()
    buyer: _Word = ""
    buyer_note: _Prose = ""
    type: _Word = ""
    group: _Word = ""


_is_plain: Final = re.compile(PLAIN).match
_is_prose: Final = re.compile(_PROSE).match
_decode: Final = msgspec.json.Decoder(NewOrder).decode
_KEY: Final = re.compile(rb"[\x21-\x7e]+").fullmatch


def read(body: bytes) -> NewOrder:
    """Decode a body. Raises InputError with the place."""
    try:
        return _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise problems.of_decoding(error, body) from error


def request(held: Held, key: bytes | None, body: bytes, new: NewOrder) -> Request:
    """Make the desk's request of a decoded order; `key` is the header `Idempotency-Key`, None = the
    number.

    Raises InputError for a key or an amount that cannot be.
    """
    if b"\\" in body or b"\x7f" in body:
        _check_text(new)
    draft = _draft(new)
    if "order.place" not in held.rights:  # the rules look at the order itself
        require(held, "order.place", channel=new.channel, amount_fen=draft.total)
    return Request(
        tenant=held.tenant,
        key="api/" + (new.number if key is None else read_key(key)),
        digest=hashlib.sha256(body).digest(),
        draft=draft,
        raw=body,
        actor=held.actor,
        strict=True,
        refuse_unknown=True,
        promises=new.promises,
        type=new.type,
        group=new.group,
    )


def _check_text(new: NewOrder) -> None:
    """Refuse control characters; JSON writes them (but U+007F) by a backslash only."""

    def walk(value: object, pointer: str) -> None:
        if isinstance(value, str):
            is_prose = pointer == "/buyer_note"
            if not (_is_prose if is_prose else _is_plain)(value):
                raise InputError("bad_field", "a control character", pointer)
        elif isinstance(value, dict):
            for name, member in value.items():
                walk(member, f"{pointer}/{name}")
        elif isinstance(value, list | tuple):
            for i, member in enumerate(value):
                walk(member, f"{pointer}/{i}")

    walk(msgspec.to_builtins(new), "")


def read_key(key: bytes) -> str:
    """Read an idempotency key: 1 to 128 visible ASCII characters."""
    if len(key) > KEY_CHARS or not _KEY(key):
        raise InputError("bad_key", f"Idempotency-Key is 1 to {KEY_CHARS} visible ASCII characters")
    return key.decode("ascii")


def _draft(new: NewOrder) -> Draft:
    worths = [n.price_fen * n.quantity for n in new.lines]
    goods = sum(worths)
    total = goods - new.discount_fen + new.postage_fen
    if goods > AMOUNT_MINOR or total > AMOUNT_MINOR:
        raise InputError("amount", f"the amount of an order is at most {AMOUNT_MINOR}", "/lines")
    if new.discount_fen > goods:
        raise InputError("discount", "the discount is more than the goods cost", "/discount_fen")
    paid_ms = 0
    shares = worths
    if new.paid_at is None:
        shares = [0] * len(worths)
    else:
        paid_ms = int(new.paid_at.timestamp() * 1000)
        if not EARLIEST_MS <= paid_ms <= LATEST_MS:
            raise InputError("time", "paid_at is between 2000 and 2100", "/paid_at")
        if new.discount_fen:
            off = apportion(new.discount_fen, worths)
            shares = [w - o for w, o in zip(worths, off, strict=True)]
    to = new.receiver
    return Draft(
        channel=new.channel,
        number=new.number,
        status="",
        currency=new.currency,
        lines=tuple(
            [
                DraftLine(
                    line=str(i),
                    sku=n.sku,
                    title=n.title,
                    quantity=n.quantity,
                    price=n.price_fen,
                    paid=share,
                )
                for i, (n, share) in enumerate(zip(new.lines, shares, strict=True), 1)
            ]
        ),
        goods=goods,
        discount=new.discount_fen,
        postage=new.postage_fen,
        total=total,
        paid=total if paid_ms else 0,
        created_ms=0,
        paid_ms=paid_ms,
        receiver=Receiver(
            name=to.name,
            phone=to.phone,
            country=to.country,
            province=to.province,
            city=to.city,
            district=to.district,
            street=to.street,
            detail=to.detail,
            postcode=to.postcode,
        ),
        buyer=new.buyer,
        buyer_note=new.buyer_note,
    )
