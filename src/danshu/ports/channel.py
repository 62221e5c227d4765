"""Port `channel`: a platform's messages become Drafts.

An adapter is one file with one class, reached by the entry point group `danshu.channel`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

from msgspec import Struct


class DraftKind(StrEnum):
    """What the message asks for."""

    ORDER = "order"  # place it, or bring the known order up to date
    CANCEL = "cancel"  # the platform closed it before dispatch
    RETURN = "return"  # goods come back; quantities are positive


class DraftLine(Struct, frozen=True, kw_only=True):
    """One line as the platform shows it. Money in minor units of the draft's currency.

    `sku` is the merchant's own code where the platform carries it, else the platform's SKU id.
    `paid` is the share of what the buyer paid that falls on this line (for refunds), all units.
    """

    line: str  # the platform's id of the line (oid, sku_order id, …)
    sku: str
    title: str
    quantity: int
    price: int  # a unit, before discounts
    paid: int
    attributes: str = ""  # "颜色:浅灰;尺码:XL"
    warehouse: str = ""  # the platform already chose a warehouse (菜鸟, 仓发)
    gift: bool = False  # the platform gave it along (赠品)


class Receiver(Struct, frozen=True, kw_only=True):
    """Who receives. Plain, masked or encrypted as the platform gave it; kept in the vault only.

    `cipher` keeps the platform's ciphertexts by field; `token` its handle (oaid, …) for waybills.
    """

    name: str = ""
    phone: str = ""
    country: str = "CN"  # ISO 3166-1 alpha-2
    province: str = ""
    city: str = ""
    district: str = ""
    street: str = ""
    detail: str = ""
    postcode: str = ""
    token: str = ""
    cipher: dict[str, str] = {}


class Draft(Struct, frozen=True, kw_only=True):
    """An order as a platform said it, in the hub's words. Times are epoch ms UTC, 0 = not yet.

    Amounts: goods - discount + postage (+ tax and fees) = total; `paid` has come in already.
    """

    kind: DraftKind = DraftKind.ORDER
    channel: str
    shop: str = ""
    number: str  # the platform's order number, a string always
    status: str  # the platform's own word
    currency: str = "CNY"
    lines: tuple[DraftLine, ...]
    goods: int
    discount: int
    postage: int
    total: int
    paid: int
    created_ms: int
    paid_ms: int = 0
    ship_by_ms: int = 0  # the platform's own deadline, 0 = none given
    receiver: Receiver = Receiver()
    buyer: str = ""  # the platform's pseudonymous buyer id
    buyer_note: str = ""
    seller_note: str = ""
    flag: str = ""  # 红黄蓝绿紫… in the platform's meaning
    # Why it must not be released yet: risk_review, group_incomplete, presale_tail_unpaid, …
    hold: str = ""
    # The platform marks it as a presale: "deposit" (定金+尾款) or "whole" (全款预售), and what of
    # `paid` was the deposit.
    presale: str = ""
    deposit: int = 0
    # What of `discount` the platform bears and pays the merchant for, where it says so.
    subsidy: int = 0
    # "paid": the platform has paid the buyer back after dispatch, so the goods are out for nothing.
    refund: str = ""
    # RETURN and CANCEL: the order that it belongs to, when the platform names it.
    of_number: str = ""


class Account(Struct, frozen=True, kw_only=True):
    """One shop of a merchant on a channel. `secret` verifies its messages."""

    account: str
    tenant: int
    channel: str
    shop: str = ""
    key: str = ""
    secret: str = ""


class Message(Struct, frozen=True, kw_only=True):
    """What came in over HTTP, untouched. Header names are lower case."""

    body: bytes
    headers: Mapping[str, str] = {}
    query: Mapping[str, str] = {}


class Acknowledgement(Struct, frozen=True, kw_only=True):
    """How the platform wants to be told "understood" (or why not)."""

    body: bytes
    status: int = 200
    content_type: str = "application/json"


class Channel(Protocol):
    """A platform that orders come from. A `title_en` may stand beside the title, for English pages;
    without one they show the title.
    """

    name: str
    title: str  # 淘宝/天猫

    def verify(self, message: Message, account: Account) -> bool:
        """Tell whether the message is really the platform's, by its documented signature."""
        ...

    def parse(self, body: bytes) -> tuple[Draft, ...]:
        """Read the drafts in a message.

        Raises danshu.kernel.errors.InputError naming the place that cannot be understood.
        """
        ...

    def acknowledge(self, accepted: bool, reason: str = "") -> Acknowledgement:
        """Answer in the platform's own form."""
        ...
