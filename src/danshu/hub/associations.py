"""Associations 关联规则 of a merchant: mined from the sources, kept until they are mined again."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec.structs import replace

from danshu.capabilities.associations import rules
from danshu.capabilities.associations.model import Kind, Level, Mined, Rule
from danshu.hub import asset_pieces, asset_store, assets
from danshu.hub.asset_files import of_tenant
from danshu.hub.association_counts import Counter
from danshu.kernel.errors import InputError
from danshu.kernel.limits import ASSOCIATION_RULES, ASSOCIATION_WINDOW_D
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from danshu.hub.compose import Hub

Connection = Any
_PUT: Final = """
insert into association_minings(tenant,code,body,mined) values (%s,%s,%s::jsonb,%s)
on conflict (tenant,code) do update set body=excluded.body, mined=excluded.mined
"""
_READ: Final = "select body::text from association_minings where tenant=%s and code=%s"
_ALL: Final = """
select body::text from association_minings where tenant=%s order by mined desc limit 20
"""
_NAMES: Final = "select code, name from skus where tenant=%s and code = any(%s)"
_decode = msgspec.json.Decoder(Mined).decode


def name_question(kind: Kind, level: Level, window_d: int) -> str:
    """Name what is mined; a basket looks at no window."""
    return f"{kind}-{level}-{0 if kind == 'basket' else window_d}"


async def mine(
    hub: Hub, tenant: int, kind: Kind, level: Level, window_d: int, follow_d: int
) -> Mined:
    """Mine anew from the log as it is now, and keep what was found.

    `follow_d`: buyers whose first order is younger are left out. Raises InputError `bad_window`.
    """
    if not 1 <= window_d <= ASSOCIATION_WINDOW_D or not 0 <= follow_d <= window_d:
        raise InputError("bad_window", f"1 to {ASSOCIATION_WINDOW_D} days", "/window_d")
    folder = of_tenant(assets.place(), tenant)
    async with hub.connection() as connection:
        await asset_pieces.follow(connection, tenant, folder)
    now_ms = hub.clock()
    found = await asyncio.to_thread(
        _mine, assets.place(), tenant, kind, level, window_d, follow_d, now_ms
    )
    async with hub.connection() as connection:
        codes = [code for r in found.rules for code in (r.first, r.then)]
        names = await read_names(connection, tenant, codes) if level == "sku" else {}
        named = tuple(
            [
                replace(r, first_name=names.get(r.first, ""), then_name=names.get(r.then, ""))
                for r in found.rules
            ]
        )
        found = replace(found, rules=named)
        body = msgspec.json.encode(found).decode()
        code = name_question(kind, level, window_d)
        await connection.execute(_PUT, (tenant, code, body, write.instant(now_ms * 1000)))
    return found


def _mine(
    folder: Path,
    tenant: int,
    kind: Kind,
    level: Level,
    window_d: int,
    follow_d: int,
    now_ms: int,
) -> Mined:
    began_s = time.perf_counter()
    with asset_store.open_store(folder, tenant) as store:
        counter = Counter(store, level, is_sequence=kind == "sequence")
        pairs = counter.count(window_d, follow_d, now_ms)
        found = rules.find(pairs)
        kept = found[:ASSOCIATION_RULES]
        if kind == "sequence":
            kept = [replace(r, days=counter.days(r, window_d)) for r in kept]
    return Mined(
        kind=kind,
        level=level,
        window_d=window_d if kind == "sequence" else 0,
        follow_d=follow_d if kind == "sequence" else 0,
        units=pairs.units,
        items=len(counter.items),
        tested=pairs.tested,
        found=len(found),
        mined_ms=now_ms,
        took_ms=round((time.perf_counter() - began_s) * 1000),
        rules=tuple(kept),
    )


async def read_names(connection: Connection, tenant: int, codes: Iterable[str]) -> dict[str, str]:
    """Give what goods are called, by code."""
    told = (tenant, sorted(set(codes)))
    rows = await (await connection.execute(_NAMES, told)).fetchall()
    return dict(rows)


async def read(
    connection: Connection, tenant: int, kind: Kind, level: Level, window_d: int
) -> Mined | None:
    """Read what was last mined for a question; None before the first time."""
    told = (tenant, name_question(kind, level, window_d))
    row = await (await connection.execute(_READ, told)).fetchone()
    return None if row is None else _decode(row[0])


async def list_mined(connection: Connection, tenant: int) -> list[Mined]:
    """List the questions that were mined, the newest first, without their rules."""
    rows = await (await connection.execute(_ALL, (tenant,))).fetchall()
    return [replace(_decode(body), rules=()) for (body,) in rows]


async def find_rule(
    connection: Connection, tenant: int, level: Level, window_d: int, first: str, then: str
) -> Rule | None:
    """Find a rule of what was last mined: of sequences, else of baskets."""
    for kind in ("sequence", "basket"):
        mined = await read(connection, tenant, kind, level, window_d)
        for rule in mined.rules if mined else ():
            if (rule.first, rule.then) == (first, then):
                return rule
    return None
