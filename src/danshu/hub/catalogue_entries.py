"""What stewards say of assets beside the code: who answers for one, what it is good for, whether
it can be relied on. An asset that is kept elsewhere is registered the same way.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from danshu.hub import merchants
from danshu.hub.catalogue_facts import AssetDescribed
from danshu.hub.fields import PLAIN, Label, Word
from danshu.kernel.errors import InputError
from danshu.kernel.limits import (
    CATALOGUE_CHARS,
    CATALOGUE_COLUMNS,
    CATALOGUE_ENTRIES,
    CATALOGUE_QUESTIONS,
    CATALOGUE_TAGS,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.kernel.fact import Actor

Connection = Any
Standing = Literal["", "certified", "deprecated"]
NAME: Final = re.compile(r"^[a-z][a-z0-9-]{1,59}(?![\s\S])")
VIEW_DAYS: Final = 30
_LOCK: Final = "select 1 from tenants where id=%s for update"
_READ: Final = "select name, registered, doc::text from catalogue_entries where tenant=%s"
_PUT: Final = """
insert into catalogue_entries(tenant,name,registered,doc,by) values(%s,%s,%s,%s::jsonb,%s)
on conflict (tenant,name) do update set registered=excluded.registered, doc=excluded.doc,
by=excluded.by, at=now()
"""
_COUNT: Final = "select count(*) from catalogue_entries where tenant=%s"
_VIEW: Final = """
insert into catalogue_views(tenant,name,day,views)
values(%s,%s,(now() at time zone 'Asia/Shanghai')::date,1)
on conflict (tenant,name,day) do update set views=catalogue_views.views+1
"""
_VIEWS: Final = """
select name, sum(views)::int8 from catalogue_views
where tenant=%s and day > (now() at time zone 'Asia/Shanghai')::date - %s group by name
"""


class RegisteredColumn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A column of an asset that is kept elsewhere, with its level (1 to 5)."""

    name: Annotated[str, Meta(min_length=1, max_length=64, pattern=PLAIN)]
    title: Word = ""
    level: Annotated[int, Meta(ge=1, le=5)] = 1


class Registered(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An asset that is kept elsewhere: what it is called, where it is, how sensitive, how often it
    is brought up to date (seconds, 0 = not known).
    """

    title: Annotated[str, Meta(min_length=1, max_length=64, pattern=PLAIN)]
    title_en: Word = ""
    place: Label = ""
    level: Annotated[int, Meta(ge=1, le=5)] = 1
    purpose: Word = "operations"
    refresh_s: Annotated[int, Meta(ge=0, le=31_622_400)] = 0
    columns: Annotated[tuple[RegisteredColumn, ...], Meta(max_length=CATALOGUE_COLUMNS)] = ()


class CatalogueNote(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What is said of an asset. `owner` names who answers for it; `registered` is of one that
    is kept elsewhere.
    """

    owner: Word = ""
    contact: Word = ""
    description: Annotated[str, Meta(max_length=CATALOGUE_CHARS)] = ""
    standing: Standing = ""
    tags: Annotated[tuple[Word, ...], Meta(max_length=CATALOGUE_TAGS)] = ()
    questions: Annotated[tuple[Label, ...], Meta(max_length=CATALOGUE_QUESTIONS)] = ()
    registered: Registered | None = None


_decode: Final = msgspec.json.Decoder(CatalogueNote).decode
NO_NOTE: Final = CatalogueNote()


def digest(note: CatalogueNote) -> str:
    """Give the SHA-256 (hex) of an entry, by which its fact names it."""
    return hashlib.sha256(msgspec.json.encode(note)).hexdigest()


async def read(connection: Connection, tenant: int) -> dict[str, CatalogueNote]:
    """Read what is said of a merchant's assets, by name."""
    rows = await (await connection.execute(_READ, (tenant,))).fetchall()
    return {name: _decode(doc) for name, _, doc in rows}


async def describe(
    connection: Connection,
    tenant: int,
    name: str,
    note: CatalogueNote,
    actor: Actor,
    known: Mapping[str, Any],
) -> None:
    """Write what is said of an asset, in one commit with its fact. Raises InputError `no_asset`
    for a name that is no asset's and registers none, `taken` for one that is built here.
    """
    if (note.registered is None) is (name not in known):
        code = "no_asset" if note.registered is None else "taken"
        raise InputError(code, f"{name} is no asset that can be said this of", "/registered")
    doc = msgspec.json.encode(note)
    async with connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        row = await (await connection.execute(_COUNT, (tenant,))).fetchone()
        if row and row[0] >= CATALOGUE_ENTRIES:
            raise InputError("too_many", f"at most {CATALOGUE_ENTRIES} entries")
        is_own = note.registered is not None
        await connection.execute(_PUT, (tenant, name, is_own, doc.decode(), actor.sub))
        said = AssetDescribed(
            asset=name,
            digest=digest(note),
            registered=is_own,
            standing=note.standing,
        )
        await merchants.say(connection, tenant, actor, said)


async def count_view(connection: Connection, tenant: int, name: str) -> None:
    """Count that somebody looked at an asset today; nobody is named."""
    await connection.execute(_VIEW, (tenant, name))


async def read_views(connection: Connection, tenant: int) -> dict[str, int]:
    """Read how often each asset was looked at in the last VIEW_DAYS days."""
    rows = await (await connection.execute(_VIEWS, (tenant, VIEW_DAYS))).fetchall()
    return {name: int(views) for name, views in rows}
