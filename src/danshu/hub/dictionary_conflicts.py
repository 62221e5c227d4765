"""Conflicts of the data dictionary: what systems say of a field, side by side; a person's word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.capabilities.weave.authority import HERE, Claim, Value, digest
from danshu.hub import dictionary, merchants, sheet_check, sheet_targets
from danshu.hub.dictionary_facts import ConflictSettled
from danshu.hub.sheet_check import Outcome, Row
from danshu.hub.sheet_kinds import explain, words
from danshu.kernel.errors import InputError, Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.hub.sheet_targets import Key
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
Place = tuple[str, str, str]
"""Kind, key as spelt, field."""
_LIST: Final = """
select kind, key, field, state, kept, source, (extract(epoch from opened)*1000000)::int8
from field_conflicts where tenant=%s and state=%s
and (opened, kind, key, field) > (to_timestamp(%s/1000000.0), %s, %s, %s)
order by opened, kind, key, field limit %s
"""
_COUNT: Final = "select state, count(*) from field_conflicts where tenant=%s group by 1"
_CLAIMS: Final = """
select c.kind, c.key, c.field, c.source, c.value, (extract(epoch from c.said)*1000)::int8
from unnest(%s::text[],%s::text[],%s::text[]) w(kind,key,field)
join field_claims c on c.tenant=%s and c.kind=w.kind and c.key=w.key and c.field=w.field
order by c.source
"""
_LOCK: Final = """
select state, kept, source from field_conflicts
where tenant=%s and kind=%s and key=%s and field=%s for update
"""
_SETTLE: Final = """
update field_conflicts set state='settled', kept=%s, source=%s, seen=%s
where tenant=%s and kind=%s and key=%s and field=%s
"""


class Said(Struct, frozen=True, kw_only=True):
    """What a system says; `said_ms` is epoch ms."""

    source: str
    value: Value
    said_ms: int


class Conflict(Struct, frozen=True, kw_only=True):
    """A field of which systems say different things. `state`: open (a person decides), ruled (the
    field's rule did), settled (a person did). `kept` holds, `source` said it; `opened_us` is when
    they began to differ, epoch microseconds.
    """

    kind: str
    key: tuple[str, ...]
    field: str
    state: str
    kept: Value
    source: str
    said: tuple[Said, ...]
    opened_us: int


async def count(connection: Connection, tenant: int) -> dict[str, int]:
    """Count the conflicts by state."""
    rows = await (await connection.execute(_COUNT, (tenant,))).fetchall()
    return {"open": 0, "ruled": 0, "settled": 0, **dict(rows)}


async def list_(
    connection: Connection, tenant: int, state: str, after: tuple[int, str, str, str], limit: int
) -> list[Conflict]:
    """List conflicts of a state, the oldest first, behind (opened_us, kind, key, field)."""
    rows = await (await connection.execute(_LIST, (tenant, state, *after, limit))).fetchall()
    said = await _read_claims(connection, tenant, [(r[0], r[1], r[2]) for r in rows])
    return [
        Conflict(
            kind=kind,
            key=tuple(dictionary.decode(key)),
            field=field,
            state=is_,
            kept=dictionary.decode(kept),
            source=source,
            said=tuple(said.get((kind, key, field), ())),
            opened_us=opened_us,
        )
        for kind, key, field, is_, kept, source, opened_us in rows
    ]


async def _read_claims(
    connection: Connection, tenant: int, places: Sequence[Place]
) -> dict[Place, list[Said]]:
    ends = [[p[i] for p in places] for i in range(3)]
    found: dict[Place, list[Said]] = {}
    cursor = await connection.execute(_CLAIMS, (*ends, tenant))
    for kind, key, field, source, value, said_ms in await cursor.fetchall():
        said = Said(source=source, value=dictionary.decode(value), said_ms=said_ms)
        found.setdefault((kind, key, field), []).append(said)
    return found


async def settle(
    connection: Connection,
    tenant: int,
    place: tuple[str, Key, str],
    source: str,
    reason: str,
    actor: Actor,
) -> Refusal | Value:
    """Decide whose word holds, in the caller's transaction: a system's, or "hub": what stands now.
    It holds until a system says something else; gives the value.
    """
    kind, key, field = place
    dictionary.field_of(kind, field)
    spelt = dictionary.spell(key)
    where = (tenant, kind, spelt, field)
    if kind != "stock":
        await connection.execute("select 1 from tenants where id=%s for update", (tenant,))
    row = await (await connection.execute(_LOCK, where)).fetchone()
    if row is None:
        return Refusal(
            code="no_conflict", reason="各系统已一致", reason_en="nobody says otherwise any more"
        )
    said = (await _read_claims(connection, tenant, [(kind, spelt, field)])).get(
        (kind, spelt, field), []
    )
    chosen = next((s for s in said if s.source == source), None)
    if chosen is None and source != HERE:
        raise InputError("no_system", f"{source} says nothing of it", "/source")
    present = await sheet_targets.read_present(connection, tenant, kind, [key], lock=True)
    before = present.rows.get(key)
    if before is None:
        return Refusal(
            code="no_row", reason="这一行已不存在", reason_en="there is no such row any more"
        )
    value: Value = chosen.value if chosen is not None else before[field]
    changed = Row(line=0, key=key, given={**dict(zip(_key(kind), key, strict=True)), field: value})
    sheet_check.judge(words().kinds[kind], [changed], present)
    if changed.wrong is not None:
        why, name = changed.wrong, changed.wrong.field
        zh = explain(why.reason, name, why.value, why.detail)
        en = explain(why.reason, name, why.value, why.detail, "en")
        return Refusal(code=why.reason, reason=zh, reason_en=en)
    if changed.outcome is Outcome.CHANGED:
        no = await sheet_targets.write_rows(connection, tenant, kind, [changed.made], source, actor)
        if no is not None:
            return no
    kept = dictionary.encode(value)
    seen = digest([Claim(source=s.source, value=s.value) for s in said])
    await connection.execute(_SETTLE, (kept, source, seen, *where))
    fact = ConflictSettled(
        kind=kind, key=key, field=field, kept=str(value), source=source, reason=reason
    )
    await merchants.say(connection, tenant, actor, fact)
    return value


def _key(kind: str) -> tuple[str, ...]:
    return words().kinds[kind].key
