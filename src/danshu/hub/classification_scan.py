"""The look of classification: samples of what a merchant keeps, in memory, never stored in clear.

Looked at are the columns of every source and asset, raw messages and the vault's persons path by
path, messages in the inbox, and texts within facts, where nothing personal should be.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct

from danshu.capabilities.assets.model import PROVENANCE
from danshu.capabilities.assets.sources import SOURCES
from danshu.capabilities.classification import nested
from danshu.capabilities.classification.columns import look
from danshu.capabilities.classification.model import SURE
from danshu.capabilities.classification.rules import level_of
from danshu.hub import asset_store, assets, classification_rows
from danshu.kernel import fact
from danshu.kernel.errors import InputError
from danshu.kernel.limits import (
    CLASSIFY_FACTS,
    CLASSIFY_FIELD_CHARS,
    CLASSIFY_MB,
    CLASSIFY_MESSAGE_BYTES,
    CLASSIFY_MESSAGES,
    CLASSIFY_PATH_VALUES,
    CLASSIFY_PATHS,
    CLASSIFY_VALUES,
    RAW_FIELDS,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from danshu.capabilities.classification.model import Held
    from danshu.capabilities.classification.propagation import Edge
    from danshu.ports.asset import Asset

Connection = Any
Fields = dict[str, "Held"]
_VAULT: Final = """
select coalesce(o.channel,''), v.raw, v.person from vault v
left join orders o on o.tenant=v.tenant and o.id=v.id
where v.tenant=%s and v.erased is null order by v.id desc limit %s
"""
_INBOX: Final = """
select channel, body from inbox where tenant=%s and body<>'' order by id desc limit %s
"""
_FACTS: Final = "select body from facts where tenant=%s order by stream desc, v desc limit %s"
_ANY: Final = "select 1 from classified_fields where tenant=%s limit 1"
_BEGIN: Final = """
insert into classification_work(tenant,doing,done,total) values(%s,%s,%s,%s)
on conflict (tenant) do update set doing=excluded.doing, done=excluded.done, total=excluded.total
"""
_END: Final = "update classification_work set doing='', ended=now() where tenant=%s"
_read_fact: Final = msgspec.json.Decoder().decode


class Looked(Struct, frozen=True, kw_only=True):
    """What a look came to: places, fields, those that wait for a steward, those that drifted."""

    places: int
    fields: int
    waiting: int
    drifted: int


async def scan(connection: Connection, tenant: int, folder: Path, now_ms: int) -> Looked:
    """Look at everything of a merchant; each place is one commit, with its drift as findings."""
    known = assets.known()
    tables = [f"source:{name}" for name in SOURCES] + [f"asset:{name}" for name in known]
    total = len(tables) + 3
    places = fields = 0
    told: list[classification_rows.Told] = []
    steps: list[Edge] = []
    is_first = not await _all(connection, _ANY, (tenant,))

    async def keep(place: str, found: Fields, declared: dict[str, int]) -> None:
        nonlocal places, fields
        places, fields = places + 1, fields + len(found)
        told.append(
            await classification_rows.write(
                connection, tenant, place, found, declared, now_ms, is_first=is_first
            )
        )

    store = await asyncio.to_thread(asset_store.open_store, folder, tenant, 0, CLASSIFY_MB)
    try:
        for done, place in enumerate(tables):
            await connection.execute(_BEGIN, (tenant, place, done, total))
            kind, _, name = place.partition(":")
            if kind == "source":
                found = await asyncio.to_thread(look_at_source, store, name)
                await keep(place, found, {})
            else:
                asset = known[name]
                found, made_of = await asyncio.to_thread(look_at_asset, store, asset)
                steps += made_of
                await keep(place, found, {c.name: c.level for c in asset.columns})
    finally:
        await asyncio.to_thread(store.close)
    for step, (doing, read) in enumerate(_READERS):
        await connection.execute(_BEGIN, (tenant, doing, len(tables) + step, total))
        for place, found in (await read(connection, tenant)).items():
            await keep(place, found, {})
    await classification_rows.carry(connection, tenant, steps)
    await connection.execute(_END, (tenant,))
    return Looked(
        places=places,
        fields=fields,
        waiting=sum(each.waiting for each in told),
        drifted=sum(each.drifted for each in told),
    )


def look_at_source(store: asset_store.Store, name: str) -> Fields:
    """Look at the newest rows of a source; where they come from says nothing about people."""
    import ibis

    table = store.source(name)
    columns = [c for c in table.columns if c not in PROVENANCE or c == "who"]
    newest = (
        table.order_by(ibis.desc("recorded"), ibis.desc("fact"))
        if "fact" in table.columns
        else table
    )
    read = store.read(newest.select(columns), CLASSIFY_VALUES)
    return {column: look(column, read.column(column).to_pylist()) for column in columns}


def look_at_asset(store: asset_store.Store, asset: Asset) -> tuple[Fields, list[Edge]]:
    """Look at cells of an asset as it was built, and tell what its columns are made from; not
    built, they speak by their names.
    """
    names = [c.name for c in asset.columns]
    counted = [c.name for c in asset.columns if c.unit == "customers"]
    people = 0
    found = {name: look(name, ()) for name in names}
    with contextlib.suppress(InputError):
        built = store.built(asset.name)
        read = store.read(built, CLASSIFY_VALUES)
        found = {n: look(n, read.column(n).to_pylist()) for n in names if n in read.column_names}
        if counted and read.num_rows:
            least = store.read(built.aggregate(least=built[counted[0]].min()))
            people = int(least.column("least")[0].as_py() or 0)
    return found, classification_rows.edges(asset, people)


async def look_at_vault(connection: Connection, tenant: int) -> dict[str, Fields]:
    """Look at raw messages by channel, and at the persons of the vault."""
    rows = await _all(connection, _VAULT, (tenant, CLASSIFY_MESSAGES))
    documents: dict[str, list[Any]] = {}
    for channel, raw, person in rows:
        if raw:
            documents.setdefault(f"messages:{channel or 'requests'}", []).append(_parse(raw))
        if person:
            documents.setdefault("persons", []).append(_parse(person))
    return await asyncio.to_thread(_look_at_all, documents)


async def look_at_inbox(connection: Connection, tenant: int) -> dict[str, Fields]:
    """Look at messages that wait in the inbox, by channel."""
    documents: dict[str, list[Any]] = {}
    for channel, body in await _all(connection, _INBOX, (tenant, CLASSIFY_MESSAGES)):
        documents.setdefault(f"inbox:{channel}", []).append(_parse(body))
    return await asyncio.to_thread(_look_at_all, documents)


async def look_at_facts(connection: Connection, tenant: int) -> dict[str, Fields]:
    """Look at what the newest facts say; only fields are given that hold something personal."""
    rows = await _all(connection, _FACTS, (tenant, CLASSIFY_FACTS))

    def read() -> dict[str, Fields]:
        documents: dict[str, list[Any]] = {}
        for (packed,) in rows:
            for body in fact.unpack(bytes(packed)):
                told = _read_fact(body)
                documents.setdefault(f"facts:{told['type']}", []).append(told["data"])
        kept = {}
        for place, found in _look_at_all(documents).items():
            personal = {name: held for name, held in found.items() if is_personal(held)}
            if personal:
                kept[place] = personal
        return kept

    return await asyncio.to_thread(read)


def is_personal(held: Held) -> bool:
    """Tell whether a value, not only a name, says that a field holds a class above level 1."""
    seen = {each.klass for each in held.counts}
    return held.klass in seen and held.confidence >= SURE and level_of(held.klass) > 1


_READERS: Final[tuple[tuple[str, Callable[[Connection, int], Any]], ...]] = (
    ("messages", look_at_vault),
    ("inbox", look_at_inbox),
    ("facts", look_at_facts),
)


def _look_at_all(documents: dict[str, list[Any]]) -> dict[str, Fields]:
    return {
        place: _fitting(nested.look_at(each, CLASSIFY_PATHS, CLASSIFY_PATH_VALUES))
        for place, each in sorted(documents.items())
    }


def _fitting(found: Fields) -> Fields:
    return {
        name: held for name, held in found.items() if 0 < len(name) <= CLASSIFY_FIELD_CHARS
        and "\0" not in name
    }  # fmt: skip


def _parse(raw: bytes) -> Any:
    """Read a message as JSON or a form; any other is one text."""
    text = bytes(raw[:CLASSIFY_MESSAGE_BYTES]).decode("utf-8", "replace")
    with contextlib.suppress(ValueError, RecursionError):
        return json.loads(text)
    if "=" in text and "\n" not in text.strip():
        with contextlib.suppress(ValueError):
            return dict(parse_qsl(text, max_num_fields=RAW_FIELDS))
    return {"text": text}


async def _all(connection: Connection, query: str, given: Iterable[Any]) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = await (await connection.execute(query, given)).fetchall()
    return rows
