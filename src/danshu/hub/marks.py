"""Marks on orders: tags and who looks after them. Each act is one commit with its fact.

They are no part of what the order owes anybody, so no machine speaks of them; but who wrote what on
an order, and whose it was, belongs to its history: the facts are of its stream.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.capabilities.marks import decide, facts, tables
from danshu.capabilities.marks.decide import Marks
from danshu.capabilities.marks.evolve import evolve
from danshu.capabilities.marks.facts import OrderAssigned as OrderAssigned
from danshu.hub import acts
from danshu.kernel.errors import Refusal
from danshu.kernel.fact import Said
from danshu.kernel.limits import PEOPLE, TAGS_SUGGESTED
from danshu.ledger.findings import Difference

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable, Sequence

    from danshu.capabilities.orders.model import Order
    from danshu.hub.changes import Change, Decide, Held
    from danshu.hub.world import World
    from danshu.kernel.fact import Actor, Fact

Connection = psycopg.AsyncConnection[Any]
Mark = facts.OrderTagged | facts.OrderUntagged | facts.OrderAssigned
_PERSON: Final = "person:"
_PEOPLE: Final = "select id,number,name,roles from people where tenant=%s and id = any(%s::uuid[])"
_STAFF: Final = (
    "select id,number,name,roles from people where tenant=%s and state='active'"
    " order by number limit %s"
)
TYPES: Final = frozenset({"order.tagged", "order.untagged", "order.assigned"})


class Wanted(Struct, frozen=True, kw_only=True):
    """What is to be marked: tags on, or off, or (`person` not None) whose the order is."""

    tags: tuple[str, ...] = ()
    off: bool = False
    person: str | None = None
    number: str = ""


class Marked(Struct, frozen=True, kw_only=True):
    """What was said, and what the order bore before."""

    said: Mark
    before: Marks


def decide_mark(marks: Marks, wanted: Wanted) -> Mark | Refusal:
    """Decide one marking on what the order bears."""
    if wanted.person is not None:
        return decide.assign(marks, wanted.person, wanted.number)
    return (decide.untag if wanted.off else decide.tag)(marks, wanted.tags)


async def mark(
    connection: Connection,
    world: World,
    id_: uuid.UUID,
    actor: Actor,
    now_ms: int,
    wanted: Wanted,
    cause: str = "",
    ask: Callable[[Order], None] | None = None,
) -> Marked | Refusal:
    """Mark an order, in one commit with its fact; `ask` raises where the rules say no.

    Raises GuardFailed as `acts.change` does.
    """
    async with connection.transaction():
        # the order's lock comes first: two people who mark it follow one another
        held = await acts.hold(connection, world, id_)
        if held is None:
            return acts.NO_ORDER
        if ask is not None:
            ask(held.order)
        before = await read(connection, world.tenant, id_)
        said = decide_mark(before, wanted)
        if isinstance(said, Refusal):
            return said
        await _write(connection, world.tenant, id_, said)
        told = await acts.change(connection, world, id_, actor, now_ms, _say(said, cause))
        if isinstance(told, Refusal):
            return told
    return Marked(said=said, before=before)


def _say(data: Mark, cause: str) -> Decide:
    def decide(_: World, held: Held, __: int) -> Change | Refusal:
        said = [Said(data=data, cause=cause)]
        return acts.Change(order=held.order, said=said, promises=held.promises)

    return decide


async def _write(connection: Connection, tenant: int, id_: uuid.UUID, said: Mark) -> None:
    if isinstance(said, facts.OrderTagged):
        await connection.execute(tables.TAG, (tenant, id_, list(said.tags)))
    elif isinstance(said, facts.OrderUntagged):
        await connection.execute(tables.UNTAG, (tenant, id_, list(said.tags)))
    elif said.person:
        await connection.execute(tables.ASSIGN, (tenant, id_, said.person))
    else:
        await connection.execute(tables.UNASSIGN, (tenant, id_))


async def read(connection: Connection, tenant: int, id_: uuid.UUID) -> Marks:
    """Read what an order bears."""
    cursor = await connection.execute(tables.READ, {"tenant": tenant, "id": id_}, binary=True)
    row = await cursor.fetchone()
    return Marks(tags=frozenset(row[0]), person=row[1] or "") if row else Marks()


async def read_many(
    connection: Connection, tenant: int, ids: Sequence[uuid.UUID]
) -> dict[uuid.UUID, tuple[tuple[str, ...], str]]:
    """Read the tags and the assignee of each order."""
    asked = {"tenant": tenant, "ids": list(ids)}
    cursor = await connection.execute(tables.READ_MANY, asked, binary=True)
    return {r[0]: (tuple(r[1]), r[2] or "") for r in await cursor.fetchall()}


async def suggest(connection: Connection, tenant: int) -> list[str]:
    """List the tags that orders bear, by name; TAGS_SUGGESTED at most."""
    asked = {"tenant": tenant, "limit": TAGS_SUGGESTED}
    cursor = await connection.execute(tables.SUGGEST, asked)
    return [r[0] for r in await cursor.fetchall()]


class Colleague(Struct, frozen=True, kw_only=True):
    """A person whom orders are assigned to: subject, number, name, first role."""

    person: str
    number: str
    name: str
    role: str


async def colleagues(
    connection: Connection, tenant: int, subjects: Sequence[str]
) -> dict[str, Colleague]:
    """Say who the people are that orders are assigned to, by their subjects."""
    ids = [s.removeprefix(_PERSON) for s in subjects if s.startswith(_PERSON)]
    if not ids:
        return {}
    cursor = await connection.execute(_PEOPLE, (tenant, ids))
    return {c.person: c for c in [_colleague(r) for r in await cursor.fetchall()]}


async def staff(connection: Connection, tenant: int) -> list[Colleague]:
    """List the people to whom orders can be assigned, by number; PEOPLE at most."""
    cursor = await connection.execute(_STAFF, (tenant, PEOPLE))
    return [_colleague(r) for r in await cursor.fetchall()]


def _colleague(row: tuple[Any, ...]) -> Colleague:
    return Colleague(
        person=f"{_PERSON}{row[0]}", number=row[1], name=row[2], role=row[3][0] if row[3] else ""
    )


class MarksFolder:
    """The audit: folds each order's marks and compares the rows."""

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._marks: dict[uuid.UUID, Marks] = {}

    @property
    def types(self) -> frozenset[str]:
        """What marks an order."""
        return TYPES

    def fold(self, fact: Fact) -> None:
        """Take in one fact; orders without marks are not remembered."""
        if isinstance(fact.data, facts.OrderTagged | facts.OrderUntagged | facts.OrderAssigned):
            before = self._marks.get(fact.stream, Marks())
            self._marks[fact.stream] = evolve(before, fact.data)

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Compare the rows of the orders [first, end) and forget them."""
        asked = {"tenant": self._tenant, "first": first, "end": end}
        cursor = await connection.execute(tables.RANGE, asked, binary=True)
        stored = {r[0]: (frozenset(r[1]), r[2]) async for r in cursor}
        folded = {i: (m.tags, m.person) for i, m in self._marks.items() if m.tags or m.person}
        self._marks.clear()
        return [
            Difference(
                code="marks_differ",
                where=f"marks {id_}",
                detail=f"row {_told(stored.get(id_))}, facts {_told(folded.get(id_))}",
            )
            for id_ in sorted(stored.keys() | folded.keys())
            if stored.get(id_) != folded.get(id_)
        ]

    async def finish(self, connection: Connection) -> list[Difference]:
        """Nothing adds up over days here."""
        return []


def _told(marks: tuple[frozenset[str], str] | None) -> str:
    return f"{sorted(marks[0])} {marks[1]!r}" if marks else "none"
