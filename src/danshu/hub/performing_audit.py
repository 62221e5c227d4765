"""The audit's folder of acts: those done are what their facts say, those under way claim nothing
that no fact said.

An act under way is a row before there is a fact about it. What it rests on was said: its order, the
version of its action type, the delegation by which it is done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg

from danshu.capabilities.contract.performing.facts import ActionPerformed
from danshu.capabilities.orders.facts import OrderPlaced
from danshu.capabilities.people.facts import DelegationGiven, DelegationWithdrawn
from danshu.hub import performing_rows
from danshu.hub.action_facts import ActionPublished
from danshu.hub.completing import Performed
from danshu.kernel import canonical, ids
from danshu.kernel.errors import InputError
from danshu.kernel.fact import epoch_ms
from danshu.ledger.findings import Difference

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator

    from danshu.hub.performing_rows import Act
    from danshu.kernel.fact import Fact

Connection = psycopg.AsyncConnection[Any]
Row = tuple[Any, ...]
_FOREVER_MS: Final = 2**62
_decode: Final = msgspec.json.Decoder(Performed).decode


class PerformingFolder:
    """Folds the acts of each order's stream and compares the rows of acts done and under way."""

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._orders: set[uuid.UUID] = set()
        self._done: dict[str, Row] = {}  # by the id of the fact
        self._published: set[Row] = set()  # action, version, digest
        self._given: dict[uuid.UUID, list[Any]] = {}  # action, giver, taker, begins, ends
        self._rests: list[Act] = []  # what is looked up when everything is folded

    @property
    def types(self) -> frozenset[str]:
        """Acts done, and what acts rest on: orders, published types, delegations."""
        return frozenset(
            {
                *("action.performed", "action.published", "order.placed"),
                *("delegation.given", "delegation.withdrawn"),
            }
        )

    def fold(self, fact: Fact) -> None:
        """Take in one fact."""
        data = fact.data
        match data:
            case OrderPlaced():
                self._orders.add(fact.stream)
            case ActionPublished():
                self._published.add((data.code, data.version, data.digest))
            case ActionPerformed():
                self._done[fact.id] = (
                    *(fact.stream, data.action, data.version, data.definition, data.fulfilment),
                    *(fact.actor.sub, fact.actor.role, fact.actor.grade, data.delegated_by),
                    *(data.statement, data.signature, epoch_ms(data.began)),
                )
            case DelegationGiven():
                span = epoch_ms(data.begins), epoch_ms(data.ends)
                self._given[fact.stream] = [data.action, data.giver, data.to, *span]
            case DelegationWithdrawn():
                given = self._given[fact.stream]
                given[4] = min(given[4], epoch_ms(fact.time))

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Compare the acts on the orders of this range."""
        found: list[Difference] = []
        stored: dict[str, Row] = {}
        for act in await performing_rows.read_span(connection, self._tenant, first, end):
            where = f"performances {act.id}"
            if act.order not in self._orders:
                found.append(_differ("act_alone", where, "it is on no order"))
            self._rests.append(msgspec.structs.replace(act, statement=b"", told=b""))
            found += [_differ("act_differs", where, why) for why in _odd(act)]
            if act.state == "done":
                fact, row = _told(act)
                if row is None or fact in stored:
                    found.append(_differ("act_differs", where, "what it told is not readable"))
                else:
                    stored[fact] = row
        found += [
            _differ("act_differs", f"act {fact}", f"row {stored.get(fact)}, facts {said}")
            for fact in sorted(stored.keys() | self._done.keys())
            if stored.get(fact) != (said := self._done.get(fact))
        ]
        self._orders.clear()
        self._done.clear()
        return found

    async def finish(self, connection: Connection) -> list[Difference]:
        """Look up what the acts rest on, now that all of it is folded."""
        del connection
        found = []
        for act in self._rests:
            where = f"performances {act.id}"
            if (act.action, act.version, act.definition) not in self._published:
                found.append(_differ("act_differs", where, "its action type was never published"))
            if act.delegated_by and not any(self._lend(act)):
                found.append(_differ("act_differs", where, "nobody lent the right to it"))
        return found

    def _lend(self, act: Act) -> Iterator[bool]:
        """Tell of each delegation whether it let the doer begin when the act was made."""
        want = [act.action, act.delegated_by, act.sub]
        for *who, begins_ms, ends_ms in self._given.values():
            yield who == want and begins_ms <= ids.made_ms(act.id) < ends_ms


def _odd(act: Act) -> Iterator[str]:
    """Say what an act's row gets wrong about itself."""
    if not act.began_ms <= act.ends_ms < _FOREVER_MS:
        yield "it ends before it began"
    if act.state != "done" and act.told:
        yield "it is not done, and told that it is"
    if act.state == "cancelled" and act.statement:
        yield "it was given up, and has a statement"
    if act.statement:
        try:
            said = canonical.decode(act.statement)
        except InputError as error:
            yield f"its statement is none: {error}"
            return
        row = (act.action, act.version, act.definition, str(act.order))
        shown = tuple([said.get(n) for n in ("action", "version", "definition", "order")])
        if shown != row:
            yield f"its statement speaks of {shown}"


def _told(act: Act) -> tuple[str, Row | None]:
    """Give the fact that an act says it became, and what that fact must say."""
    try:
        told = _decode(act.told)
    except msgspec.DecodeError:
        return "", None
    if (told.order, told.act, told.action, told.version) != (
        *(act.order, act.id, act.action, act.version),
    ):
        return "", None
    return told.fact, (
        *(act.order, act.action, act.version, act.definition, act.fulfilment),
        *(act.sub, act.role, told.grade, act.delegated_by),
        *(told.statement, told.signature, act.began_ms),
    )


def _differ(code: str, where: str, detail: str) -> Difference:
    return Difference(code=code, where=where, detail=detail)
