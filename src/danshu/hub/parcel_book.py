"""The merchant's rules for parcels as the desk knows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.orders.parcel_rules import ParcelRules

Connection = psycopg.AsyncConnection[Any]
READ: Final = "select version, body from parcel_rules where tenant=%b"
_CARRIERS: Final = """
select l.wh, r.code, l.carrier from lanes l join regions r on r.tenant=l.tenant and r.no=l.region
where l.tenant=%b and l.carrier<>''
"""
decode_rules: Final = msgspec.json.Decoder(ParcelRules).decode


class Parcels(Struct, frozen=True, kw_only=True, eq=False):
    """A merchant's rules, and who goes a lane (warehouse, region) where a rule asks for it."""

    rules: ParcelRules
    version: int = 0
    carriers: Mapping[tuple[int, str], str] = {}


async def load(connection: Connection, tenant: int) -> Parcels | None:
    """Read the rules for the desk; None where the merchant has none."""
    row = await (await connection.execute(READ, (tenant,), binary=True)).fetchone()
    if row is None:
        return None
    rules = decode_rules(bytes(row[1]))
    carriers: dict[tuple[int, str], str] = {}
    if any(r.carriers for r in rules.split):
        cursor = await connection.execute(_CARRIERS, (tenant,), binary=True)
        carriers = {(wh, region): carrier for wh, region, carrier in await cursor.fetchall()}
    return Parcels(rules=rules, version=row[0], carriers=carriers)
