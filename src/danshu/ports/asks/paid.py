"""Asked when an order is paid 已付款协同: risk, finance, logistics, by the standard event."""

from __future__ import annotations

import msgspec
from msgspec import Struct


class PaidEvent(Struct, frozen=True, kw_only=True):
    """A CloudEvents 1.0 event in structured mode, as every subscriber hears it; `data` is that of
    its published type.
    """

    specversion: str
    id: str
    source: str
    type: str
    subject: str
    time: str
    data: msgspec.Raw
    datacontenttype: str = "application/json"


class Agreed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A party agrees. `score` is what a risk engine gives (0 = no risk, 1000 = all of it)."""

    score: int = 0
    detail: str = ""


class TakenBack(Struct, frozen=True, kw_only=True):
    """What a party had agreed to is to be undone: the key of that call, its reference, and why."""

    key: str
    reference: str
    reason: str


class Undone(Struct, frozen=True, kw_only=True):
    """It is undone; `at` by the party's clock."""

    at: str = ""
