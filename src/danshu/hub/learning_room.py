"""The room `learning`: asks models about open orders every LEARNING_LOOK_S where something moved,
and once a night watches them and works lanes and habits out, all in a child process.

It never trains by itself but once: a merchant of whose orders LEARNING_FEW have ended, and that has
no model yet, gets its first ones in the night.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from danshu.capabilities.orders.model import State
from danshu.hub import learning, learning_child
from danshu.hub.nightly import Due, Nightly
from danshu.hub.worlds import now_ms
from danshu.kernel.errors import InputError
from danshu.kernel.limits import LEARNING_FEW, LEARNING_LOOK_S
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from danshu.hub.job_child import Told

Connection = Any
ROOM: Final = "learning"
LOOKS: Final = Nightly(
    table="learning_looks",
    kept=("outcome",),
    unasked="(exists (select 1 from learning_models m where m.tenant=t.id)"
    " or exists (select 1 from orders o where o.tenant=t.id"
    f" and o.state in ({int(State.DELIVERED)},{int(State.COMPLETED)}) offset {LEARNING_FEW}))",
)
LOOKED: Final = "looked"
TRAINED: Final = "trained"
FAILED: Final = "failed"
_HAS_MODELS: Final = "select exists (select 1 from learning_models where tenant=%s)"
_DUE: Final = """
select m.tenant from (select distinct tenant from learning_models where target='late'
  and state in ('base','champion')) m left join learning_asked a on a.tenant=m.tenant
where a.asked is null or a.asked <= %s order by a.asked nulls first, m.tenant limit 1
"""
_TROUBLE: Final = """
insert into learning_asked(tenant,asked,trouble) values (%s,%s,%s)
on conflict (tenant) do update set asked=excluded.asked, trouble=excluded.trouble
"""
_log = logging.getLogger("danshu.learning")


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Make the step of the room; 1 when another merchant may be due."""

    async def step(connection: Connection) -> int:
        at_ms = now_ms()

        async def look(looking: Connection, due: Due, _at_ms: int) -> tuple[str]:
            row = await (await looking.execute(_HAS_MODELS, (due.tenant,))).fetchone()
            what = learning_child.LOOK if row[0] else learning_child.TRAIN
            said = await _run(looking, url, due.tenant, what)
            return (FAILED if said else TRAINED if what == learning_child.TRAIN else LOOKED,)

        if await LOOKS.look_due(connection, at_ms, look):
            return 1
        before = write.instant((at_ms - LEARNING_LOOK_S * 1_000) * 1_000)
        row = await (await connection.execute(_DUE, (before,))).fetchone()
        if row is None:
            return 0
        await _run(connection, url, row[0], learning_child.ASK)
        return 1

    return step


async def _run(connection: Connection, url: str, tenant: int, what: str) -> str:
    """Run the child; gives what went wrong, which is kept for the page ("" = nothing)."""

    async def goes_on(told: Told | None) -> bool:
        del told
        return True

    try:
        await learning.run(url, tenant, what, goes_on)
    except InputError as error:
        _log.warning("tenant %s: %s: %s", tenant, what, error)
        told = (tenant, write.instant(now_ms() * 1_000), str(error)[:200])
        await connection.execute(_TROUBLE, told)
        return str(error)
    return ""
