"""Services that hear, see and measure originals 感知服务: which a merchant has, how each is asked.

Its own models are asked like far sides: a local model is registered as a service, without a URL. A
merchant that registered none of a kind has what is plugged in for it and runs on this machine.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec
import psycopg
from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.weave import breaker
from danshu.capabilities.weave.breaker import Breaker
from danshu.hub import merchants, outside, perceiver_mapping
from danshu.hub.connectors import digest_options
from danshu.hub.perceiver_facts import PerceiverSet
from danshu.hub.perceiver_mapping import HTTP_JSON, HttpJson, PerceiverMapping
from danshu.kernel import ids
from danshu.kernel.errors import InputError, ProgramError
from danshu.kernel.limits import (
    PERCEIVER_PRICE,
    PERCEIVER_QUOTA,
    PERCEIVER_TIMEOUT_MS_MAX,
    PERCEIVER_TIMEOUT_MS_MIN,
    PERCEIVERS,
)
from danshu.ledger import safe
from danshu.ports import registry
from danshu.ports.connector import Account

if TYPE_CHECKING:
    from danshu.kernel.fact import Actor
    from danshu.ports.perceiver import Perceiver

Connection = psycopg.AsyncConnection[Any]
PORT: Final = "perceiver"
ACTIVE, PAUSED = "active", "paused"
NO_PERCEIVER: Final = InputError("no_perceiver", "there is no such service")
LOCAL_TIMEOUT_MS: Final = 60_000
_LOCAL: Final = uuid.UUID("5f0c6d0a-0d4e-5a3e-9c1b-7065726365ff")  # a name space of our own
_COLUMNS: Final = (
    "tenant,id,kind,adapter,title,url,label,options,mapping,secrets,state,timeout_ms,quota_minute,"
    "quota_day,price_call,price_second,price_page,revision,breaker"
)
_READ: Final = f"select {_COLUMNS} from perceivers where tenant=%s"
_ONE: Final = f"{_READ} and id=%s"
_ADD: Final = f"insert into perceivers({_COLUMNS}) values({','.join(['%s'] * 19)})"
_SET: Final = """
update perceivers set title=%s, url=%s, label=%s, options=%s, mapping=%s, secrets=%s, state=%s,
  timeout_ms=%s, quota_minute=%s, quota_day=%s, price_call=%s, price_second=%s, price_page=%s,
  revision=%s, breaker=%s where tenant=%s and id=%s
"""
_CHANGED: Final = (
    *("title", "url", "label", "options", "mapping", "secrets", "state", "timeout_ms"),
    *("quota_minute", "quota_day", "price_call", "price_second", "price_page", "revision"),
    "breaker",
)
_decode: Final = msgspec.json.Decoder(dict[str, str]).decode


class Perceiving(Struct, frozen=True, kw_only=True):
    """A service. `label` is the version that a person calls it; quotas 0 are none; prices are
    thousandths of 分 for a call, a second of sound and a page. Of secrets only the names.

    `mapping` is what its requests and answers mean, where its adapter is `http-json`.
    """

    tenant: int
    id: uuid.UUID
    kind: str
    adapter: str
    title: str
    url: str = ""
    label: str = ""
    options: dict[str, str] = {}
    mapping: PerceiverMapping | None = None
    secrets: tuple[str, ...] = ()
    state: str = ACTIVE
    timeout_ms: int = LOCAL_TIMEOUT_MS
    quota_minute: int = 0
    quota_day: int = 0
    price_call: int = 0
    price_second: int = 0
    price_page: int = 0
    revision: int = 0
    breaker: Breaker = breaker.CLOSED

    @property
    def is_default(self) -> bool:
        """Whether nobody registered it: it is there because it is plugged in."""
        return self.revision == 0


class Wish(Struct, frozen=True, kw_only=True):
    """What a service is to be. Options and secrets that are left out stay as they were; an empty
    one is thrown away.
    """

    kind: str
    adapter: str
    title: str
    url: str = ""
    label: str = ""
    options: Mapping[str, str] = {}
    mapping: PerceiverMapping | None = None
    secrets: Mapping[str, str] = {}
    timeout_ms: int = LOCAL_TIMEOUT_MS
    quota_minute: int = 0
    quota_day: int = 0
    price_call: int = 0
    price_second: int = 0
    price_page: int = 0


def load(adapter: str) -> Perceiver:
    """Give what is plugged in under a name, or the one that is mapped by its merchant.

    Raises InputError `unknown_adapter`.
    """
    if adapter == HTTP_JSON:
        return HttpJson()
    try:
        return cast("Perceiver", registry.load(PORT, adapter))
    except ProgramError:
        raise InputError("unknown_adapter", f"no adapter {adapter!r}", "/adapter") from None


def adapters() -> dict[str, Perceiver]:
    """Give every adapter by its name; one that can't be loaded is left out."""
    found: dict[str, Perceiver] = {}
    for name in (*registry.names(PORT), HTTP_JSON):
        try:
            found[name] = load(name)
        except InputError:
            continue
    return found


