"""Which orders a job is about: named one by one, by a filter at an instant, or by another job."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from msgspec import Struct

from danshu.hub import filters, jobs, lists, workbench
from danshu.hub.counts import Count, count_orders
from danshu.hub.workbench import Place
from danshu.kernel.errors import InputError
from danshu.kernel.limits import BULK_IDS, JOB_CHUNK

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from danshu.hub.compose import Hub
    from danshu.hub.filters import Asked


class Selection(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Orders: `ids`; or those of the filter `f` as it is read at `at_ms` by `me`, placed before
    that; or those that the job `of` did, or (`failed`) could not do.
    """

    ids: tuple[uuid.UUID, ...] = ()
    f: str | None = None
    at_ms: int = 0
    me: str = ""
    of: uuid.UUID | None = None
    failed: bool = False


def check(which: Selection) -> None:
    """Refuse a selection that names nothing, or twice. Raises InputError."""
    if bool(which.ids) == (which.f is not None):
        raise InputError("bad_field", "orders are asked for by `ids` or by `f`", "/ids")
    if len(which.ids) > BULK_IDS:
        raise InputError("too_many", f"at most {BULK_IDS} orders one by one; use `f`", "/ids")


async def resolve(hub: Hub, tenant: int, which: Selection) -> Asked:
    """Say what the filter of a selection means."""
    world = await hub.worlds.ensure(tenant)
    parsed = filters.parse(which.f or "")
    return filters.resolve(parsed, world.warehouse_no, which.me, which.at_ms)


async def count(hub: Hub, tenant: int, which: Selection) -> Count:
    """Count the orders of a selection."""
    if which.f is None:
        return Count(count=len(set(which.ids)), amounts=(), exact=True, as_of=which.at_ms)
    asked = await resolve(hub, tenant, which)
    async with hub.connection() as connection:
        return await count_orders(connection, tenant, asked)


async def find_ids(
    hub: Hub, tenant: int, which: Selection, before: uuid.UUID, limit: int = JOB_CHUNK
) -> AsyncIterator[tuple[list[tuple[uuid.UUID, bytes]], uuid.UUID]]:
    """Give the orders of a selection, newest first from `before` on, in steps of `limit`.

    With each order comes what another job noted of it. A step may be empty; its second is the
    place up to which everything was looked at.
    """
    if which.of is not None:
        async with hub.connection() as connection:
            rows = await jobs.items(
                connection, tenant, which.of, before, limit, failed=which.failed
            )
        while rows:
            before = rows[-1][0]
            yield list(rows), before
            async with hub.connection() as connection:
                rows = await jobs.items(
                    connection, tenant, which.of, before, limit, failed=which.failed
                )
        return
    if which.f is None:
        ids = sorted((i for i in set(which.ids) if i < before), reverse=True)
        for start in range(0, len(ids), limit):
            chunk = ids[start : start + limit]
            yield [(i, b"") for i in chunk], chunk[-1]
        return
    asked = await resolve(hub, tenant, which)
    at: Place | None = Place(id=min(before, lists.id_at(which.at_ms)))
    while at is not None:
        async with hub.connection() as connection:
            found = await workbench.find(connection, tenant, asked, "-placed", at, limit)
        at = found.next
        yield [(p.id, b"") for p in found.places], at.id if at else lists.FIRST
