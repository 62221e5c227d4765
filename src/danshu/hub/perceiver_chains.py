"""In which order a merchant's services of a kind are asked, and the candidate that is on trial.

A chain is of a kind and a scope ("" is everything; `store:S1`, `device_class:lathe`, `device:D1`):
the narrowest that fits an original holds. Where none is set, active services follow one another
in the order of their registration.
"""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.intake import chains
from danshu.capabilities.intake.chains import Chain
from danshu.capabilities.weave import breaker, canary
from danshu.capabilities.weave.breaker import Phase
from danshu.hub import merchants, perceiver_minutes, perceivers
from danshu.hub.perceiver_facts import PerceiverChainSet
from danshu.kernel.errors import InputError
from danshu.kernel.fact import Actor, rfc3339
from danshu.kernel.limits import PERCEIVER_CHAIN_SERVICES, PERCEIVER_CHAINS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from danshu.hub.perceivers import Perceiving

Connection = psycopg.AsyncConnection[Any]
BREAKER: Final = "breaker"
PROMOTED: Final = "promoted"
PERSON: Final = "person"
NO_CHAIN: Final = InputError("no_chain", "no order is set for this kind and scope")
NO_CANARY: Final = InputError("no_canary", "no candidate is on trial")
MARGINS: Final = canary.Margins(least=30)  # originals are fewer than calls of connectors
_ROOM: Final = Actor(sub="perceiving", role="system", grade="C")
_SCOPE: Final = re.compile(r"(device|device_class|store):[^\x00-\x1f\x7f]{1,64}")
_READ: Final = "select kind, scope, revision, body from perceiver_chains where tenant=%s"
_PUT: Final = """
insert into perceiver_chains(tenant,kind,scope,revision,body) values(%s,%s,%s,%s,%s)
on conflict (tenant,kind,scope) do update set revision=excluded.revision, body=excluded.body,
  set_at=now()
"""
_COUNT: Final = "select count(*) from perceiver_chains where tenant=%s"
_decode: Final = msgspec.json.Decoder(Chain).decode


class Head(Struct, frozen=True, kw_only=True):
    """A chain as it is set; revision 0 is that of none."""

    kind: str
    scope: str = ""
    revision: int = 0
    chain: Chain = Chain()


async def read_all(connection: Connection, tenant: int, kind: str = "") -> list[Head]:
    """Read the chains of a merchant, of one kind or all."""
    asked: tuple[Any, ...] = (tenant, kind) if kind else (tenant,)
    narrowed = f"{_READ} and kind=%s" if kind else _READ
    rows = await (await connection.execute(f"{narrowed} order by kind, scope", asked)).fetchall()
    return [
        Head(kind=row[0], scope=row[1], revision=row[2], chain=_decode(bytes(row[3])))
        for row in rows
    ]


def choose(heads: Sequence[Head], source: Mapping[str, object]) -> Head | None:
    """Give the narrowest chain that fits an original; None where none is set."""
    by_scope = {head.scope: head for head in heads}
    return next((by_scope[s] for s in chains.scopes(source) if s in by_scope), None)


async def set_services(
    connection: Connection,
    tenant: int,
    kind: str,
    scope: str,
    services: tuple[uuid.UUID, ...],
    actor: Actor,
    reason: str,
) -> Head:
    """Set who is asked, one after another; no services at all set the order aside.

    Raises InputError `bad_chain`, `bad_scope`, `canary_on`, `no_perceiver`, `too_many`.
    """
    if scope and not _SCOPE.fullmatch(scope):
        raise InputError("bad_scope", "a scope is store:…, device_class:… or device:…", "/scope")
    if len(services) > PERCEIVER_CHAIN_SERVICES or len(set(services)) != len(services):
        told = f"at most {PERCEIVER_CHAIN_SERVICES} services, each once"
        raise InputError("bad_chain", told, "/services")
    async with connection.transaction():
        head = await _lock(connection, tenant, kind, scope)
        if head.chain.candidate:
            raise InputError("canary_on", "end the trial of the candidate first")
        for id_ in services:
            await _check(connection, tenant, kind, id_)
        if not head.revision:
            row = await (await connection.execute(_COUNT, (tenant,))).fetchone()
            if row and row[0] >= PERCEIVER_CHAINS:
                raise InputError("too_many", f"at most {PERCEIVER_CHAINS} orders of services")
        chain = Chain(services=tuple([str(id_) for id_ in services]))
        return await _write(connection, tenant, head, chain, actor, reason, "")