def defaults(tenant: int, kind: str) -> list[Perceiving]:
    """Give the local models of a kind that are plugged in, for who registered no service of it."""
    return [
        Perceiving(
            tenant=tenant,
            id=uuid.uuid5(_LOCAL, name),
            kind=kind,
            adapter=name,
            title=adapter.title,
        )
        for name, adapter in adapters().items()
        if adapter.local and adapter.kind == kind and not adapter.needs
    ]


async def read(connection: Connection, tenant: int, id_: uuid.UUID) -> Perceiving:
    """Read a service. Raises InputError `no_perceiver`."""
    row = await (await connection.execute(_ONE, (tenant, id_))).fetchone()
    if row is None:
        raise NO_PERCEIVER
    return _make(row)


async def lock(connection: Connection, tenant: int, id_: uuid.UUID) -> Perceiving:
    """Lock and read a service. Raises InputError `no_perceiver`."""
    row = await (await connection.execute(f"{_ONE} for update", (tenant, id_))).fetchone()
    if row is None:
        raise NO_PERCEIVER
    return _make(row)


async def read_all(connection: Connection, tenant: int, kind: str = "") -> list[Perceiving]:
    """Read a merchant's services, of one kind or all, in the order of their registration."""
    asked: tuple[Any, ...] = (tenant, kind) if kind else (tenant,)
    narrowed = f"{_READ} and kind=%s" if kind else _READ
    rows = await (await connection.execute(f"{narrowed} order by kind, id", asked)).fetchall()
    return [_make(row) for row in rows]


async def open_account(connection: Connection, service: Perceiving) -> Account:
    """Give the account of a service, its secrets opened. Raises NotAvailable without the key."""
    secrets: dict[str, str] = {}
    if service.secrets:
        secrets = await safe.read_all(connection, service.tenant, _prefix(service.id))
    return Account(url=service.url, options=service.options, secrets=secrets)


async def register(
    connection: Connection, tenant: int, actor: Actor, wish: Wish, now_ms: int
) -> Perceiving:
    """Register a service, active: it is asked where the order of its kind names it.

    Raises InputError `unknown_adapter`, `bad_kind`, `bad_url`, `bad_options`, `bad_limit`,
    `bad_mapping`, `too_many`.
    """
    adapter = load(wish.adapter)
    if adapter.kind and adapter.kind != wish.kind:
        raise InputError("bad_kind", f"{wish.adapter} is for {adapter.kind}", "/kind")
    async with connection.transaction():
        if len(await read_all(connection, tenant)) >= PERCEIVERS:
            raise InputError("too_many", f"at most {PERCEIVERS} services")
        empty = Perceiving(
            tenant=tenant,
            id=ids.uuid7(now_ms, os.urandom(10)),
            kind=wish.kind,
            adapter=wish.adapter,
            title=wish.title,
        )
        return await _put(connection, actor, empty, wish, adapter)


async def amend(
    connection: Connection, tenant: int, id_: uuid.UUID, actor: Actor, wish: Wish
) -> Perceiving:
    """Change how a service is asked; its adapter and kind stay. Raises as `register`."""
    adapter = load(wish.adapter)
    async with connection.transaction():
        service = await lock(connection, tenant, id_)
        if (service.adapter, service.kind) != (wish.adapter, wish.kind):
            raise InputError("adapter_stays", "register another and promote it", "/adapter")
        return await _put(connection, actor, service, wish, adapter)


async def switch(
    connection: Connection, tenant: int, id_: uuid.UUID, actor: Actor, state: str, reason: str
) -> Perceiving:
    """Pause a service, or have it asked again with its breaker closed."""
    async with connection.transaction():
        service = await lock(connection, tenant, id_)
        if service.state == state:
            return service
        done = replace(service, state=state, revision=service.revision + 1, breaker=breaker.CLOSED)
        await _write(connection, actor, done, reason)
        return done


