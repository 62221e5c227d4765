"""How a merchant sets up after-sales: limits of amounts, and what its carriers pay."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.after_sales import windows
from danshu.hub import merchants
from danshu.hub.after_sales_facts import (
    AfterSalesConfigured,
    CarrierTermsSet,
    ExemptGoods,
    ReasonDays,
)
from danshu.kernel.errors import InputError
from danshu.kernel.limits import (
    AFTER_SALE_AUTO_FEN,
    AFTER_SALE_SECOND_FEN,
    AMOUNT_MINOR,
    CARRIER_TERMS,
    WINDOW_DAYS,
)

if TYPE_CHECKING:
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
_encode: Final = msgspec.json.Encoder(order="sorted").encode
_READ: Final = "select auto_fen, second_fen, doc from after_sale_settings where tenant=%s"
_SET: Final = """
insert into after_sale_settings(tenant,auto_fen,second_fen,doc) values (%s,%s,%s,%s)
on conflict (tenant) do update set auto_fen=excluded.auto_fen, second_fen=excluded.second_fen,
doc=excluded.doc
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


class Asking(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What buyers may ask for by their link: whether at all, days by reason where they are not the
    usual ones, goods that don't go back without a reason (SKU to why), where goods go back to.
    """

    by_link: bool = True
    windows: dict[str, int] = {}
    exempt: dict[str, str] = {}
    return_to: str = ""


class Settings(Struct, frozen=True, kw_only=True):
    """Up to which amount what is owed is paid without a person (0 = never), and above which two
    persons are asked; minor units. `asking`: what buyers may ask for.
    """

    auto_fen: int = 0
    second_fen: int = AFTER_SALE_SECOND_FEN
    asking: Asking = Asking()


_decode: Final = msgspec.json.Decoder(Asking).decode


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


def encode(asking: Asking) -> bytes | None:
    """Give what the row keeps of it; None where nothing was set."""
    return _encode(asking) if asking != Asking() else None


def decode(doc: bytes | None) -> Asking:
    """Read what the row keeps."""
    return _decode(bytes(doc)) if doc else Asking()


async def read(connection: Connection, tenant: int) -> Settings:
    """Read the limits."""
    row = await (await connection.execute(_READ, (tenant,))).fetchone()
    if row is None:
        return Settings()
    return Settings(auto_fen=row[0], second_fen=row[1], asking=decode(row[2]))


async def configure(connection: Connection, tenant: int, actor: Actor, wanted: Settings) -> None:
    """Set the limits, and what buyers may ask for. Raises InputError `bad_field`."""
    if not 0 <= wanted.auto_fen <= AFTER_SALE_AUTO_FEN:
        raise InputError("bad_field", f"0 to {AFTER_SALE_AUTO_FEN} fen", "/auto_fen")
    if not 0 <= wanted.second_fen <= AMOUNT_MINOR:
        raise InputError("bad_field", f"0 to {AMOUNT_MINOR} fen", "/second_fen")
    asking = wanted.asking
    for reason, days in asking.windows.items():
        row = next((w for w in windows.windows() if w.reason == reason), None)
        if row is None:
            raise InputError("bad_field", f"no reason {reason!r}", "/windows")
        if not (row.days if row.binds else 0) <= days <= WINDOW_DAYS:
            least = row.days if row.binds else 0
            raise InputError("bad_field", f"{reason}: {least} to {WINDOW_DAYS} days", "/windows")
    if any(why not in windows.EXEMPT for why in asking.exempt.values()):
        raise InputError("bad_field", "an exception of the law", "/exempt")
    said = AfterSalesConfigured(
        auto_fen=wanted.auto_fen,
        by_link=asking.by_link,
        exempt=tuple(ExemptGoods(sku=k, why=v) for k, v in sorted(asking.exempt.items())),
        return_to=asking.return_to,
        second_fen=wanted.second_fen,
        windows=tuple(ReasonDays(days=v, reason=k) for k, v in sorted(asking.windows.items())),
    )
    async with connection.transaction():
        given = (tenant, wanted.auto_fen, wanted.second_fen, encode(asking))
        await connection.execute(_SET, given)
        await merchants.say(connection, tenant, actor, said)


def asking_of(said: AfterSalesConfigured) -> Asking:
    """Give what a fact says of it."""
    return Asking(
        by_link=said.by_link,
        windows={w.reason: w.days for w in said.windows},
        exempt={n.sku: n.why for n in said.exempt},
        return_to=said.return_to,
    )


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