async def begin_canary(
    connection: Connection,
    tenant: int,
    kind: str,
    scope: str,
    candidate: uuid.UUID,
    share: int,
    actor: Actor,
    reason: str,
    now_ms: int,
    *,
    shadow: bool,
) -> Head:
    """Put a candidate on trial, or change its share. `shadow`: it is compared and answers nobody.

    Raises InputError `bad_share`, `bad_candidate`, `no_chain`, `no_perceiver`.
    """
    if not 0 < share <= chains.WHOLE:
        raise InputError("bad_share", f"1 to {chains.WHOLE}", "/share")
    async with connection.transaction():
        head = await _lock(connection, tenant, kind, scope)
        services = head.chain.services
        if not services:
            raise NO_CHAIN
        await _check(connection, tenant, kind, candidate)
        if str(candidate) == services[0]:
            raise InputError("bad_candidate", "it is the first already", "/candidate")
        is_same = head.chain.candidate == str(candidate) and head.chain.shadow == shadow
        chain = Chain(
            services=services,
            candidate=str(candidate),
            share=share,
            shadow=shadow,
            began=head.chain.began if is_same else rfc3339(_next_minute(now_ms)),
        )
        if not is_same:  # somebody says that it works, whatever opened its breaker before
            await perceiver_minutes.close_breaker(connection, tenant, candidate)
        return await _write(connection, tenant, head, chain, actor, reason, "")


async def end_canary(
    connection: Connection, tenant: int, kind: str, scope: str, actor: Actor, reason: str, by: str
) -> Head:
    """End a trial: `by` promoted puts the candidate first, anything else leaves it out.

    Raises InputError `no_canary`.
    """
    async with connection.transaction():
        head = await _lock(connection, tenant, kind, scope)
        candidate = head.chain.candidate
        if not candidate:
            raise NO_CANARY
        services = head.chain.services
        if by == PROMOTED:
            others = tuple([id_ for id_ in services if id_ != candidate])
            services = (candidate, *others)[:PERCEIVER_CHAIN_SERVICES]
        return await _write(connection, tenant, head, Chain(services=services), actor, reason, by)


async def judge(connection: Connection, tenant: int, head: Head, now_ms: int) -> str:
    """Roll a candidate back that is worse than the first of its chain; gives by what, "" = not.

    Failures, refusals and latencies are held against one another as a connector's are, from the
    first whole minute on; one whose breaker opens goes back at once.
    """
    told = head.chain
    if not told.candidate or not told.services:
        return ""
    pair = (uuid.UUID(told.candidate), uuid.UUID(told.services[0]))
    counts = await perceiver_minutes.read_since(connection, tenant, pair, told.began)
    worse = canary.judge(counts[pair[0]], counts[pair[1]], MARGINS)
    if worse is not None:
        by = worse.by
        reason = f"{by}: {worse.candidate} against {worse.replaced} in {worse.tries}"
    else:
        candidate = await perceivers.read(connection, tenant, pair[0])
        if breaker.look(candidate.breaker, now_ms) is not Phase.OPEN:
            return ""
        by, reason = BREAKER, f"{candidate.breaker.streak} failures in a row"
    try:
        await end_canary(connection, tenant, head.kind, head.scope, _ROOM, reason, by)
    except InputError:  # somebody ended it meanwhile
        return ""
    return by


def _next_minute(at_ms: int) -> int:
    minute_ms = perceiver_minutes.MINUTE_MS
    return (at_ms // minute_ms + 1) * minute_ms


async def _check(connection: Connection, tenant: int, kind: str, id_: uuid.UUID) -> Perceiving:
    service = await perceivers.read(connection, tenant, id_)
    if service.kind != kind:
        raise InputError("bad_chain", f"{service.title} is for {service.kind}", "/services")
    return service


async def _lock(connection: Connection, tenant: int, kind: str, scope: str) -> Head:
    key = f"perceiver_chain/{tenant}/{kind}/{scope}"
    await connection.execute("select pg_advisory_xact_lock(hashtextextended(%s,0))", (key,))
    heads = await read_all(connection, tenant, kind)
    return next((head for head in heads if head.scope == scope), Head(kind=kind, scope=scope))


async def _write(
    connection: Connection,
    tenant: int,
    head: Head,
    chain: Chain,
    actor: Actor,
    reason: str,
    by: str,
) -> Head:
    done = replace(head, revision=head.revision + 1, chain=chain)
    body = msgspec.json.encode(chain)
    await connection.execute(_PUT, (tenant, done.kind, done.scope, done.revision, body))
    await merchants.say(connection, tenant, actor, tell(done, reason, by))
    return done


def tell(head: Head, reason: str = "", by: str = "") -> PerceiverChainSet:
    """Give the fact of a chain as it is."""
    return PerceiverChainSet(
        began=head.chain.began,
        by=by,
        candidate=head.chain.candidate,
        kind=head.kind,
        reason=reason,
        revision=head.revision,
        scope=head.scope,
        services=head.chain.services,
        shadow=head.chain.shadow,
        share=head.chain.share,
    )
