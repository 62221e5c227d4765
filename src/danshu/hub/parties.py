"""Parties 承运方 that may be asked to carry: services by an adapter, riders by a link of their own.

A rider's token is made like a customer's (hub/links.py) with a key of its own; the database holds
its SHA-256 alone. What a round trip takes and how often an award was confirmed is counted here.
"""

from __future__ import annotations

import hashlib
import math
import os
import secrets
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.hub import links, merchants, outside
from danshu.hub.negotiation_facts import PartyChanged, PartyLinkIssued
from danshu.kernel import ids
from danshu.kernel.errors import InputError
from danshu.kernel.fact import Actor, rfc3339
from danshu.kernel.limits import (
    NEGOTIATION_PARTIES,
    NEGOTIATION_TRIP_MS,
    NEGOTIATION_TRIPS,
    PARTY_LINK_DAYS,
)
from danshu.ledger import write
from danshu.ports import registry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.hub.links import Token

Connection = psycopg.AsyncConnection[Any]
RIDER: Final = "rider"
NO_PARTY: Final = InputError("no_party", "there is no such party")
_KEY: Final = "party_links"  # its row among the signers
_DAY_MS: Final = 86_400_000
_COLUMNS: Final = "code, name, adapter, url, options, equipment, active, trips, awarded, confirmed"
_LIST: Final = f"select {_COLUMNS} from parties where tenant=%s and code>%s order by code limit %s"
_READ: Final = f"select {_COLUMNS} from parties where tenant=%s and code=%s"
_SOME: Final = f"select {_COLUMNS} from parties where tenant=%s and code = any(%s)"
_ACTIVE: Final = f"select {_COLUMNS} from parties where tenant=%s and active order by code limit %s"
_PUT: Final = """
insert into parties(tenant,code,name,adapter,url,options,equipment,active)
values (%s,%s,%s,%s,%s,%s,%s,%s)
on conflict (tenant,code) do update set name=excluded.name, adapter=excluded.adapter,
url=excluded.url, equipment=excluded.equipment, active=excluded.active,
options=case when excluded.options='' then parties.options else excluded.options end
"""
_TRIP: Final = (
    "update parties set trips=(trips || %s::int)[greatest(1, cardinality(trips)+2-%s):]"
    " where tenant=%s and code=%s"
)
_COUNT: Final = (
    "update parties set awarded=awarded+%s, confirmed=confirmed+%s where tenant=%s and code=%s"
)
_END_LINKS: Final = (
    "update party_links set revoked=%s where tenant=%s and party=%s and revoked is null"
)
_ADD_LINK: Final = (
    "insert into party_links(tenant,id,party,digest,issued,expires) values (%s,%s,%s,%s,%s,%s)"
)
_BY_DIGEST: Final = """
select l.party from party_links l join parties p on p.tenant=l.tenant and p.code=l.party
where l.tenant=%s and l.digest=%s and l.revoked is null and l.expires>%s and p.active
"""
_decode_options: Final = msgspec.json.Decoder(dict[str, str]).decode


class Party(Struct, frozen=True, kw_only=True):
    """A party; `options` are never to be shown. `trips` are its last round trips in ms."""

    code: str
    name: str
    adapter: str = RIDER
    url: str = ""
    options: dict[str, str] = {}
    equipment: str = ""
    active: bool = True
    trips: tuple[int, ...] = ()
    awarded: int = 0
    confirmed: int = 0

    @property
    def trip_ms(self) -> int:
        """What its way there and back takes at most, 99 times of 100."""
        if not self.trips:
            return NEGOTIATION_TRIP_MS
        ordered = sorted(self.trips)
        return ordered[math.ceil(0.99 * len(ordered)) - 1]

    @property
    def accept_permille(self) -> int:
        """How likely it confirms an award: as it did, with nine of ten before it did anything."""
        return 1_000 * (self.confirmed + 9) // (self.awarded + 10)


def _party(row: Sequence[Any]) -> Party:
    code, name, adapter, url, options, equipment, active, trips, awarded, confirmed = row
    return Party(
        code=code,
        name=name,
        adapter=adapter,
        url=url,
        options=_decode_options(bytes(options)) if options else {},
        equipment=equipment,
        active=active,
        trips=tuple(trips),
        awarded=awarded,
        confirmed=confirmed,
    )


async def list_parties(connection: Connection, tenant: int, after: str, limit: int) -> list[Party]:
    """List parties by code."""
    cursor = await connection.execute(_LIST, (tenant, after, limit))
    return [_party(row) for row in await cursor.fetchall()]


async def read_party(connection: Connection, tenant: int, code: str) -> Party:
    """Read a party. Raises InputError `no_party`."""
    row = await (await connection.execute(_READ, (tenant, code))).fetchone()
    if row is None:
        raise NO_PARTY
    return _party(row)


