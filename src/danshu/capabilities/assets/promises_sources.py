"""Sources from what was promised and decided: promises, routes, notices, links."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from danshu.capabilities.assets.model import INT, SMALL, TEXT, UUID, Row, source
from danshu.capabilities.assets.reading import Out, Reader, Told, ms, reader, uid


class _Pinned(Struct, frozen=True, gc=False):
    code: str
    version: int
    due: str = ""
    started: str = ""


class _Made(Struct, frozen=True, gc=False):
    promises: tuple[_Pinned, ...]


class _Marked(Struct, frozen=True, gc=False):
    event: str
    source: str = ""


class _Promise(Struct, frozen=True, gc=False):
    code: str
    before: str = ""
    by: _Marked | None = None
    due: str = ""
    gap_ms: int = 0
    ground: str = ""
    level: int = 0
    reason: str = ""
    verdict: str = ""
    was: str = ""


class _Total(Struct, frozen=True, array_like=True, gc=False):
    total_fen: int
    warehouses: tuple[str, ...]


class _Decided(Struct, frozen=True, gc=False):
    margin_fen: int
    minute: int
    parts_fen: tuple[int, ...]
    plan: tuple[tuple[int, str], ...]
    plans: tuple[_Total, ...]
    promise_min: int
    region: str
    value_fen: int


class _Overridden(Struct, frozen=True, gc=False):
    cost_fen: int
    reason: str
    router_fen: int
    to: str
    router: tuple[str, ...] = ()


class _Redecided(Struct, frozen=True, gc=False):
    outcome: str


class _Notice(Struct, frozen=True, gc=False):
    code: str
    step: int
    to: str
    reason: str = ""
    tries: int = 0


class _Link(Struct, frozen=True, gc=False):
    order: str
    purpose: str = ""
    what: str = ""


PROMISE_EVENTS: Final = (
    "started", "noted", "warned", "paused", "resumed", "kept", "broken", "late", "borderline",
    "compared", "corrected", "amended", "superseded", "ruled",
)  # fmt: skip
PARTS: Final = (
    "freight", "freight_extra", "handling", "lateness", "risk", "split", "price", "unfulfilled",
    "policy",
)  # fmt: skip
"""Parts of a plan's cost in the order in which `route.decided` says them."""
_NO_PARTS: Final = (0,) * len(PARTS)

SOURCES: Final = (
    source(
        "promises", "What became of a promise (`event`): made, kept, broken, late…; gap in ms.",
        "promise.made " + " ".join(f"promise.{e}" for e in PROMISE_EVENTS), code=TEXT, event=TEXT,
        version=SMALL, started=INT, due=INT, gap=INT, verdict=TEXT, was=TEXT, origin=TEXT,
        reason=TEXT,
    ),
    source(
        "routes", "A route was decided, overridden or decided again (`act`); costs in fen.",
        "route.decided route.overridden route.redecided", act=TEXT, region=TEXT, warehouses=TEXT,
        parcels=SMALL, cost=INT, other=INT, margin=INT, **dict.fromkeys(PARTS, INT),
        promise_minutes=SMALL, minute=SMALL, value=INT, unplaced=SMALL, outcome=TEXT, reason=TEXT,
    ),
    source(
        "notices", "A notice of a breach went out, or did not (`event`).",
        "notice.sent notice.refused notice.abandoned", event=TEXT, code=TEXT, step=SMALL, to=TEXT,
        reason=TEXT,
    ),
    source(
        "links", "Links to an order's page, and looks at it; `order` is the order's stream.",
        "link.issued link.viewed link.revoked", event=TEXT, order=UUID, purpose=TEXT, what=TEXT,
    ),
)  # fmt: skip


def _put_made(out: Out, base: Row, data: Any, told: Told) -> None:
    del told
    rows = out["promises"]
    for p in data.promises:
        rows.append((
            *base, p.code, "made", p.version, ms(p.started), ms(p.due), 0, "", "", "", "",
        ))  # fmt: skip


def _put_promise(out: Out, base: Row, data: Any, told: Told) -> None:
    event = told.type.partition(".")[2]
    origin = data.by.source if data.by else ""
    was = data.was or data.before
    out["promises"].append((
        *base, data.code, event, 0, 0, ms(data.due), data.gap_ms, data.verdict, was, origin,
        data.reason or data.ground,
    ))  # fmt: skip


def _put_decided(out: Out, base: Row, data: Any, told: Told) -> None:
    del told
    used = [code for _, code in data.plan]
    taken = sorted(set(used) - {""})
    cost = data.plans[0].total_fen if data.plans else 0
    other = data.plans[1].total_fen if len(data.plans) > 1 else 0
    parts = (*data.parts_fen, *_NO_PARTS)[: len(PARTS)]
    out["routes"].append((
        *base, "decided", data.region, "+".join(taken), len(taken), cost, other, data.margin_fen,
        *parts, data.promise_min, data.minute, data.value_fen, used.count(""), "", "",
    ))  # fmt: skip


def _put_overridden(out: Out, base: Row, data: Any, told: Told) -> None:
    del told
    out["routes"].append((
        *base, "overridden", "", data.to, int(bool(data.to)), data.cost_fen, data.router_fen,
        data.cost_fen - data.router_fen, *_NO_PARTS, -1, 0, 0, 0, data.to, data.reason,
    ))  # fmt: skip


def _put_redecided(out: Out, base: Row, data: Any, told: Told) -> None:
    del told
    out["routes"].append((
        *base, "redecided", "", "", 0, 0, 0, 0, *_NO_PARTS, -1, 0, 0, 0, data.outcome, "",
    ))  # fmt: skip


def _put_notice(out: Out, base: Row, data: Any, told: Told) -> None:
    event = told.type.partition(".")[2]
    out["notices"].append((*base, event, data.code, data.step, data.to, data.reason))


def _put_link(out: Out, base: Row, data: Any, told: Told) -> None:
    event = told.type.partition(".")[2]
    out["links"].append((*base, event, uid(data.order), data.purpose, data.what))


READERS: Final[tuple[Reader, ...]] = (
    reader("promise.made", _Made, _put_made),
    *(reader(f"promise.{event}", _Promise, _put_promise) for event in PROMISE_EVENTS),
    reader("route.decided", _Decided, _put_decided),
    reader("route.overridden", _Overridden, _put_overridden),
    reader("route.redecided", _Redecided, _put_redecided),
    *(
        reader(f"notice.{event}", _Notice, _put_notice)
        for event in ("sent", "refused", "abandoned")
    ),
    *(reader(f"link.{event}", _Link, _put_link) for event in ("issued", "viewed", "revoked")),
)