async def _put(
    connection: Connection, actor: Actor, service: Perceiving, wish: Wish, adapter: Perceiver
) -> Perceiving:
    _check(wish, adapter)
    options = {k: v for k, v in {**service.options, **wish.options}.items() if v}
    names = {*service.secrets, *wish.secrets} - {k for k, v in wish.secrets.items() if not v}
    needs = perceiver_mapping.needs(wish.mapping) if wish.mapping else adapter.needs
    missing = [name for name in needs if name not in options and name not in names]
    if missing:
        raise InputError("bad_options", f"{missing[0]} is missing", f"/options/{missing[0]}")
    if (
        service.url
        and _origin(service.url) != _origin(wish.url)
        and not all(wish.secrets.get(name) for name in service.secrets)
    ):
        # A secret is bound to the address that it was given for.
        raise InputError("secret_again", "give the secrets anew for another address", "/secrets")
    for name, value in wish.secrets.items():
        if value:
            await safe.put(connection, service.tenant, _prefix(service.id) + name, value)
        else:
            await safe.drop(connection, service.tenant, _prefix(service.id) + name)
    named = {
        name: getattr(wish, name)
        for name in ("title", "url", "label", "mapping", "timeout_ms", *_BOUNDS)
    }
    done = replace(
        service,
        **named,
        options=options,
        secrets=tuple(sorted(names)),
        revision=service.revision + 1,
    )
    await _write(connection, actor, done, "")
    return done


_BOUNDS: Final = {
    "quota_minute": PERCEIVER_QUOTA,
    "quota_day": PERCEIVER_QUOTA,
    "price_call": PERCEIVER_PRICE,
    "price_second": PERCEIVER_PRICE,
    "price_page": PERCEIVER_PRICE,
}


def _check(wish: Wish, adapter: Perceiver) -> None:
    if not wish.kind.isascii() or not wish.kind.isidentifier() or len(wish.kind) > 32:
        raise InputError("bad_kind", "a kind is a word of small letters", "/kind")
    if adapter.local and wish.url:
        raise InputError("bad_url", "a local model has no address", "/url")
    if not adapter.local:
        outside.check_url(_http(wish.url))
    if not PERCEIVER_TIMEOUT_MS_MIN <= wish.timeout_ms <= PERCEIVER_TIMEOUT_MS_MAX:
        told = f"{PERCEIVER_TIMEOUT_MS_MIN} to {PERCEIVER_TIMEOUT_MS_MAX}"
        raise InputError("bad_limit", told, "/timeout_ms")
    for name, most in _BOUNDS.items():
        if not 0 <= getattr(wish, name) <= most:
            raise InputError("bad_limit", f"0 to {most}", f"/{name}")
    if (wish.adapter == HTTP_JSON) != (wish.mapping is not None):
        raise InputError("bad_mapping", f"{HTTP_JSON} has a mapping, others none", "/mapping")
    if wish.mapping is not None:
        perceiver_mapping.check(wish.mapping)


def _http(url: str) -> str:
    """Give the address of a WebSocket (RFC 6455) as that of the HTTP which it begins with."""
    return url.replace("ws", "http", 1) if url.startswith(("ws://", "wss://")) else url


def _origin(url: str) -> str:
    return "/".join(url.split("/")[:3]).lower()


async def _write(connection: Connection, actor: Actor, service: Perceiving, reason: str) -> None:
    told = {name: getattr(service, name) for name in _COLUMNS.split(",")}
    told |= {
        "options": msgspec.json.encode(service.options),
        "mapping": msgspec.json.encode(service.mapping) if service.mapping else b"",
        "secrets": list(service.secrets),
        "breaker": msgspec.json.encode(service.breaker),
    }
    if service.revision == 1:
        await connection.execute(_ADD, tuple(told.values()))
    else:
        changed = [told[name] for name in _CHANGED]
        await connection.execute(_SET, (*changed, service.tenant, service.id))
    await merchants.say(connection, service.tenant, actor, tell(service, reason))


def tell(service: Perceiving, reason: str) -> PerceiverSet:
    """Give the fact of a service as it is."""
    return PerceiverSet(
        adapter=service.adapter,
        kind=service.kind,
        label=service.label,
        mapping=perceiver_mapping.digest(service.mapping) if service.mapping else "",
        options=digest_options(service.options),
        perceiver=str(service.id),
        price_call=service.price_call,
        price_page=service.price_page,
        price_second=service.price_second,
        quota_day=service.quota_day,
        quota_minute=service.quota_minute,
        reason=reason,
        revision=service.revision,
        secrets=service.secrets,
        state=service.state,
        timeout_ms=service.timeout_ms,
        title=service.title,
        url=service.url,
    )


def _make(row: tuple[Any, ...]) -> Perceiving:
    told = dict(zip(_COLUMNS.split(","), row, strict=True))
    mapping = bytes(told["mapping"])
    told |= {
        "options": _decode(bytes(told["options"])),
        "mapping": perceiver_mapping.read(mapping) if mapping else None,
        "secrets": tuple(told["secrets"]),
        "breaker": msgspec.json.decode(bytes(told["breaker"]), type=Breaker),
    }
    return Perceiving(**told)


def _prefix(id_: uuid.UUID) -> str:
    return f"perceiver/{id_}/"