async def choose(connection: Connection, tenant: int, wanted: Sequence[str]) -> list[Party]:
    """Give the parties that are wanted, or all active ones up to NEGOTIATION_PARTIES.

    Raises InputError `no_party` for one that is not there or not active.
    """
    if not wanted:
        cursor = await connection.execute(_ACTIVE, (tenant, NEGOTIATION_PARTIES))
        return [_party(row) for row in await cursor.fetchall()]
    cursor = await connection.execute(_SOME, (tenant, list(wanted)))
    found = {each.code: each for each in map(_party, await cursor.fetchall()) if each.active}
    if set(wanted) - found.keys():
        raise NO_PARTY
    return [found[code] for code in dict.fromkeys(wanted)]


async def read_trips(connection: Connection, tenant: int, codes: Sequence[str]) -> dict[str, int]:
    """Give what a round trip to each takes at most (p99), ms."""
    cursor = await connection.execute(_SOME, (tenant, list(codes)))
    return {each.code: each.trip_ms for each in map(_party, await cursor.fetchall())}


async def put(connection: Connection, tenant: int, wanted: Party, actor: Actor) -> None:
    """Set who a party is; without options those that are known stay.

    Raises InputError `bad_field` for an adapter that is not there, `bad_url`.
    """
    if wanted.adapter != RIDER:
        if registry.spell_name(wanted.adapter) not in registry.names("carrier_quote"):
            raise InputError("bad_field", f"no adapter {wanted.adapter!r}", "/adapter")
        outside.check_url(wanted.url)
    options = msgspec.json.encode(wanted.options) if wanted.options else b""
    async with connection.transaction():
        row = (tenant, wanted.code, wanted.name, wanted.adapter, wanted.url, options)
        await connection.execute(_PUT, (*row, wanted.equipment, wanted.active))
        said = PartyChanged(
            active=wanted.active,
            adapter=wanted.adapter,
            equipment=wanted.equipment,
            name=wanted.name,
            party=wanted.code,
            url=wanted.url,
        )
        await merchants.say(connection, tenant, actor, said)


async def note_trip(connection: Connection, tenant: int, code: str, trip_ms: int) -> None:
    """Keep what a round trip took, among the last NEGOTIATION_TRIPS."""
    await connection.execute(_TRIP, (trip_ms, NEGOTIATION_TRIPS, tenant, code))


async def count(
    connection: Connection, tenant: int, code: str, *, awarded: int = 0, confirmed: int = 0
) -> None:
    """Count awards and confirmations of a party, in the commit that says them."""
    await connection.execute(_COUNT, (awarded, confirmed, tenant, code))


async def load_key(connection: Connection) -> bytes:
    """Give the key of riders' tokens, made on first use."""
    await connection.execute(
        "insert into signers(name,seed) values (%s,%s) on conflict do nothing",
        (_KEY, secrets.token_bytes(32)),
    )
    row = await (
        await connection.execute("select seed from signers where name=%s", (_KEY,))
    ).fetchone()
    if row is None:
        raise links.NO_LINK
    return bytes(row[0])


async def issue_link(
    connection: Connection, tenant: int, code: str, actor: Actor, now_ms: int
) -> tuple[str, int]:
    """Issue a rider's link, whose earlier ones end; gives its token, told only now, and its end.

    Raises InputError `no_party`, and `not_now` for a service that works by an adapter.
    """
    party = await read_party(connection, tenant, code)
    if party.adapter != RIDER:
        raise InputError("not_now", "this party is a service; riders have links")
    expires_ms = (now_ms + PARTY_LINK_DAYS * _DAY_MS) // 1000 * 1000
    token = links.mint(await load_key(connection), tenant, expires_ms, os.urandom(16))
    digest = hashlib.sha256(token.encode()).digest()
    now = write.instant(now_ms * 1000)
    async with connection.transaction():
        await connection.execute(_END_LINKS, (now, tenant, code))
        id_ = ids.uuid7(now_ms, os.urandom(10))
        given = (tenant, id_, code, digest, now, write.instant(expires_ms * 1000))
        await connection.execute(_ADD_LINK, given)
        said = PartyLinkIssued(digest=digest.hex(), expires=rfc3339(expires_ms), party=code)
        await merchants.say(connection, tenant, actor, said)
    return token, expires_ms


async def look_up(connection: Connection, token: Token, now_ms: int) -> str:
    """Give the party that a token speaks for. Raises InputError `no_link`."""
    given = (token.tenant, token.digest, write.instant(now_ms * 1000))
    row = await (await connection.execute(_BY_DIGEST, given)).fetchone()
    if row is None:
        raise links.NO_LINK
    return str(row[0])
