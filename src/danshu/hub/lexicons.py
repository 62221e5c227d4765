"""The lexicon of each merchant, built when its master data moved on, shared by all who read words.

Building takes a second for each 10,000 SKUs or so: it runs in a thread, once for all who wait.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from msgspec import Struct

from danshu.capabilities.intake import lexicon
from danshu.capabilities.intake.implied import ImpliedRule
from danshu.capabilities.intake.language import understand
from danshu.capabilities.intake.lexicon import Alias, Called, Goods, Lexicon, Option
from danshu.hub import implied_rules, intent_graph, names
from danshu.kernel.limits import LEXICONS

if TYPE_CHECKING:
    from danshu.hub.compose import Hub

Connection = Any
# What a lexicon was built of: revision of the master data, digest of the graph, devices.
_Stamp = tuple[int, str, str]
_REVISION: Final = "select revision from tenants where id=%s"
_DEVICES_STAMP: Final = """
select coalesce(md5(string_agg(code || chr(10) || name, chr(10) order by code)), '')
from devices where tenant=%s and active
"""
_SKUS: Final = "select code,name,storage from skus where tenant=%s order by code"
_DEVICES: Final = "select code,name from devices where tenant=%s and active order by code"


class _Kept(Struct, frozen=True):
    stamp: _Stamp
    words: Lexicon


class _Rows(Struct, frozen=True):
    skus: list[tuple[str, str, int]]
    devices: list[tuple[str, str]]
    names: names.Names
    rules: tuple[ImpliedRule, ...]
    symptoms: tuple[tuple[str, tuple[str, ...]], ...]


class _Shelf:
    """The lexicons of one process, at most LEXICONS of them."""

    def __init__(self) -> None:
        self.kept: OrderedDict[int, _Kept] = OrderedDict()
        self.locks: dict[int, asyncio.Lock] = {}


_SHELVES: WeakKeyDictionary[Hub, _Shelf] = WeakKeyDictionary()


async def load(hub: Hub, tenant: int, lent: Any = None) -> Lexicon:
    """Give a merchant's lexicon as its master data stands. Raises NotAvailable without database.

    Who holds a connection lends it: to wait for a second one, all holding a first, is for ever.
    """
    shelf = _SHELVES.setdefault(hub, _Shelf())
    async with shelf.locks.setdefault(tenant, asyncio.Lock()):
        async with contextlib.AsyncExitStack() as stack:
            connection = lent or await stack.enter_async_context(hub.connection())
            graph = await intent_graph.load(connection, tenant)
            stamp = await _stamp(connection, tenant, graph.digest)
            kept = shelf.kept.get(tenant)
            if kept is not None and kept.stamp == stamp:
                shelf.kept.move_to_end(tenant)
                return kept.words
            rows = await _read(connection, tenant, graph.graph)
        words = await asyncio.to_thread(_build, rows, stamp[0])
        shelf.kept[tenant] = _Kept(stamp, words)
        shelf.kept.move_to_end(tenant)
        while len(shelf.kept) > LEXICONS:
            gone, _ = shelf.kept.popitem(last=False)
            shelf.locks.pop(gone, None)
        return words


async def _stamp(connection: Connection, tenant: int, graph: str) -> _Stamp:
    row = await (await connection.execute(_REVISION, (tenant,))).fetchone()
    devices = await (await connection.execute(_DEVICES_STAMP, (tenant,))).fetchone()
    return (row[0] if row else 0, graph, devices[0])


async def _read(connection: Connection, tenant: int, graph: Any) -> _Rows:
    skus = await (await connection.execute(_SKUS, (tenant,))).fetchall()
    devices = await (await connection.execute(_DEVICES, (tenant,))).fetchall()
    return _Rows(
        skus=skus,
        devices=devices,
        names=await names.load(connection, tenant),
        rules=await implied_rules.read(connection, tenant),
        symptoms=tuple(
            [(s.code, tuple([w for w in (s.title, *s.spellings) if w])) for s in graph.symptoms]
        ),
    )


def _build(rows: _Rows, revision: int) -> Lexicon:
    understand("十二", lexicon.build(), 0)  # loads what the first sentence would wait for
    units: dict[str, dict[str, int]] = {}
    for unit in rows.names.sku_units:
        units.setdefault(unit.sku, {})[unit.unit] = unit.units
    called = [Called(kind=e.kind, code=e.code, name=e.name) for e in rows.names.directory]
    called += [Called(kind="device", code=code, name=name) for code, name in rows.devices]
    called += [
        Called(kind="symptom", code=code, name=said[0]) for code, said in rows.symptoms if said
    ]
    aliases = [
        Alias(kind=a.kind, alias=a.alias, code=a.code, scope=a.scope) for a in rows.names.aliases
    ]
    aliases += [
        Alias(kind="symptom", alias=word, code=code)
        for code, said in rows.symptoms
        for word in said[1:]
    ]
    return lexicon.build(
        [Goods(code=c, name=n, storage=s, units=units.get(c, {})) for c, n, s in rows.skus],
        [
            Option(code=o.code, name=o.name, sku=o.sku, storage=o.storage, allergens=o.allergens)
            for o in rows.names.options
        ],
        called,
        aliases,
        rules=rows.rules,
        revision=revision,
    )
