"""The policy sets at work in one merchant's world: the live one, and what stands beside it.

A set is compiled once for all worlds, by its digest; an engine is made with each snapshot. Orders
of the canary are ruled by its set; the ruling then names it even when it says nothing of them.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.capabilities.routing.policy import model
from danshu.capabilities.routing.policy.engine import Compiled, OrderView, PolicyEngine
from danshu.capabilities.routing.ruling import Ruling
from danshu.capabilities.routing.snapshot import Snapshot
from danshu.hub import incident_rows, policy_sets
from danshu.hub.policy_sets import Canary
from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    import uuid

    import psycopg

    from danshu.capabilities.routing.policy.model import PolicySet

    Connection = psycopg.AsyncConnection[Any]

UNREADABLE: Final = "策略集读不出"
_KEPT: Final = 256
_compiled: OrderedDict[str, Compiled] = OrderedDict()
_BODIES: Final = "select digest, body from policy_sets where tenant=%s and digest = any(%s)"


class Arms(Struct, kw_only=True, eq=False):
    """Who rules on one snapshot; `no` is the move of the policy head that this was read at."""

    snapshot: Snapshot
    no: int = 0
    live: PolicyEngine | None = None
    canary: PolicyEngine | None = None
    rule: Canary = Canary()
    shadow: PolicyEngine | None = None
    silent: Ruling | None = None  # of the canary, about whom it says nothing
    lost: Ruling | None = None  # of every order, while the live set cannot be read

    def ask(self, order: uuid.UUID, view: OrderView, now_ms: int) -> Ruling | None:
        """Say what policy says of an order; None for nothing."""
        if self.lost is not None:
            return self.lost
        canary = self.canary
        if canary is not None and self.rule.takes(
            canary.compiled.digest, order, view.channel, view.region
        ):
            return canary.rule(view, now_ms) or self.silent
        return self.live.rule(view, now_ms) if self.live is not None else None


def compile_set(policy: PolicySet) -> Compiled:
    """Compile a set, or give it from memory. Raises InputError `policy` for one that cannot be."""
    found = _compiled.get(policy.digest)
    if found is None:
        found = _compiled[policy.digest] = Compiled(policy)
        while len(_compiled) > _KEPT:
            _compiled.popitem(last=False)
    else:
        _compiled.move_to_end(policy.digest)
    return found


async def load(connection: Connection, tenant: int, snapshot: Snapshot) -> Arms:
    """Read what rules now, for decisions on a snapshot: its own set, and the head's others."""
    head = await policy_sets.read_head(connection, tenant)
    wanted = {d for d in (snapshot.policy, head.canary, head.shadow) if d}
    ready = {digest: _compiled[digest] for digest in wanted if digest in _compiled}
    missing = [bytes.fromhex(digest) for digest in wanted if digest not in ready]
    if missing:
        cursor = await connection.execute(_BODIES, (tenant, missing))
        for digest, body in await cursor.fetchall():
            try:
                ready[bytes(digest).hex()] = compile_set(model.read(bytes(body)))
            except InputError as error:
                await report(connection, tenant, bytes(digest).hex(), error)

    def engine(digest: str) -> PolicyEngine | None:
        return PolicyEngine(ready[digest], snapshot) if digest in ready else None

    live = snapshot.policy
    lost = Ruling(policy=live, review=UNREADABLE) if live and live not in ready else None

    return Arms(
        snapshot=snapshot,
        no=head.no,
        live=engine(snapshot.policy),
        canary=engine(head.canary),
        rule=head.rule,
        shadow=engine(head.shadow),
        silent=Ruling(policy=head.canary) if head.canary else None,
        lost=lost,
    )


async def report(connection: Connection, tenant: int, digest: str, error: InputError) -> None:
    """Have people told of a set that is stored and cannot be read: no order may pass it unseen,
    and none is lost, so each waits for a person until the set before rules again.
    """
    await incident_rows.tell(connection, tenant, incident_rows.POLICY, digest, str(error)[:200])
