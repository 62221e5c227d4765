"""The rows of listings: what is offered at which exchange, who ordered it."""

from __future__ import annotations

import datetime
import uuid
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from danshu.capabilities.licensing.model import CleanRoom, Column, LicencePrice
from danshu.hub import exchanges
from danshu.kernel.errors import InputError
from danshu.kernel.limits import LICENCE_COLUMNS, LICENCE_QUERIES_DAY, LICENCE_ROWS_DAY

Connection = Any
NO_LISTING: Final = InputError("no_listing", "there is no such listing")
_COLUMNS: Final = (
    "id,asset,exchange,state,terms::text,reference,digest,reasons,drafted_by,drafted,submitted_by,"
    "submitted,asked"
)
_ONE: Final = f"select {_COLUMNS} from asset_listings where tenant=%s and id=%s"
_LIST: Final = (
    f"select {_COLUMNS} from asset_listings where tenant=%s and id<%s order by id desc limit %s"
)
_PACKAGE: Final = "select package from asset_listings where tenant=%s and id=%s"
_ORDERED: Final = (
    "select reference, licence, receipted from listing_orders where tenant=%s and listing=%s"
    " order by reference"
)


class ListingTerms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is offered: `months` that a licence runs, all else as in the licence that follows."""

    asset: Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[a-z][a-z0-9-]*(?![\s\S])")]
    exchange: exchanges.Code
    purpose: Annotated[str, Meta(min_length=1, max_length=64)]
    columns: Annotated[tuple[Column, ...], Meta(max_length=LICENCE_COLUMNS)] = ()
    months: Annotated[int, Meta(ge=1, le=120)] = 12
    price: LicencePrice = LicencePrice()
    rows_day: Annotated[int, Meta(ge=0, le=LICENCE_ROWS_DAY)] = 100_000
    queries_day: Annotated[int, Meta(ge=0, le=LICENCE_QUERIES_DAY)] = 0
    clean_room: CleanRoom | None = None
    text: Annotated[str, Meta(max_length=2_000)] = ""


class ListingRow(Struct, frozen=True, kw_only=True):
    """A listing as it stands; `digest` is the SHA-256 (hex) of the package that was sent."""

    id: uuid.UUID
    asset: str
    exchange: str
    state: str
    terms: ListingTerms
    reference: str
    digest: str
    reasons: tuple[str, ...]
    drafted_by: str
    drafted: datetime.datetime
    submitted_by: str
    submitted: datetime.datetime | None
    asked: datetime.datetime | None


class ListingOrder(Struct, frozen=True, kw_only=True):
    """An order at the exchange, the licence that came of it, the last delivery receipted."""

    reference: str
    licence: uuid.UUID
    receipted: uuid.UUID | None


async def list_orders(connection: Connection, tenant: int, id_: uuid.UUID) -> list[ListingOrder]:
    """List the orders of a listing that were taken."""
    rows = await (await connection.execute(_ORDERED, (tenant, id_))).fetchall()
    return [ListingOrder(reference=r, licence=li, receipted=u) for r, li, u in rows]


async def find(connection: Connection, tenant: int, id_: uuid.UUID) -> ListingRow:
    """Read a listing. Raises InputError `no_listing`."""
    row = await (await connection.execute(_ONE, (tenant, id_))).fetchone()
    if row is None:
        raise NO_LISTING
    return _row(row)


async def list_rows(
    connection: Connection, tenant: int, before: uuid.UUID, limit: int
) -> list[ListingRow]:
    """List listings, the newest first, those before an id."""
    rows = await (await connection.execute(_LIST, (tenant, before, limit))).fetchall()
    return [_row(row) for row in rows]


async def read_package(connection: Connection, tenant: int, id_: uuid.UUID) -> bytes:
    """Give the package that was sent. Raises InputError `no_listing`."""
    row = await (await connection.execute(_PACKAGE, (tenant, id_))).fetchone()
    if row is None or row[0] is None:
        raise NO_LISTING
    return bytes(row[0])


def _row(row: tuple[Any, ...]) -> ListingRow:
    told = dict(zip(ListingRow.__struct_fields__, row, strict=True))
    told["terms"] = msgspec.json.decode(told["terms"], type=ListingTerms)
    told["reasons"] = tuple(told["reasons"])
    return ListingRow(**told)
