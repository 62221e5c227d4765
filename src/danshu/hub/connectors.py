"""Connectors 连接器: the far sides of a merchant, how each is asked, and whether it is."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec
import psycopg
from msgspec import Struct
from msgspec.structs import replace

from danshu.hub import merchants, outside, settings
from danshu.hub.connector_facts import ConnectorDrained, ConnectorSet
from danshu.kernel import canonical, ids
from danshu.kernel.errors import InputError, ProgramError
from danshu.kernel.limits import CONNECTOR_CALLS_AT_ONCE, CONNECTORS
from danshu.ledger import safe
from danshu.ports import registry
from danshu.ports.connector import Account, Connector

if TYPE_CHECKING:
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
PORT: Final = "connector"
CALLBACK: Final = "callback_url"
"""The option by which an adapter knows its own address; what a person sets goes before it."""
TRIAL, ON, DRAINING, OFF = "trial", "on", "draining", "off"
STATES: Final = (TRIAL, ON, DRAINING, OFF)
NO_CONNECTOR: Final = InputError("no_connector", "there is no such connector")
_COLUMNS: Final = (
    "tenant,id,capability,adapter,title,url,trial_url,options,state,concurrency,rate_per_s,"
    "timeout_s,secrets,revision"
)
_READ: Final = f"select {_COLUMNS} from connectors where tenant=%s"
_ONE: Final = f"{_READ} and id=%s"
_BY_ID: Final = "select tenant from connectors where id=%s"
_PUT: Final = f"""
insert into connectors({_COLUMNS}) values(%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)
on conflict (tenant,id) do update set title=excluded.title, url=excluded.url,
  trial_url=excluded.trial_url, options=excluded.options, concurrency=excluded.concurrency,
  rate_per_s=excluded.rate_per_s, timeout_s=excluded.timeout_s, secrets=excluded.secrets,
  revision=excluded.revision, state=excluded.state,
  state_at=case when connectors.state=excluded.state then connectors.state_at else now() end
"""
_OPEN: Final = """
select count(*) from (select 1 from connector_calls where tenant=%s and connector=%s
  and state in ('due','pending','held') limit 1000) w
