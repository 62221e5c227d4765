"""Whether a type can be lived by: findings with their place, and what would mend them.

Pure: the type, what it is read beside, and now go in. A type with an error is not published.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.capabilities.order_types import catalogue, decide, spans
from danshu.capabilities.order_types.findings import TypeFinding, find
from danshu.capabilities.order_types.lint_money import check_clauses, check_money
from danshu.capabilities.order_types.model import TypeTexts
from danshu.kernel.errors import InputError
from danshu.kernel.limits import ORDER_TYPE_PARTS, ORDER_TYPE_STAGES, TEXT_CHARS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from danshu.capabilities.order_types.model import OrderType

_CODE: Final = re.compile(r"[a-z][a-z0-9_]{1,31}")
_BRINGS: Final = {
    "deposit.paid": "deposit",
    "tail.opened": "tail",
    "tail.paid": "tail",
    "whole.paid": "whole",
}
_ORDER: Final = {  # what may come before each
    "placed": set[str](),
    "deposit.paid": {"placed"},
    "whole.paid": {"placed"},
    "group.formed": {"placed", "deposit.paid", "whole.paid"},
    "tail.opened": {"placed", "deposit.paid", "group.formed"},
    "tail.paid": {"placed", "deposit.paid", "group.formed", "tail.opened"},
}


class Around(Struct, frozen=True, kw_only=True):
    """What a type is read beside: promises in use, warehouses and SKUs by code, now in epoch ms.

    None = not asked (a template, a simulation).
    """

    now_ms: int
    promises: frozenset[str] | None = None
    warehouses: frozenset[str] | None = None
    skus: frozenset[str] | None = None


def check(kind: OrderType, around: Around) -> tuple[TypeFinding, ...]:
    """Give every finding; none means that orders can live by it."""
    found = [
        *_shape(kind),
        *_scope(kind, around),
        *_stages(kind),
        *_acts(kind),
        *check_money(kind),
        *_windows(kind, around.now_ms),
        *_stock(kind, around),
        *_promises(kind, around),
        *check_clauses(kind),
    ]
    return tuple(dict.fromkeys(found))


def is_sound(findings: tuple[TypeFinding, ...]) -> bool:
    """Tell whether nothing stands in the way of publication."""
    return all(f.severity != "error" for f in findings)


def _shape(kind: OrderType) -> Iterator[TypeFinding]:
    if not _CODE.fullmatch(kind.type):
        yield find("code_bad", "/type", value=kind.type[:64])
    yield from _words(kind.name, "/name")
    for at, stage in enumerate(kind.stages):
        yield from _words(stage.words, f"/stages/{at}/words")
    if len(kind.stages) > ORDER_TYPE_STAGES:
        yield find("too_many", "/stages", value=ORDER_TYPE_STAGES)
    for name in ("skus", "channels"):
        if len(getattr(kind.scope, name)) > ORDER_TYPE_PARTS:
            yield find("too_many", f"/scope/{name}", value=ORDER_TYPE_PARTS)
    if kind.buyer_units < 0:
        yield find("units_bad", "/buyer_units")


def _words(text: TypeTexts, pointer: str) -> Iterator[TypeFinding]:
    for lang, words in (("zh", text.zh), ("en", text.en)):
        if not words.strip() or len(words) > TEXT_CHARS:
            yield find("text_missing", f"{pointer}/{lang}")


def _scope(kind: OrderType, around: Around) -> Iterator[TypeFinding]:
    scope = kind.scope
    if not (scope.named or scope.channels or scope.skus or scope.marks):
        yield find("scope_open", "/scope")
    for at, sku in enumerate(scope.skus):
        if around.skus is not None and sku not in around.skus:
            yield find("sku_unknown", f"/scope/skus/{at}", value=sku[:64])


def _stages(kind: OrderType) -> Iterator[TypeFinding]:
    if not kind.stages or kind.stages[0].enters != "placed":
        yield find("first_stage", "/stages/0/enters")
    has = {p.stage for p in kind.payments}
    seen: set[str] = set()
    names: set[str] = set()
    for at, stage in enumerate(kind.stages):
        pointer = f"/stages/{at}"
        if not _CODE.fullmatch(stage.name) or stage.name in names:
            yield find("stage_name", f"{pointer}/name", value=stage.name[:64])
        names.add(stage.name)
        words = {"name": stage.words, "event": catalogue.ENTRIES[stage.enters]}
        needs = _BRINGS.get(stage.enters)
        is_dead = (needs and needs not in has) or (
            stage.enters == "group.formed" and not kind.group
        )
        if is_dead:
            yield find("stage_unreachable", f"{pointer}/enters", **words)
        elif at and (stage.enters in seen or not seen <= _ORDER[stage.enters]):
            yield find("stage_order", f"{pointer}/enters", **words)
        if stage.enters == "group.formed" and not seen & {"deposit.paid", "whole.paid"}:
            yield find("group_unpaid", f"{pointer}/enters")
        seen.add(stage.enters)
    for at, payment in enumerate(kind.payments):
        if f"{payment.stage}.paid" not in seen:
            what = catalogue.PAYMENTS[payment.stage]
            yield find("payment_unheard", f"/payments/{at}/stage", value=what)
    if kind.group and "group.formed" not in seen:
        yield find("group_unheard", "/group")


def _acts(kind: OrderType) -> Iterator[TypeFinding]:
    last_payment = f"{kind.payments[-1].stage}.paid" if kind.payments else ""
    formed = not kind.group
    paid = False
    for at, stage in enumerate(kind.stages):
        paid = paid or stage.enters == last_payment
        formed = formed or stage.enters == "group.formed"
        for no, act in enumerate(stage.open):
            pointer = f"/stages/{at}/open/{no}"
            known = catalogue.ACTS.get(act)
            if known is None:
                yield find("act_unknown", pointer, value=act[:64])
            elif known.paid and not paid:
                yield find("act_dead", pointer, value=known.words)
            elif act in catalogue.DISPATCH and not formed:
                yield find("dispatch_early", pointer, value=known.words)
        name = stage.words
        if decide.expected(kind, stage.name) and "pay" not in stage.open:
            yield find("pay_closed", f"/stages/{at}/open", name=name)
        if "cancel" not in stage.open:
            yield find("cancel_closed", f"/stages/{at}/open", name=name)
    last = kind.stages[-1].open if kind.stages else ()
    shut = [catalogue.ACTS[a].words for a in catalogue.DISPATCH if a not in last]
    if shut:
        words = TypeTexts(zh="、".join(w.zh for w in shut), en=", ".join(w.en for w in shut))
        yield find("dispatch_closed", f"/stages/{len(kind.stages) - 1}/open", value=words)


def _read(text: str, anchor_ms: int) -> int | None:
    try:
        return spans.at_ms(text, anchor_ms)
    except InputError:
        return None


def _windows(kind: OrderType, now_ms: int) -> Iterator[TypeFinding]:
    named = [("/scope/opens", kind.scope.opens), ("/scope/closes", kind.scope.closes)]
    named += [("/ship_by", kind.ship_by)]
    named += [("/group/closes", kind.group.closes)] if kind.group else []
    for at, p in enumerate(kind.payments):
        named += [(f"/payments/{at}/{n}", getattr(p, n)) for n in ("opens", "closes", "grace")]
    bad = {pointer for pointer, text in named if _read(text, now_ms) is None}
    for pointer, text in named:
        is_open = pointer.endswith("opens")
        if pointer in bad or (pointer.endswith("grace") and text and not spans.is_span(text)):
            yield find("instant_bad", pointer, value=text[:64])
        elif text and not is_open and (_read(text, now_ms) or 0) <= now_ms:
            yield find("window_past", pointer, value=text)
    for at, p in enumerate(kind.payments):
        opens_ms, pointer = _read(p.opens, now_ms) or now_ms, f"/payments/{at}/closes"
        if not p.closes:
            yield find("window_endless", pointer, value=catalogue.PAYMENTS[p.stage])
        elif pointer not in bad and (_read(p.closes, opens_ms) or 0) <= opens_ms:
            yield find("window_backwards", pointer)
    yield from _against_tail(kind, now_ms, bad)


def _against_tail(kind: OrderType, now_ms: int, bad: set[str]) -> Iterator[TypeFinding]:
    """Orders must not be placed, nor shipped by promise, when the tail is over by the calendar."""
    tail = decide.payment_of(kind, "tail")
    if tail is None or not tail.closes or spans.is_span(tail.closes):
        return
    closes_ms = _read(tail.closes, now_ms)
    if closes_ms is None:
        return
    placed_ms = _read(kind.scope.closes, now_ms)
    if not kind.scope.closes or (placed_ms is not None and placed_ms > closes_ms):
        yield find("campaign_late", "/scope/closes")
    if kind.ship_by and "/ship_by" not in bad and (_read(kind.ship_by, 0) or 0) < closes_ms:
        yield find("ship_by_early", "/ship_by")


def _stock(kind: OrderType, around: Around) -> Iterator[TypeFinding]:
    if not any(s.reserve for s in kind.stages):
        yield find("never_reserved", "/stages")
    for at, stage in enumerate(kind.stages):
        if stage.reserve and stage.warehouses and at == 0:
            yield find("where_at_once", "/stages/0/warehouses")
        for no, code in enumerate(stage.warehouses):
            if around.warehouses is not None and code not in around.warehouses:
                yield find("warehouse_unknown", f"/stages/{at}/warehouses/{no}", value=code[:64])


def _promises(kind: OrderType, around: Around) -> Iterator[TypeFinding]:
    for at, code in enumerate(kind.promises):
        if around.promises is not None and code not in around.promises:
            yield find("promise_unknown", f"/promises/{at}", value=code[:64])
    if not kind.promises and not kind.ship_by:
        yield find("promise_none", "/promises")
