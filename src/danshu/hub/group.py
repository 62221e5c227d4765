"""Orders on their way through the line, and the group that is committed together."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import numpy as np
from msgspec import Struct

from danshu.capabilities.contract.model import Promise
from danshu.capabilities.orders import model
from danshu.hub.guarding import Sold, Stop
from danshu.hub.requests import Outcome, Request
from danshu.kernel.errors import DanshuError, Refusal
from danshu.kernel.fact import Packed, Said

Known = dict[tuple[int, str], tuple[uuid.UUID, bytes]]


class Typed(Struct, frozen=True, kw_only=True):
    """What the rows beside an order of a type need: its units of it, what a buyer may take of it (0
    = no cap), when time brings something next (epoch ms, 0 = never).
    """

    units: int
    cap: int
    due_ms: int


class Placement(Struct, kw_only=True, eq=False):
    """An order on its way through the line."""

    request: Request
    id: uuid.UUID
    salt: bytes
    order: model.Order
    said: list[Said]
    heard: tuple[tuple[str, int], ...]
    promises: tuple[Promise, ...] = ()
    due_ms: int = 0
    packed: Packed | None = None
    person: bytes = b""
    region_no: int = -1
    short: bool = False
    default_ms: int = 0  # when it goes on without the person that its votes ask for, 0 = never
    call_ms: int = 0  # when the call that policy wants is opened, 0 = never
    awaits: bool = False  # it is held until a temperature confirms a cold zone
    sold: Sold | None = None  # what its lines became, None = they are the draft's
    who: tuple[int, ...] = ()  # who bought and who receives, where intercept rules count them
    stop: Stop | None = None  # what an intercept rule said of it
    wh: int = -1  # number of the first warehouse, -1 = none yet
    typed: Typed | None = None  # None = a plain order


class Group(Struct, kw_only=True, eq=False):
    """Requests decided together: what to write, and what to answer after the commit."""

    requests: list[Request]
    results: list[Placement | DanshuError | Refusal | None]  # None = a known key
    placed: list[Placement]
    known: Known
    reserved: list[tuple[int, int, int, int]]  # (tenant, warehouse, SKU, units), in key order
    quota: list[tuple[int, int, int, str, int]]
    capacity: dict[int, np.ndarray[Any, Any]]  # work units taken, tenant -> [warehouse]
    zones: list[tuple[int, int, int, int]]  # (tenant, warehouse, class, decisions), in key order
    now_ms: int
    named: list[tuple[int, str]] = []  # (tenant, snapshot) that this process names first
    extra: bool = False  # a merchant among them has bundles, gifts, preorders or intercept rules
    futures: list[asyncio.Future[Outcome]] = []
    answers: dict[int, Outcome] = {}

    @property
    def short(self) -> bool:
        """Whether an order that could be routed found no stock for some of its units."""
        return any(p.short for p in self.placed)

    @property
    def tenants(self) -> set[int]:
        """The tenants in the group."""
        return {r.tenant for r in self.requests}
