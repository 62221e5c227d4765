"""How a merchant sets up after-sales: limits of amounts, and what its carriers pay."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.hub import merchants
from danshu.hub.after_sales_facts import AfterSalesConfigured, CarrierTermsSet
from danshu.kernel.errors import InputError
from danshu.kernel.limits import (
    AFTER_SALE_AUTO_FEN,
    AFTER_SALE_SECOND_FEN,
    AMOUNT_MINOR,
    CARRIER_TERMS,
)

if TYPE_CHECKING:
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
_READ: Final = "select auto_fen, second_fen from after_sale_settings where tenant=%s"
_SET: Final = """
insert into after_sale_settings(tenant,auto_fen,second_fen) values (%s,%s,%s)
on conflict (tenant) do update set auto_fen=excluded.auto_fen, second_fen=excluded.second_fen
"""
_TERMS: Final = """
select carrier, begins, multiple, cap_fen, days, source from carrier_terms where tenant=%s
order by carrier, begins
"""
_SET_TERMS: Final = """
insert into carrier_terms(tenant,carrier,begins,multiple,cap_fen,days,source)
values (%s,%s,%s,%s,%s,%s,%s)
on conflict (tenant,carrier,begins) do update set multiple=excluded.multiple,
cap_fen=excluded.cap_fen, days=excluded.days, source=excluded.source
"""


class Settings(Struct, frozen=True, kw_only=True):
    """Up to which amount what is owed is paid without a person (0 = never), and above which two
    persons are asked; minor units.
    """

    auto_fen: int = 0
    second_fen: int = AFTER_SALE_SECOND_FEN


class CarrierTerms(Struct, frozen=True, kw_only=True):
    """What a carrier pays from a day on: `multiple` times the freight, at most `cap_fen` (0 = no
    cap), to be claimed within `days`; `source` names the contract.
    """

    carrier: str
    begins: str
    multiple: int
    cap_fen: int
    days: int
    source: str


async def read(connection: Connection, tenant: int) -> Settings:
    """Read the limits."""
    row = await (await connection.execute(_READ, (tenant,))).fetchone()
    return Settings(auto_fen=row[0], second_fen=row[1]) if row else Settings()


async def configure(connection: Connection, tenant: int, actor: Actor, wanted: Settings) -> None:
    """Set the limits. Raises InputError `bad_field`."""
    if not 0 <= wanted.auto_fen <= AFTER_SALE_AUTO_FEN:
        raise InputError("bad_field", f"0 to {AFTER_SALE_AUTO_FEN} fen", "/auto_fen")
    if not 0 <= wanted.second_fen <= AMOUNT_MINOR:
        raise InputError("bad_field", f"0 to {AMOUNT_MINOR} fen", "/second_fen")
    async with connection.transaction():
        await connection.execute(_SET, (tenant, wanted.auto_fen, wanted.second_fen))
        said = AfterSalesConfigured(auto_fen=wanted.auto_fen, second_fen=wanted.second_fen)
        await merchants.say(connection, tenant, actor, said)


async def read_terms(connection: Connection, tenant: int) -> list[CarrierTerms]:
    """Read what carriers pay, by carrier and day."""
    rows = await (await connection.execute(_TERMS, (tenant,))).fetchall()
    return [
        CarrierTerms(
            carrier=carrier,
            begins=begins.isoformat(),
            multiple=multiple,
            cap_fen=cap,
            days=days,
            source=source,
        )
        for carrier, begins, multiple, cap, days, source in rows
    ]


async def set_terms(
    connection: Connection, tenant: int, actor: Actor, wanted: CarrierTerms
) -> None:
    """Set what a carrier pays from a day on. Raises InputError `bad_field`, `too_many`."""
    try:
        begins = datetime.date.fromisoformat(wanted.begins)
    except ValueError as error:
        raise InputError("bad_field", "a day is YYYY-MM-DD", "/begins") from error
    async with connection.transaction():
        if len(await read_terms(connection, tenant)) >= CARRIER_TERMS:
            raise InputError("too_many", f"at most {CARRIER_TERMS} rows")
        w = wanted
        given = (tenant, w.carrier, begins, w.multiple, w.cap_fen, w.days, w.source)
        await connection.execute(_SET_TERMS, given)
        said = CarrierTermsSet(
            begins=w.begins,
            cap_fen=w.cap_fen,
            carrier=w.carrier,
            days=w.days,
            multiple=w.multiple,
            source=w.source,
        )
        await merchants.say(connection, tenant, actor, said)
