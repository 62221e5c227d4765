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
from danshu.ports.listing import Field

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
every_s=excluded.every_s, is_sequence=excluded.is_sequence, asked=null, trouble='', is_on=true
"""
_DROP: Final = """
delete from pull_accounts where tenant=%s and channel=%s and shop=%s
returning adapter, every_s, is_sequence, url
"""
_TURN: Final = """
update pull_accounts set is_on=%s, asked=null where tenant=%s and channel=%s and shop=%s
and is_on<>%s returning adapter, every_s, is_sequence, url
"""
_FIND: Final = "select 1 from pull_accounts where tenant=%s and channel=%s and shop=%s"
# What was counted before a rest, or under another connection, is no gap.
_FORGET: Final = """
with n as (delete from sentinel_numbers where tenant=%(t)s and channel=%(c)s and shop=%(s)s)
delete from sentinel_gaps where tenant=%(t)s and channel=%(c)s and shop=%(s)s
"""
_LIST: Final = """
select channel, shop, adapter, url, every_s, is_sequence, key<>'', secret<>'', token<>'', upto,
asked, trouble, listed, is_on from pull_accounts where tenant=%s order by channel, shop
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
    is_on: bool


class PullPlatform(Struct, frozen=True, kw_only=True):
    """A listing that is plugged in: what it is called, its public gateway, what it asks for to be
    connected, the widest window it takes, and how far a window's end lies in the past.
    """

    code: str
    title: str
    title_en: str
    url: str
    fields: tuple[Field, ...]
    window_ms: int
    lag_ms: int


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


def list_platforms() -> tuple[PullPlatform, ...]:
    """List what shops can be pulled from, by code."""
    found = [(name, find_listing(name)) for name in registry.names("listing")]
    return tuple(
        PullPlatform(
            code=name, title=one.title, title_en=one.title_en, url=one.url, fields=one.fields,
            window_ms=one.window_ms, lag_ms=one.lag_ms,
        )
        for name, one in found
    )  # fmt: skip


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
        secrets = (new.adapter, new.url, new.key, new.secret, new.token, new.every_s)
        given = (tenant, new.channel, new.shop, *secrets, new.is_sequence, upto)
        await connection.execute(_PUT, given)
        row = (new.adapter, new.every_s, new.is_sequence, new.url)
        said = _changed(row, new.channel, new.shop, "connected")
        await merchants.say(connection, tenant, actor, said)


async def drop(connection: Connection, tenant: int, channel: str, shop: str, actor: Actor) -> None:
    """Pull a shop no more. Raises InputError `not_found`."""
    async with connection.transaction():
        row = await (await connection.execute(_DROP, (tenant, channel, shop))).fetchone()
        if row is None:
            raise NONE
        await connection.execute(_FORGET, {"t": tenant, "c": channel, "s": shop})
        said = _changed(row, channel, shop, "disconnected")
        await merchants.say(connection, tenant, actor, said)


async def turn(
    connection: Connection, tenant: int, channel: str, shop: str, actor: Actor, *, is_on: bool
) -> None:
    """Let a shop rest, or pull it again from where it rested. Raises InputError `not_found`."""
    async with connection.transaction():
        named = (tenant, channel, shop)
        row = await (await connection.execute(_TURN, (is_on, *named, is_on))).fetchone()
        if row is None:
            if await (await connection.execute(_FIND, named)).fetchone() is None:
                raise NONE
            return
        await connection.execute(_FORGET, {"t": tenant, "c": channel, "s": shop})
        said = _changed(row, channel, shop, "connected" if is_on else "resting")
        await merchants.say(connection, tenant, actor, said)


def _changed(row: tuple[Any, ...], channel: str, shop: str, state: str) -> PullChanged:
    adapter, every_s, is_sequence, url = row
    return PullChanged(
        adapter=adapter, channel=channel, every_s=every_s, is_sequence=is_sequence, shop=shop,
        state=state, url=url,
    )  # fmt: skip


async def read(connection: Connection, tenant: int) -> tuple[Shop, ...]:
    """List a merchant's shops that are pulled."""
    rows = await (await connection.execute(_LIST, (tenant,))).fetchall()
    return tuple(
        Shop(
            channel=r[0], shop=r[1], adapter=r[2], url=r[3], every_s=r[4], is_sequence=r[5],
            has_key=r[6], has_secret=r[7], has_token=r[8], upto=told(r[9]), asked=told(r[10]),
            trouble=r[11], listed=r[12], is_on=r[13],
        )
        for r in rows
    )  # fmt: skip


def told(at: datetime.datetime | None) -> str:
    return rfc3339(round(at.timestamp() * 1000)) if at else ""
