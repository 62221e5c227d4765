"""What a merchant's world holds of order types: versions, those in use, open groups."""

from __future__ import annotations

from msgspec import Struct

from danshu.capabilities.order_types.model import OrderType


class OpenGroup(Struct, frozen=True):
    """A group that takes orders: where its pickup point lies, until when (epoch ms)."""

    region: str
    closes_ms: int


class Types(Struct, frozen=True, kw_only=True, eq=False):
    """A merchant's types: every version, those in use by code, those that take orders unnamed, and
    open groups by (type, code).
    """

    versions: dict[tuple[str, int], OrderType]
    active: dict[str, OrderType]
    unnamed: tuple[OrderType, ...]
    groups: dict[tuple[str, str], OpenGroup]
