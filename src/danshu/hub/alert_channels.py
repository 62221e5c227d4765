"""Alert channels 告警通道: which groups and mailboxes of a merchant are told of incidents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, cast
from urllib.parse import urlsplit

import psycopg
from msgspec import Struct

from danshu.hub import mailing, merchants, outside
from danshu.hub.power_facts import AlertConfigured
from danshu.kernel.errors import InputError
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import ALERT_CHANNELS
from danshu.ports import registry
from danshu.ports.notice import Account

if TYPE_CHECKING:
    from danshu.kernel.fact import Actor
    from danshu.ports.alert import Herald

Connection = psycopg.AsyncConnection[Any]
GRADES: Final = ("red", "yellow", "blue")
_LIST: Final = """
select no, name, adapter, url, lang, grade, is_on, trouble,
coalesce((extract(epoch from told)*1000)::int8, 0),
(select count(*) from alert_sends s where s.tenant=c.tenant and s.channel=c.no and s.state='due')
from alert_channels c where tenant=%s order by no
"""
_READ: Final = """
select name, adapter, url, secret, lang, grade, is_on from alert_channels
where tenant=%s and no=%s for update
"""
_LOCK: Final = "select 1 from tenants where id=%s for update"
_NEXT: Final = "select count(*), coalesce(max(no),0)+1 from alert_channels where tenant=%s"
_SET: Final = """
insert into alert_channels(tenant,no,name,adapter,url,secret,lang,grade,is_on)
values (%s,%s,%s,%s,%s,%s,%s,%s,%s) on conflict (tenant,no) do update set name=excluded.name,
adapter=excluded.adapter, url=excluded.url, secret=excluded.secret, lang=excluded.lang,
grade=excluded.grade, is_on=excluded.is_on, tries=0, trouble='', next_try=now()
"""
_DROP: Final = "delete from alert_channels where tenant=%s and no=%s"
_DROP_SENDS: Final = "delete from alert_sends where tenant=%s and channel=%s"
NO_CHANNEL: Final = InputError("no_channel", "there is no such alert channel", "/no")


class Channel(Struct, frozen=True, kw_only=True):
    """What a merchant wants of a channel; `secret` never comes out. `grade`: the least grave grade
    that it is told of.
    """

    name: str
    adapter: str
    url: str
    secret: str = ""
    lang: Literal["zh", "en"] = "zh"
    grade: Literal["red", "yellow", "blue"] = "yellow"
    is_on: bool = True

    @property
    def account(self) -> Account:
        """What an adapter is lent."""
        return Account(url=self.url, secret=self.secret)


class AlertChannel(Struct, frozen=True, kw_only=True):
    """A channel as people see it: `where` is its address without what is secret in it; so many
    alerts wait, `trouble` is that of the last try, `told` when it was last told ("" never).
    """

    no: int
    name: str
    adapter: str
    where: str
    lang: str
    grade: str
    is_on: bool
    waiting: int
    trouble: str
    told: str


async def read(connection: Connection, tenant: int) -> tuple[AlertChannel, ...]:
    """Read a merchant's channels."""
    cursor = await connection.execute(_LIST, (tenant,))
    return tuple(
        AlertChannel(
            no=no,
            name=name,
            adapter=adapter,
            where=where(url),
            lang=lang,
            grade=GRADES[grade - 1],
            is_on=is_on,
            trouble=trouble,
            told=rfc3339(told_ms) if told_ms else "",
            waiting=waiting,
        )
        for no, name, adapter, url, lang, grade, is_on, trouble, told_ms, waiting in (
            await cursor.fetchall()
        )
    )


def where(url: str) -> str:
    """Give a robot's address without its key; of a mailbox, who is written to."""
    parts = urlsplit(url)
    if parts.scheme in mailing.SCHEMES:
        return parts.query.rpartition("to=")[2].partition("&")[0]
    return f"{parts.hostname or ''}{parts.path.rpartition('/')[0]}"


async def take(connection: Connection, tenant: int, no: int) -> Channel:
    """Read a channel with its secret, and lock it. Raises InputError `no_channel`."""
    row = await (await connection.execute(_READ, (tenant, no))).fetchone()
    if row is None:
        raise NO_CHANNEL
    name, adapter, url, secret, lang, grade, is_on = row
    return Channel(
        name=name,
        adapter=adapter,
        url=url,
        secret=secret,
        lang=lang,
        grade=cast("Any", GRADES[grade - 1]),
        is_on=is_on,
    )


async def keep(connection: Connection, tenant: int, actor: Actor, no: int, wanted: Channel) -> int:
    """Add a channel (`no` 0) or change one; gives its number. An empty address or secret keeps what
    is there. Raises InputError.
    """
    async with connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        if no:
            before = await take(connection, tenant, no)
            is_same = before.adapter == wanted.adapter
            url = wanted.url or (before.url if is_same else "")
            secret = wanted.secret or (before.secret if is_same else "")
        else:
            row = await (await connection.execute(_NEXT, (tenant,))).fetchone()
            count, no = row or (0, 1)
            if count >= ALERT_CHANNELS:
                raise InputError("too_many", f"at most {ALERT_CHANNELS} alert channels")
            url, secret = wanted.url, wanted.secret
        herald_of(wanted.adapter).check(Account(url=url, secret=secret))
        if urlsplit(url).scheme not in mailing.SCHEMES:
            outside.check_url(url)
        grade = GRADES.index(wanted.grade) + 1
        given = (wanted.name, wanted.adapter, url, secret, wanted.lang, grade, wanted.is_on)
        await connection.execute(_SET, (tenant, no, *given))
        said = AlertConfigured(
            adapter=wanted.adapter,
            grade=wanted.grade,
            is_on=wanted.is_on,
            name=wanted.name,
            no=no,
            where=where(url),
        )
        await merchants.say(connection, tenant, actor, said)
    return no


async def drop(connection: Connection, tenant: int, actor: Actor, no: int) -> None:
    """Remove a channel with what waits for it. Raises InputError `no_channel`."""
    async with connection.transaction():
        before = await take(connection, tenant, no)
        await connection.execute(_DROP_SENDS, (tenant, no))
        await connection.execute(_DROP, (tenant, no))
        said = AlertConfigured(
            adapter="", grade=before.grade, is_on=False, name=before.name, no=no, where=""
        )
        await merchants.say(connection, tenant, actor, said)


def herald_of(adapter: str) -> Herald:
    """Load an adapter. Raises InputError `bad_field`."""
    if adapter not in registry.names("alert"):
        raise InputError("bad_field", "no such kind of alert channel", "/adapter")
    return cast("Herald", registry.load("alert", adapter))