"""
_decode: Final = msgspec.json.Decoder(dict[str, str]).decode


class Desk(Struct, frozen=True, kw_only=True):
    """A far side: which adapter asks it, where, with which options, and how much at a time.

    `rate_per_s` 0 is no limit; `timeout_s` 0 is the operation's own. Of secrets only the names.
    """

    tenant: int
    id: uuid.UUID
    capability: str
    adapter: str
    title: str
    url: str
    trial_url: str
    options: dict[str, str]
    state: str
    concurrency: int
    rate_per_s: int
    timeout_s: float
    secrets: tuple[str, ...]
    revision: int


class Wish(Struct, frozen=True, kw_only=True):
    """What a connector is to be. Options and secrets that are left out stay as they were; an empty
    one is thrown away.
    """

    adapter: str
    title: str
    url: str
    trial_url: str = ""
    options: Mapping[str, str] = {}
    secrets: Mapping[str, str] = {}
    concurrency: int = 32
    rate_per_s: int = 0
    timeout_s: float = 0.0


Lender = Callable[[Connection, int, str], Awaitable[Connector]]
"""Gives a connector of a merchant that is no plug-in (tenant, the name behind the colon)."""
_LENDERS: Final[dict[str, Lender]] = {}


def lend(prefix: str, lender: Lender) -> None:
    """Have adapters named `prefix:…` given by `lender`; said where its module is imported."""
    _LENDERS[prefix] = lender


async def load(connection: Connection, tenant: int, adapter: str) -> Connector:
    """Give the adapter of that name. Raises InputError `unknown_adapter`."""
    prefix, _, name = adapter.partition(":")
    if name:
        if prefix not in _LENDERS:
            raise InputError("unknown_adapter", f"no adapter {adapter!r}", "/adapter")
        return await _LENDERS[prefix](connection, tenant, name)
    return load_plugin(adapter)


def load_plugin(adapter: str) -> Connector:
    """Give the adapter that is plugged in under a name. Raises InputError `unknown_adapter`."""
    try:
        return cast("Connector", registry.load(PORT, adapter))
    except ProgramError:
        raise InputError("unknown_adapter", f"no adapter {adapter!r}", "/adapter") from None


async def read(connection: Connection, tenant: int, id_: uuid.UUID) -> Desk:
    """Read a connector. Raises InputError `no_connector`."""
    row = await (await connection.execute(_ONE, (tenant, id_))).fetchone()
    if row is None:
        raise NO_CONNECTOR
    return make_desk(row)


async def read_all(connection: Connection, tenant: int) -> list[Desk]:
    """Read the connectors of a merchant, by capability and title."""
    rows = await (
        await connection.execute(f"{_READ} order by capability, title, id", (tenant,))
    ).fetchall()
    return [make_desk(row) for row in rows]


async def find_tenant(connection: Connection, id_: uuid.UUID) -> int | None:
    """Tell whose a connector is, for who comes without a key."""
    row = await (await connection.execute(_BY_ID, (id_,))).fetchone()
    return int(row[0]) if row else None


def make_desk(row: tuple[Any, ...]) -> Desk:
    """Make a desk of its row, in the order of the columns."""
    names = _COLUMNS.split(",")
    told = dict(zip(names, row, strict=True))
    told |= {"options": _decode(bytes(told["options"])), "secrets": tuple(told["secrets"])}
    return Desk(**told)


async def open_account(connection: Connection, desk: Desk, *, trial: bool = False) -> Account:
    """Give the account, its secrets opened, of the far side or of its sandbox.

    Raises InputError `no_sandbox` where it has no sandbox, NotAvailable without the safe's key.
    """
    if trial and not desk.trial_url:
        raise InputError("no_sandbox", "there is no address of a sandbox", "/trial_url")
    secrets = await safe.read_all(connection, desk.tenant, _prefix(desk.id))
    url = desk.trial_url if trial else desk.url
    options = {CALLBACK: callback_url(desk.id), **desk.options}
    return Account(url=url, options=options, secrets=secrets, trial=trial)


def callback_url(id_: uuid.UUID) -> str:
    """Give the address at which a far side calls back."""
    told = settings.read()
    return f"{told.origin_at(told.port)}/v1/connectors/{id_}/callbacks"


async def connect(
    connection: Connection, tenant: int, actor: Actor, wish: Wish, now_ms: int
) -> Desk:
    """Connect a far side, in trial: only its sandbox is asked until a person switches it on.

    Raises InputError `unknown_adapter`, `bad_url`, `bad_options`, `too_many`.
    """
    adapter = await load(connection, tenant, wish.adapter)
    async with connection.transaction():
        if len(await read_all(connection, tenant)) >= CONNECTORS:
            raise InputError("too_many", f"at most {CONNECTORS} connectors")
        empty = Desk(
            **{name: getattr(wish, name) for name in _WISHED},
            tenant=tenant,
            id=ids.uuid7(now_ms, os.urandom(10)),
            capability=adapter.capability,
            options={},
            state=TRIAL,
            secrets=(),
            revision=0,
        )
        return await _put(connection, actor, empty, wish, adapter, "")


_WISHED: Final = ("adapter", "title", "url", "trial_url", "concurrency", "rate_per_s", "timeout_s")


async def amend(
    connection: Connection, tenant: int, id_: uuid.UUID, actor: Actor, wish: Wish
) -> Desk:
    """Change how a far side is asked; its adapter and capability stay."""
    adapter = await load(connection, tenant, wish.adapter)
    async with connection.transaction():
        desk = await lock(connection, tenant, id_)
        if desk.adapter != wish.adapter:
            raise InputError("adapter_stays", "connect another and swap", "/adapter")
        named = {name: getattr(wish, name) for name in _WISHED}
        return await _put(connection, actor, replace(desk, **named), wish, adapter, "")


async def switch(
    connection: Connection, tenant: int, id_: uuid.UUID, actor: Actor, state: str, reason: str
) -> Desk:
    """Switch a connector on, back to trial, or off. Raises InputError `bad_state`, `has_calls`.

    Draining is what the route does to the one that it leaves; off is for one without open calls.
    """
    if state not in STATES:
        raise InputError("bad_state", f"a state is one of {', '.join(STATES)}", "/state")
    async with connection.transaction():
        desk = await lock(connection, tenant, id_)
        if state in (OFF, TRIAL) and await count_open(connection, tenant, id_):
            raise InputError("has_calls", "it has open calls: drain it first", "/state")
        return await say_state(connection, actor, desk, state, reason)


async def say_state(
    connection: Connection, actor: Actor, desk: Desk, state: str, reason: str
) -> Desk:
    """Write another state and its fact, the row being locked."""
    if desk.state == state:
        return desk
    done = replace(desk, state=state, revision=desk.revision + 1)
    await _write(connection, actor, done, reason)
    return done


async def end_drain(connection: Connection, actor: Actor, desk: Desk) -> bool:
    """Switch off a draining connector that has no open call; False where it has, or is not."""
    async with connection.transaction():
        locked = await lock(connection, desk.tenant, desk.id)
        if locked.state != DRAINING or await count_open(connection, desk.tenant, desk.id):
            return False
        await say_state(connection, actor, locked, OFF, "drained")
        said = ConnectorDrained(capability=desk.capability, connector=str(desk.id))
        await merchants.say(connection, desk.tenant, actor, said)
    return True


async def count_open(connection: Connection, tenant: int, id_: uuid.UUID) -> int:
    """Count what a connector has still to answer, up to 1,000."""
    row = await (await connection.execute(_OPEN, (tenant, id_))).fetchone()
    return int(row[0]) if row else 0


async def lock(connection: Connection, tenant: int, id_: uuid.UUID) -> Desk:
    """Lock and read a connector. Raises InputError `no_connector`."""
    row = await (await connection.execute(f"{_ONE} for update", (tenant, id_))).fetchone()
    if row is None:
        raise NO_CONNECTOR
    return make_desk(row)


async def _put(
    connection: Connection, actor: Actor, desk: Desk, wish: Wish, adapter: Connector, reason: str
) -> Desk:
    outside.check_url(desk.url)
    if desk.trial_url:
        outside.check_url(desk.trial_url)
    if not 1 <= desk.concurrency <= CONNECTOR_CALLS_AT_ONCE:
        raise InputError("bad_limit", f"1 to {CONNECTOR_CALLS_AT_ONCE}", "/concurrency")
    options = {k: v for k, v in {**desk.options, **wish.options}.items() if v}
    names = {*desk.secrets, *wish.secrets} - {k for k, v in wish.secrets.items() if not v}
    missing = [name for name in adapter.needs if name not in options and name not in names]
    if missing:
        raise InputError("bad_options", f"{missing[0]} is missing", f"/options/{missing[0]}")
    for name, value in wish.secrets.items():
        if value:
            await safe.put(connection, desk.tenant, _prefix(desk.id) + name, value)
        else:
            await safe.drop(connection, desk.tenant, _prefix(desk.id) + name)
    done = replace(desk, options=options, secrets=tuple(sorted(names)), revision=desk.revision + 1)
    await _write(connection, actor, done, reason)
    return done


async def _write(connection: Connection, actor: Actor, desk: Desk, reason: str) -> None:
    told = {name: getattr(desk, name) for name in _COLUMNS.split(",")}
    told |= {"options": msgspec.json.encode(desk.options), "secrets": list(desk.secrets)}
    await connection.execute(_PUT, tuple(told.values()))
    await merchants.say(connection, desk.tenant, actor, tell(desk, reason))


def tell(desk: Desk, reason: str) -> ConnectorSet:
    """Give the fact of a connector as it is."""
    return ConnectorSet(
        adapter=desk.adapter,
        capability=desk.capability,
        concurrency=desk.concurrency,
        connector=str(desk.id),
        options=digest_options(desk.options),
        rate_per_s=desk.rate_per_s,
        reason=reason,
        revision=desk.revision,
        secrets=desk.secrets,
        state=desk.state,
        timeout_ms=round(desk.timeout_s * 1000),
        title=desk.title,
        trial_url=desk.trial_url,
        url=desk.url,
    )


def digest_options(options: Mapping[str, str]) -> str:
    """Give the SHA-256 of the options, in hex."""
    return hashlib.sha256(canonical.encode(dict(options))).hexdigest()


def _prefix(id_: uuid.UUID) -> str:
    return f"connector/{id_}/"
