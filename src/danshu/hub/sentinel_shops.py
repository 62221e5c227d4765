"""The shops that are pulled 补单检查: where their platform lists orders, how often, up to when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from msgspec import Struct

from danshu.hub import merchants, outside
from danshu.hub.finding_facts import PullChanged
from danshu.kernel.errors import InputError
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import PULL_LOOK_BACK_S, PULL_SHOPS
from danshu.ledger import write
from danshu.ports import registry

if TYPE_CHECKING:
    import datetime

    from danshu.kernel.fact import Actor
    from danshu.ports.listing import Listing

Connection = Any
_PUT: Final = """
insert into pull_accounts as p (tenant,channel,shop,adapter,url,key,secret,token,every_s,
  is_sequence,upto)
values(%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s) on conflict (tenant,channel,shop) do update set
adapter=excluded.adapter, url=excluded.url,
key=case when excluded.key='' then p.key else excluded.key end,
secret=case when excluded.secret='' then p.secret else excluded.secret end,
token=case when excluded.token='' then p.token else excluded.token end,
every_s=excluded.every_s, is_sequence=excluded.is_sequence, asked=null, trouble=''
"""
_DROP: Final = """
delete from pull_accounts where tenant=%s and channel=%s and shop=%s
returning adapter, every_s, is_sequence, url
"""
_LIST: Final = """
select channel, shop, adapter, url, every_s, is_sequence, key<>'', secret<>'', token<>'', upto,
asked, trouble, listed from pull_accounts where tenant=%s order by channel, shop
"""
NONE: Final = InputError("not_found", "no such shop is pulled")


class Shop(Struct, frozen=True, kw_only=True):
    """A shop that is pulled. `adapter` "": its numbers alone are watched, where `is_sequence`.
    `upto` is how far its listing was compared. Keys and secrets never go out.
    """

    channel: str
    shop: str
    adapter: str
    url: str
    every_s: int
    is_sequence: bool
    has_key: bool
    has_secret: bool
    has_token: bool
    upto: str
    asked: str
    trouble: str
    listed: int


class NewShop(Struct, frozen=True, kw_only=True):
    """What connects a shop's listing; an empty key, secret or token keeps the one that is there."""

    channel: str
    shop: str
    adapter: str = ""
    url: str = ""
    key: str = ""
    secret: str = ""
    token: str = ""
    every_s: int = 60
    is_sequence: bool = False


def find_listing(name: str) -> Listing:
    """Give the adapter of a platform's listing. Raises InputError `no_listing`."""
    if registry.spell_name(name) not in registry.names("listing"):
        raise InputError("no_listing", "no such listing is plugged in", "/adapter")
    return cast("Listing", registry.load("listing", name))


async def put(connection: Connection, tenant: int, new: NewShop, actor: Actor, at_ms: int) -> None:
    """Connect a shop, or change how it is pulled. Raises InputError `no_listing`, `bad_url`."""
    if new.adapter:
        find_listing(new.adapter)
        outside.check_url(new.url)
    elif not new.is_sequence:
        raise InputError("no_listing", "without a listing its numbers are watched", "/adapter")
    async with connection.transaction():
        known = {s.shop + "\0" + s.channel for s in await read(connection, tenant)}
        if len(known) >= PULL_SHOPS and new.shop + "\0" + new.channel not in known:
            raise InputError("too_many", f"at most {PULL_SHOPS} shops are pulled")
        upto = write.instant((at_ms - PULL_LOOK_BACK_S * 1000) * 1000)
        told = (new.adapter, new.url, new.key, new.secret, new.token, new.every_s)
        row = (tenant, new.channel, new.shop, *told, new.is_sequence, upto)
        await connection.execute(_PUT, row)
        said = PullChanged(
            adapter=new.adapter,
            channel=new.channel,
            every_s=new.every_s,
            is_sequence=new.is_sequence,
            shop=new.shop,
            state="connected",
            url=new.url,
        )
        await merchants.say(connection, tenant, actor, said)


async def drop(connection: Connection, tenant: int, channel: str, shop: str, actor: Actor) -> None:
    """Pull a shop no more. Raises InputError `not_found`."""
    async with connection.transaction():
        row = await (await connection.execute(_DROP, (tenant, channel, shop))).fetchone()
        if row is None:
            raise NONE
        said = PullChanged(
            adapter=row[0],
            channel=channel,
            every_s=row[1],
            is_sequence=row[2],
            shop=shop,
            state="disconnected",
            url=row[3],
        )
        await merchants.say(connection, tenant, actor, said)


async def read(connection: Connection, tenant: int) -> tuple[Shop, ...]:
    """List a merchant's shops that are pulled."""
    rows = await (await connection.execute(_LIST, (tenant,))).fetchall()
    return tuple(
        Shop(
            channel=r[0], shop=r[1], adapter=r[2], url=r[3], every_s=r[4], is_sequence=r[5],
            has_key=r[6], has_secret=r[7], has_token=r[8], upto=_told(r[9]), asked=_told(r[10]),
            trouble=r[11], listed=r[12],
        )
        for r in rows
    )  # fmt: skip


def _told(at: datetime.datetime | None) -> str:
    return rfc3339(round(at.timestamp() * 1000)) if at else ""
