"""What is in an original, by a merchant's services in their order: the next where one fails.

A service that is paused, left alone by its breaker, beyond its quota, late, away or that answers
nonsense is followed by the next; one that says that the original is no such thing ends it, for the
others would hear no more. What was perceived is kept for a while: a second reading costs nothing.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.capabilities.intake import chains, perceptions
from danshu.capabilities.weave.woven import Woven
from danshu.hub import (
    outside,
    perceiver_cache,
    perceiver_chains,
    perceiver_mapping,
    perceiver_minutes,
    perceivers,
    perceiving_alone,
    perceiving_child,
    tracing,
    weaving,
    wires,
)
from danshu.hub.perceiver_minutes import Ended
from danshu.kernel.errors import Busy, DanshuError, InputError, NotAvailable
from danshu.kernel.limits import (
    PERCEIVER_ANSWER_BYTES,
    PERCEIVER_RETRY_S,
    PERCEIVERS_AT_ONCE,
    REASON_CHARS,
)
from danshu.ports.perceiver import Perception, Talker

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from danshu.hub.compose import Hub
    from danshu.hub.perceiver_chains import Head
    from danshu.hub.perceivers import Perceiving
    from danshu.ports.connector import Account
    from danshu.ports.modality import Original

_log = logging.getLogger("danshu.perceiving")
_OURS: Final = frozenset(
    {"bad_url", "provider_fails", "expression_costly", "bad_mapping", "bad_options", "no_secret"}
)
"""Codes of an InputError that speak of how the service is set up, not of the original."""
_SHADOWS_AT_ONCE: Final = 4
_under_way: set[object] = set()
_shadows: set[asyncio.Task[None]] = set()


class Seen(Struct, frozen=True, kw_only=True):
    """What a service saw; `cost` in thousandths of 分; `kept`: it was seen before."""

    perception: Perception
    took_ms: int = 0
    cost: int = 0
    kept: bool = False


async def perceive(
    hub: Hub,
    tenant: int,
    kind: str,
    original: Original,
    hints: Mapping[str, object] | None = None,
) -> Perception:
    """Let the services of a kind look at an original, one after another until one has seen it.

    Raises InputError where it is no original of this kind, NotAvailable where none could look.
    """
    told = dict(hints or {})
    services, head = await _plan(hub, tenant, kind, original, told)
    troubles = []
    costly: InputError | None = None
    for service in services:
        try:
            seen = await ask(hub, service, original, told)
        except (InputError, NotAvailable) as error:
            if isinstance(error, InputError):
                if error.code != perceiving_alone.TOO_COSTLY:
                    raise
                costly = error  # another, on another machine, may have more time for it
            troubles.append(f"{service.title}: {error.detail}")
            await _judge(hub, tenant, head, service)
            continue
        await _judge(hub, tenant, head, service)
        if head is not None and head.chain.shadow and chains.pick(head.chain, original.digest):
            _follow(hub, tenant, head, original, told, seen.perception)
        return seen.perception
    if costly is not None:
        raise costly
    said = "; ".join(troubles) or f"nothing that perceives {kind} is plugged in or registered"
    raise NotAvailable(said[:REASON_CHARS], PERCEIVER_RETRY_S)


async def _plan(
    hub: Hub, tenant: int, kind: str, original: Original, hints: Mapping[str, object]
) -> tuple[Sequence[Perceiving], Head | None]:
    """Give who is asked, in order, and the chain that says so."""
    async with hub.connection() as connection:
        services = await perceivers.read_all(connection, tenant, kind)
        if not services:
            return perceivers.defaults(tenant, kind), None
        head = perceiver_chains.choose(
            await perceiver_chains.read_all(connection, tenant, kind), hints
        )
    if head is None or not head.chain.services:
        return services, None
    by_id = {str(service.id): service for service in services}
    order = chains.order(head.chain, original.digest)
    return [by_id[id_] for id_ in order if id_ in by_id], head


async def ask(
    hub: Hub,
    service: Perceiving,
    original: Original,
    hints: Mapping[str, object],
    *,
    anew: bool = False,
) -> Seen:
    """Ask one service, count it, and hold its answer to what an original can hold.

    Raises InputError where the original is no such thing, NotAvailable (Skipped, BadAnswer) where
    the service did not see it.
    """
    key = perceiver_cache.key(service, original, hints)
    at_ms = hub.clock()
    async with hub.connection() as connection:
        kept = None if anew else await perceiver_cache.read(connection, service.tenant, key)
        if kept is not None:
            return Seen(perception=kept, kept=True)
        if len(_under_way) >= PERCEIVERS_AT_ONCE:
            raise Busy("too many originals are being looked at", 1)
        is_probe = await perceiver_minutes.take(connection, service, at_ms)
        account = await perceivers.open_account(connection, service)
    mark, began = object(), time.perf_counter()
    _under_way.add(mark)
    seen: Perception | None = None
    refused: InputError | None = None
    code = trouble = ""
    try:
        async with asyncio.timeout(service.timeout_ms / 1000):
            seen = perceptions.hold(await _look(service, account, original, hints))
    except TimeoutError:
        code, trouble = "timeout", f"no answer within {service.timeout_ms} ms"
    except InputError as error:
        if error.code not in _OURS:
            refused = error
        code, trouble = error.code, error.detail
    except NotAvailable as error:
        code, trouble = error.code, error.detail
    except Exception as error:  # noqa: BLE001 - logged; an adapter is somebody else's code
        _log.exception("%s cannot look at %s", service.adapter, original.digest)
        code, trouble = "program", type(error).__name__
    finally:
        _under_way.discard(mark)
    took_s = time.perf_counter() - began
    ended = _ended(seen, refused, code, trouble, round(took_s * 1000))
    tracing.note("perceiver.call", took_s, trouble=trouble, adapter=service.adapter, end=ended.end)
    async with hub.connection() as connection:
        cost = await perceiver_minutes.end(connection, service, ended, at_ms, is_probe=is_probe)
        if seen is not None:
            await perceiver_cache.write(connection, service.tenant, key, original.digest, seen)
    if refused is not None:
        raise refused
    if seen is None:
        raise perceiver_minutes.Skipped(code, trouble, PERCEIVER_RETRY_S)
    return Seen(perception=seen, took_ms=ended.took_ms, cost=cost)


def _ended(
    seen: Perception | None, refused: InputError | None, code: str, trouble: str, took_ms: int
) -> Ended:
    if seen is None:
        end = "failed" if refused is None else "refused"
        return Ended(end=end, took_ms=took_ms, code=code[:64], trouble=trouble if code else "")
    return Ended(
        end="done",
        took_ms=took_ms,
        version=f"{seen.engine} {seen.version}".strip()[:200],
        digest=seen.digest[:64],
        heard_ms=seen.duration_ms,
        pages=len(seen.pages),
    )


async def _look(
    service: Perceiving, account: Account, original: Original, hints: Mapping[str, object]
) -> Perception:
    adapter = perceivers.load(service.adapter)
    if adapter.local:
        return await perceiving_child.perceive_local(
            service.adapter,
            account,
            original.body,
            original.media_type,
            {**hints, "name": original.name},
        )
    if service.mapping is not None:
        adapter = perceiver_mapping.HttpJson(service.kind, service.mapping)
    weaving.guard(Woven(code="service", base_url=service.url))
    # Who waits gives up first, so that late is called late.
    timeout_s = service.timeout_ms / 1000 + 1
    reach = outside.Reach(timeout_s, PERCEIVER_ANSWER_BYTES, PERCEIVER_RETRY_S)
    async with wires.open_wire() as wire:
        told = {**hints, "name": original.name}
        if isinstance(adapter, Talker):
            talk = wires.talker(wire, service.title, reach)
            return await adapter.converse(account, talk, original.body, original.media_type, told)
        send = wires.sender(wire, service.title, reach)
        return await adapter.perceive(account, send, original.body, original.media_type, told)


async def _judge(hub: Hub, tenant: int, head: Head | None, service: Perceiving) -> None:
    """Look whether the candidate that has just been asked is worse than what it is to replace."""
    if head is None or head.chain.candidate != str(service.id):
        return
    async with hub.connection() as connection:
        by = await perceiver_chains.judge(connection, tenant, head, hub.clock())
    if by:
        _log.warning("candidate of %s rolled back: %s", head.kind, by)


def _follow(
    hub: Hub,
    tenant: int,
    head: Head,
    original: Original,
    hints: Mapping[str, object],
    answered: Perception,
) -> None:
    """Have the candidate look too, beside whoever waits; it answers nobody and is compared."""
    if len(_shadows) >= _SHADOWS_AT_ONCE:
        return

    async def shadow() -> None:
        try:
            await compare(hub, tenant, head, original, hints, answered)
        except DanshuError as error:
            _log.info("the candidate of %s saw nothing: %s", head.kind, error)

    task = asyncio.create_task(shadow())
    _shadows.add(task)
    task.add_done_callback(_shadows.discard)


async def compare(
    hub: Hub,
    tenant: int,
    head: Head,
    original: Original,
    hints: Mapping[str, object],
    answered: Perception,
) -> int:
    """Ask the candidate of a chain and count in thousandths how far it agrees with an answer.

    Raises as `ask`.
    """
    async with hub.connection() as connection:
        services = await perceivers.read_all(connection, tenant, head.kind)
    candidate = next((s for s in services if str(s.id) == head.chain.candidate), None)
    if candidate is None:
        raise perceivers.NO_PERCEIVER
    seen = await ask(hub, candidate, original, hints)
    agreed = chains.agree(seen.perception, answered)
    async with hub.connection() as connection:
        await perceiver_minutes.compare(connection, candidate, agreed, hub.clock())
    await _judge(hub, candidate.tenant, head, candidate)
    return agreed
