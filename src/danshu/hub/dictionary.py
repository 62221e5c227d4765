"""The data dictionary 数据字典: what becomes of what other systems say of master data.

A claim is compared with the other systems' in the commit that writes the row; whoever is not
believed stands in a conflict beside whoever is. A field without an entry takes what it is given, as
before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.weave.authority import HERE, Claim, Rule, Verdict, judge
from danshu.hub import authorities, merchants, sheet_check, sheet_targets
from danshu.hub.dictionary_facts import AuthoritySet
from danshu.hub.sheet_cells import Wrong
from danshu.hub.sheet_check import Outcome, Row
from danshu.hub.sheet_kinds import words
from danshu.kernel.errors import InputError
from danshu.kernel.limits import DICTIONARY_SOURCES, SHEET_VALUE_CHARS
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from danshu.hub.authorities import Entry
    from danshu.hub.sheet_kinds import Field, Kind
    from danshu.hub.sheet_targets import Key, Present
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
KINDS: Final = ("skus", "warehouses", "regions", "lanes", "stock")
"""What the dictionary speaks of: master data that other systems hold too."""
_ORDERED: Final = frozenset({Rule.LARGER, Rule.SMALLER})
_SOURCES: Final = "select source,title from dictionary_sources where tenant=%s order by source"
_NAME: Final = """
insert into dictionary_sources(tenant,source,title) values(%s,%s,%s)
on conflict (tenant,source) do update set title=excluded.title
"""
_SET: Final = """
insert into field_authorities(tenant,kind,field,source,rule) values(%s,%s,%s,%s,%s)
on conflict (tenant,kind,field) do update set source=excluded.source, rule=excluded.rule
"""
_UNSET: Final = "delete from field_authorities where tenant=%s and kind=%s and field=%s"
_FORGET: Final = """
with c as (delete from field_claims where tenant=%s and kind=%s and field=%s)
delete from field_conflicts where tenant=%s and kind=%s and field=%s
"""
_HEAR: Final = """
insert into field_claims as c (tenant,kind,key,field,source,value,said)
select %s, %s, k, f, %s, v, now() from unnest(%s::text[],%s::text[],%s::text[]) w(k,f,v)
on conflict (tenant,kind,key,field,source) do update set value=excluded.value, said=excluded.said
where c.value <> excluded.value
"""
_HEARD: Final = """
select key, field, source, value, (extract(epoch from said)*1000)::int8 from field_claims
where tenant=%s and kind=%s and key = any(%s)
"""
_DIFFER: Final = """
insert into field_conflicts as c (tenant,kind,key,field,state,kept,source,seen)
select %s, %s, w.* from unnest(%s::text[],%s::text[],%s::text[],%s::text[],%s::text[],%s::bytea[])
w(key,field,state,kept,source,seen)
on conflict (tenant,kind,key,field) do update set state=excluded.state, kept=excluded.kept,
source=excluded.source, seen=excluded.seen, opened=now() where c.seen <> excluded.seen
"""
_AGREE: Final = """
delete from field_conflicts c using unnest(%s::text[],%s::text[]) w(key,field)
where c.tenant=%s and c.kind=%s and c.key=w.key and c.field=w.field
"""
_SETTLED: Final = """
select key, field, kept, source, seen from field_conflicts
where tenant=%s and kind=%s and key = any(%s) and state='settled'
"""


class Heard(Struct, frozen=True, kw_only=True):
    """What became of rows that a system told of: written, the same, or not taken; and how many
    fields keep another system's word. `rejected` names row, field and reason.
    """

    written: int
    same: int
    kept: int
    open: int
    rejected: tuple[tuple[int, str, str], ...]


async def read_sources(connection: Connection, tenant: int) -> dict[str, str]:
    """Read the systems that may say something, with what they are called."""
    rows = await (await connection.execute(_SOURCES, (tenant,))).fetchall()
    return {HERE: "", **dict(rows)}


async def name_source(connection: Connection, tenant: int, source: str, title: str) -> None:
    """Name a system, or name it otherwise. Raises InputError `too_many`."""
    known = await read_sources(connection, tenant)
    if source not in known and len(known) > DICTIONARY_SOURCES:
        raise InputError("too_many", f"at most {DICTIONARY_SOURCES} systems", "/source")
    if source != HERE:
        await connection.execute(_NAME, (tenant, source, title))


def field_of(kind: str, name: str) -> tuple[Kind, Field]:
    """Give a field that may have an authority. Raises InputError `no_field`."""
    found = words().kinds.get(kind) if kind in KINDS else None
    field = next((f for f in found.fields if f.name == name), None) if found else None
    if found is None or field is None or name in found.key:
        raise InputError("no_field", f"{kind} has no field {name} of its own", "/field")
    return found, field


async def set_entry(
    connection: Connection, tenant: int, entry: Entry | None, place: tuple[str, str], actor: Actor
) -> None:
    """Set whose word holds for the field at `place` (kind, field), or nobody's; in the caller's
    transaction. What was said of it before is forgotten. Raises InputError.
    """
    kind, name = place
    field = field_of(kind, name)[1]
    if entry is None:
        await connection.execute(_UNSET, (tenant, *place))
    else:
        if entry.source not in await read_sources(connection, tenant):
            raise InputError("no_system", f"no system is called {entry.source}", "/source")
        if entry.rule in _ORDERED and field.type not in ("integer", "amount", "clock"):
            raise InputError("unordered", f"values of {name} have no larger and smaller", "/rule")
        await connection.execute(_SET, (tenant, kind, name, entry.source, str(entry.rule)))
    await connection.execute(_FORGET, (tenant, *place, tenant, *place))
    said = AuthoritySet(
        kind=kind,
        field=name,
        source=entry.source if entry else "",
        rule=str(entry.rule) if entry else "",
    )
    await merchants.say(connection, tenant, actor, said)


async def hear(
    connection: Connection,
    tenant: int,
    kind: str,
    source: str,
    given: Sequence[Mapping[str, Any]],
    actor: Actor,
) -> Heard:
    """Take what a system says of rows, in the caller's transaction: each names its key and any of
    its fields. Raises InputError `no_system`, `no_field`, `twice`.
    """
    if source not in await read_sources(connection, tenant):
        raise InputError("no_system", f"no system is called {source}", "/source")
    rows = _read_rows(kind, given)
    if kind != "stock":
        await connection.execute("select 1 from tenants where id=%s for update", (tenant,))
    keys = [row.key for row in rows]
    present = await sheet_targets.read_present(connection, tenant, kind, keys, lock=True)
    entries = await authorities.read_entries(connection, tenant, kind)
    verdicts = await _weigh(connection, (tenant, kind, source), rows, entries, present)
    sheet_check.judge(words().kinds[kind], rows, present)
    made = [row.made for row in rows if row.outcome in (Outcome.NEW, Outcome.CHANGED)]
    if made:
        no = await sheet_targets.write_rows(connection, tenant, kind, made, source, actor)
        if no is not None:
            raise InputError(no.code, no.reason)
    taken = {spell(row.key) for row in rows if row.wrong is None}
    await _note(connection, tenant, kind, {k: v for k, v in verdicts.items() if k[0] in taken})
    wrongs = [(row.line, row.wrong.field, row.wrong.reason) for row in rows if row.wrong]
    return Heard(
        written=len(made),
        same=sum(row.outcome is Outcome.SAME for row in rows),
        kept=sum(v.source != source and not v.agrees for v in verdicts.values()),
        open=sum(v.is_open for v in verdicts.values()),
        rejected=tuple(wrongs),
    )


def _read_rows(kind: str, given: Sequence[Mapping[str, Any]]) -> list[Row]:
    if kind not in KINDS:
        raise InputError("no_kind", f"there is no kind {kind}")
    found = words().kinds[kind]
    known = {f.name: f.type for f in msgspec.structs.fields(found.row)}
    rows: dict[Key, Row] = {}
    for i, values in enumerate(given):
        strange = next((name for name in values if name not in known), None)
        missing = next((name for name in found.key if not isinstance(values.get(name), str)), None)
        if strange is not None or missing is not None:
            told = f"{kind} has no field {strange}" if strange else f"{missing} is missing"
            raise InputError("no_field", told, f"/rows/{i}/{strange or missing}")
        key = sheet_targets.key_of(kind, dict(values))
        if key in rows:
            raise InputError("twice", f"{' '.join(key)} is named twice", f"/rows/{i}")
        rows[key] = Row(line=i, key=key, given=dict(values))
        rows[key].wrong = _find_wrong(values, known)
    return list(rows.values())


def _find_wrong(values: Mapping[str, Any], types: Mapping[str, Any]) -> Wrong | None:
    """Find a value that the field can't have: it is compared with nobody's."""
    for name, value in values.items():
        try:
            msgspec.convert(value, types[name])
        except msgspec.ValidationError:
            return Wrong(field=name, reason="form", value=str(value)[:SHEET_VALUE_CHARS])
    return None


async def _weigh(
    connection: Connection,
    of: tuple[int, str, str],
    rows: Sequence[Row],
    entries: Mapping[str, Entry],
    present: Present,
) -> dict[tuple[str, str], Verdict]:
    """Note what the system says of fields that have an entry, and put into the rows what holds."""
    tenant, kind, source = of
    told = [
        (spell(row.key), name, encode(row.given[name]))
        for row in rows
        for name in row.given
        if name in entries and row.wrong is None
    ]
    if not told:
        return {}
    columns = [write.texts([t[i] for t in told]) for i in range(3)]
    await connection.execute(_HEAR, (tenant, kind, source, *columns))
    keys = sorted({t[0] for t in told})
    cursor = await connection.execute(_HEARD, (tenant, kind, keys))
    heard: dict[tuple[str, str], list[Claim]] = {}
    for key, field, who, value, said_ms in await cursor.fetchall():
        claim = Claim(source=who, value=decode(value), said_ms=said_ms)
        heard.setdefault((key, field), []).append(claim)
    cursor = await connection.execute(_SETTLED, (tenant, kind, keys))
    settled = {(k, f): (kept, who, seen) for k, f, kept, who, seen in await cursor.fetchall()}
    verdicts: dict[tuple[str, str], Verdict] = {}
    for row in [r for r in rows if r.wrong is None]:
        before = present.rows.get(row.key)
        for name in [n for n in row.given if n in entries]:
            place = spell(row.key), name
            stands = before[name] if before is not None else None
            entry = entries[name]
            verdict = judge(entry.rule, entry.source, heard[place], stands)
            known = settled.get(place)
            if known is not None and bytes(known[2]) == verdict.seen:
                verdict = msgspec.structs.replace(
                    verdict, value=decode(known[0]), source=known[1], is_open=False
                )
            verdicts[place] = verdict
            row.given[name] = verdict.value
    return verdicts


async def _note(
    connection: Connection,
    tenant: int,
    kind: str,
    verdicts: Mapping[tuple[str, str], Verdict],
) -> None:
    agreed = [place for place, v in verdicts.items() if v.agrees]
    differ = [(*place, v) for place, v in verdicts.items() if not v.agrees]
    if agreed:
        columns = [write.texts(c) for c in _turn(agreed)]
        await connection.execute(_AGREE, (*columns, tenant, kind))
    if differ:
        await connection.execute(
            _DIFFER,
            (
                tenant,
                kind,
                write.texts([d[0] for d in differ]),
                write.texts([d[1] for d in differ]),
                write.texts(["open" if d[2].is_open else "ruled" for d in differ]),
                write.texts([encode(d[2].value) for d in differ]),
                write.texts([d[2].source for d in differ]),
                write.byteas([d[2].seen for d in differ]),
            ),
        )


def _turn(pairs: Iterable[tuple[str, str]]) -> tuple[list[str], list[str]]:
    rows = list(pairs)
    return [a for a, _ in rows], [b for _, b in rows]


def spell(key: Key) -> str:
    """Spell the key of a row as it is stored: a JSON array, since codes may hold any sign."""
    return msgspec.json.encode(key).decode()


def encode(value: Any) -> str:
    """Spell a value as it is stored."""
    return msgspec.json.encode(value).decode()


def decode(text: str) -> Any:
    """Read a value as it is stored."""
    return msgspec.json.decode(text)
