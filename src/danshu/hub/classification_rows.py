"""Rows of classification: what a look found, beside what was found before and what a person said.

A new field, or one that holds what it did not hold, drifts: it is marked until a steward answers,
and stands among the exceptions meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.capabilities.classification.drift import Drift, compare
from danshu.capabilities.classification.model import SURE, Held
from danshu.capabilities.classification.propagation import Carried, Edge, propagate
from danshu.capabilities.classification.rules import level_of, levels_of
from danshu.capabilities.sentinel.model import Found
from danshu.hub import findings
from danshu.hub.asset_lineage import lineage_of
from danshu.hub.classification import FINDING, PLAIN, WAITING
from danshu.ledger import write as texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from danshu.ports.asset import Asset

Connection = Any
_BEFORE: Final = """
select field, held::text, state, said_level, drift from classified_fields
where tenant=%s and place=%s for update
"""
_PUT: Final = """
insert into classified_fields as f(tenant,place,field,held,klass,level,confidence,declared,state,
  drift,drift_klass,drift_share,drift_before,drift_at,first_seen,seen)
values(%(tenant)s,%(place)s,%(field)s,%(held)s,%(klass)s,%(level)s,%(confidence)s,%(declared)s,
  %(state)s,%(drift)s,%(drift_klass)s,%(drift_share)s,%(drift_before)s,
  case when %(drift)s<>'' then %(now)s end,%(now)s,%(now)s)
on conflict (tenant,place,field) do update set held=excluded.held, klass=excluded.klass,
  level=excluded.level, confidence=excluded.confidence, declared=excluded.declared,
  state=excluded.state, seen=excluded.seen,
  drift=case when excluded.drift<>'' then excluded.drift else f.drift end,
  drift_klass=case when excluded.drift<>'' then excluded.drift_klass else f.drift_klass end,
  drift_share=case when excluded.drift<>'' then excluded.drift_share else f.drift_share end,
  drift_before=case when excluded.drift<>'' then excluded.drift_before else f.drift_before end,
  drift_at=coalesce(f.drift_at, excluded.drift_at)
"""
_DROP: Final = """
delete from classified_fields where tenant=%s and place=%s and not field=any(%s)
and state in ('waiting','plain')
"""
_LEVELS: Final = """
select place, field, greatest(case when said_level>0 then said_level else level end, declared),
  case when said_level>0 then said_klass else klass end, carried, came_from
from classified_fields where tenant=%s and (place like 'source:%%' or place like 'asset:%%')
"""
_CARRY: Final = """
update classified_fields set carried=%s, came_from=%s where tenant=%s and place=%s and field=%s
"""
_TABLES: Final = ("source:", "asset:")
_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(Held).decode


class Told(Struct, frozen=True, kw_only=True):
    """How many fields of a place wait for a steward, and how many drifted in this look."""

    waiting: int
    drifted: int


async def write(
    connection: Connection,
    tenant: int,
    place: str,
    found: Mapping[str, Held],
    declared: Mapping[str, int],
    now_ms: int,
    *,
    is_first: bool = False,
) -> Told:
    """Write what a look found at a place, in a commit of its own, with findings of what drifted.

    A place that is new has no drift, save within facts, where nothing personal should be; of the
    merchant's first look nothing has.
    """
    levels = levels_of({held.klass for held in found.values() if held.klass})
    waiting = 0
    opened: list[Found] = []
    async with connection.transaction():
        before = {
            field: (_decode(held), state, said, drift)
            for field, held, state, said, drift in await _all(connection, _BEFORE, (tenant, place))
        }
        is_known = bool(before) or (place.startswith("facts:") and not is_first)
        for field, held in found.items():
            was, state, said, marked = before.get(field, (None, "", 0, ""))
            level = levels.get(held.klass, 1)
            if state in ("", WAITING, PLAIN):
                is_sure = held.confidence >= SURE and level_of(held.klass) > 1
                state = WAITING if is_sure else PLAIN
            drift = compare(was, held) if is_known else Drift()
            if said and level_of(drift.klass) <= said and drift.kind != "new_class":
                drift = Drift()
            waiting += state == WAITING
            await connection.execute(
                _PUT,
                _given(
                    tenant, place, field, held, declared.get(field, 1), level, state, drift, now_ms
                ),
            )
            if drift.kind and not marked:
                opened.append(_finding(place, field, drift, now_ms))
        if place.startswith(_TABLES):
            await connection.execute(_DROP, (tenant, place, list(found)))
        await findings.record(connection, tenant, now_ms, opened)
    return Told(waiting=waiting, drifted=len(opened))


async def carry(connection: Connection, tenant: int, steps: Iterable[Edge]) -> int:
    """Carry levels along the lineage to the columns of assets; gives how many rows changed."""
    rows = await _all(connection, _LEVELS, (tenant,))
    known = {
        (place, field): Carried(level=level, classes=(klass,) if klass else ())
        for place, field, level, klass, _, _ in rows
    }
    after = propagate(known, steps)
    changed = 0
    async with connection.transaction():
        for place, field, level, _, carried, came_from in rows:
            told = after[place, field]
            is_raised = told.level > level
            now = (told.level, ".".join(told.came_from)) if is_raised else (1, "")
            if now != (carried, came_from):
                await connection.execute(_CARRY, (*now, tenant, place, field))
                changed += 1
    return changed


def edges(asset: Asset, people: int) -> list[Edge]:
    """Give what the columns of an asset are made from, by its expression. A measure is counted
    over `people` a cell at least, 0 where nothing proves it. To be called in a thread.
    """
    measures = {column.name for column in asset.columns if column.role == "measure"}
    return [
        Edge(
            source=(f"source:{source}", column),
            target=(f"asset:{asset.name}", name),
            people=people if name in measures else 0,
        )
        for name, made_of in lineage_of(asset).items()
        for source, column in made_of
    ]


def _given(
    tenant: int, place: str, field: str, held: Held, declared: int, level: int, state: str,
    drift: Drift, now_ms: int,
) -> dict[str, Any]:  # fmt: skip
    return {
        "tenant": tenant,
        "place": place,
        "field": field,
        "held": _encode(held).decode(),
        "klass": held.klass if held.confidence >= SURE else "",
        "level": level if held.confidence >= SURE else 1,
        "confidence": held.confidence,
        "declared": declared,
        "state": state,
        "drift": drift.kind,
        "drift_klass": drift.klass,
        "drift_share": drift.share,
        "drift_before": drift.before,
        "now": texts.instant(now_ms * 1000),
    }


def _finding(place: str, field: str, drift: Drift, now_ms: int) -> Found:
    return Found(
        klass=FINDING,
        subject=f"{place} {field}",
        cause=drift.kind,
        params={
            "place": place,
            "field": field,
            "class": drift.klass,
            "share": drift.share,
            "before": drift.before,
        },
        place=place,
        at_ms=now_ms,
    )


async def _all(connection: Connection, query: str, given: Iterable[Any]) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = await (await connection.execute(query, given)).fetchall()
    return rows
