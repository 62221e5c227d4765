"""What follows a move of the policy head: the next snapshot is made, and worlds take it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from danshu.capabilities.routing.policy.model import INTERCEPT, ROUTING
from danshu.hub import pictures
from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    from danshu.capabilities.routing.policy.model import PolicyKind
    from danshu.hub.compose import Hub


async def spread(hub: Hub, tenant: int, kind: PolicyKind = ROUTING) -> None:
    """Make the snapshot that names what rules now, and let this server take it at once; others
    take it within a second. A merchant without a network has nothing to decide yet.
    """
    try:
        world = await hub.worlds.ensure(tenant)
    except InputError:
        return
    if kind == INTERCEPT:  # no snapshot names what only stops orders
        await hub.worlds.look()
        return
    async with hub.connection() as connection:
        await pictures.renew(connection, tenant, world.snapshot.network, hub.clock())
    await hub.worlds.look()
