"""The timeline of an order in business words: what happened, who says so, and what is awaited."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.orders import decide, model
from danshu.capabilities.orders.machines import ORDER
from danshu.hub import modelling, presale
from danshu.hub import timeline_figures as figures
from danshu.hub import timeline_pieces as pieces
from danshu.hub.timeline_words import AWAITED, GRADES, HOLDS, ROLES, TOLD
from danshu.kernel import fact, merkle
from danshu.kernel.fact import rfc3339
from danshu.ledger import prove

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from danshu.capabilities.contract.model import Promise
    from danshu.hub.views import Seen
    from danshu.hub.world import World
    from danshu.kernel.fact import Actor, Fact
    from danshu.kernel.machine import Edge
    from danshu.ledger.prove import Located

Connection = psycopg.AsyncConnection[Any]
# Facts of one type in one commit that read better as one sentence.
_TOGETHER: Final = frozenset(
    {
        "order.released",
        "order.picked",
        "order.packed",
        "order.recalled",
        "order.shipped",
        "order.delivered",
        "order.unheld",
        "promise.started",
        "promise.superseded",
        "promise.broken",
    }
)
# What the promises hear of the next step of an order.
_HEARD: Final = {
    "pay": "payment.confirmed",
    "ship": "carrier.accepted",
    "deliver": "shipment.delivered",
}
_SIGNED: Final = "select half, signed from books where tenant=%s"
_PERSONS: Final = "select id, number from people where tenant=%s and id = any(%s)"


class Who(Struct, frozen=True, kw_only=True):
    """Who says it: the role in words, the name or number, the grade and what it does not show."""

    kind: str  # system | channel | key | person
    role: str
    role_word: str
    name: str
    grade: str
    grade_note: str


class FactPlace(Struct, frozen=True, kw_only=True):
    """A fact of an entry: its digest (RFC 6962 leaf, hex) and its leaf, None before the log."""

    seq: int
    type: str
    digest: str
    half: str
    index: int | None
    sealed: bool


class Entry(Struct, frozen=True, kw_only=True):
    """One thing that happened. `{name}` in `detail` stands for a figure.

    `evidence` are the bytes that it rests on, those of the vault aside. `occurred` is the claim of
    who says so, `recorded` when the hub took it in; RFC 3339.
    """

    kind: str
    icon: str
    title: str
    detail: str
    figures: tuple[figures.Figure, ...]
    who: Who
    occurred: str
    recorded: str
    clock: str
    sealed: bool
    evidence: tuple[pieces.Piece, ...]
    facts: tuple[FactPlace, ...]


class AwaitedPromise(Struct, frozen=True, kw_only=True):
    """A promise whose clock the awaited event stops; `due` is "" before it runs."""

    code: str
    name: str
    due: str


class Awaited(Struct, frozen=True, kw_only=True):
    """What is waited for next."""

    event: str
    icon: str
    title: str
    detail: str
    figures: tuple[figures.Figure, ...]
    promises: tuple[AwaitedPromise, ...]


class Timeline(Struct, frozen=True, kw_only=True):
    """Entries, oldest first; `next` is `after` of the following page, 0 at the end."""

    order: uuid.UUID
    lang: str
    entries: tuple[Entry, ...]
    awaited: tuple[Awaited, ...]
    facts: int
    sealed: int
    next: int


def names_of(
    world: World, order: model.Order, lang: str, actions: Mapping[str, str] | None = None
) -> figures.Names:
    """Give what the codes of a merchant are called, in a language."""
    return figures.Names(
        lang=lang,
        warehouses={w.code: w.name for w in world.warehouses},
        regions=dict(
            zip(world.snapshot.network.regions, world.snapshot.network.region_names, strict=True)
        ),
        promises={c.code: c.definition.name.pick(lang) for c in world.book.values()},
        actions=actions or {},
        stages=presale.name_stages(world, order, lang),
        currency=order.currency,
    )


async def read(
    connection: Connection, world: World, seen: Seen, lang: str, after: int, commits: int
) -> Timeline:
    """Read the facts after position `after` as entries, `commits` at most, and what is awaited."""
    found = await prove.locate(connection, world.tenant, seen.id, after, commits)
    cursor = await connection.execute(_SIGNED, (world.tenant,))
    signed: dict[str, int] = dict(await cursor.fetchall())
    read_facts = [[(each, _read(each.body)) for each in commit] for commit in found]
    persons = await _persons(
        connection, world.tenant, [f.actor.sub for commit in read_facts for _, f in commit]
    )
    types = await modelling.list_active(connection, world.tenant)
    called = {code: action.name.pick(lang) for code, (action, _) in types.items()}
    names = names_of(world, seen.order, lang, called)
    media = await pieces.read_media(connection, world.tenant, [f for c in read_facts for _, f in c])
    entries: list[Entry] = []
    for commit in read_facts:
        entries += [_tell(group, names, persons, signed, media) for group in _group(commit)]
    last = found[-1][-1].seq if found else seen.seq
    places = [p for e in entries for p in e.facts]
    return Timeline(
        order=seen.id,
        lang=lang,
        entries=tuple(entries),
        awaited=tuple(await_next(seen.order, seen.promises, names)),
        facts=len(places),
        sealed=sum(p.sealed for p in places),
        next=last if last < seen.seq else 0,
    )


def _read(body: bytes) -> Fact:
    """Read a fact; of a type that this version does not know the data stay as they are."""
    envelope = msgspec.json.decode(body, type=_Plain)
    if any(name == envelope.type for name, _ in fact.TYPES):
        return fact.read(body)
    return msgspec.json.decode(body, type=_Foreign).fact()


class _Plain(Struct, frozen=True):
    type: str


class _Foreign(Struct, frozen=True):
    actor: fact.Actor
    data: msgspec.Raw
    id: str
    occurred: str
    seq: int
    source: str
    specversion: str
    time: str
    type: str
    version: int
    clock: str = "server"

    def fact(self) -> Fact:
        """Give it as a fact with raw data."""
        return fact.Fact(**{n: getattr(self, n) for n in self.__struct_fields__})


Group = list[tuple["Located", "Fact"]]


def _group(commit: Group) -> list[Group]:
    """Put the facts of one commit together that read as one sentence."""
    groups: list[Group] = []
    for located, read_fact in commit:
        before = groups[-1][-1][1] if groups else None
        if before is not None and _reads_on(before, read_fact):
            groups[-1].append((located, read_fact))
        else:
            groups.append([(located, read_fact)])
    return groups


def _reads_on(before: Fact, now: Fact) -> bool:
    if before.type == "route.decided" and now.type == "order.allocated":
        return True
    same = before.type == now.type and now.type in _TOGETHER
    return same and getattr(before.data, "due", "") == getattr(now.data, "due", "")


def _tell(
    group: Group,
    names: figures.Names,
    persons: Mapping[str, str],
    signed: Mapping[str, int],
    media: Mapping[str, tuple[str, int]],
) -> Entry:
    first = group[0][1]
    datas = [f.data for _, f in group if f.type == first.type]
    variant, told = figures.tell(first.type, datas, names)
    named = {
        (kind, digest): pieces.Piece(
            kind=kind,
            digest=digest,
            size=size or media.get(digest, ("", 0))[1],
            media=media.get(digest, ("", 0))[0],
        )
        for _, f in group
        for kind, digest, size in pieces.of(f)
    }
    words = TOLD.get(f"{first.type}/{variant}") or TOLD.get(first.type)
    places = tuple(_place(located, f, signed) for located, f in group)
    return Entry(
        kind=first.type,
        icon=words.icon if words else "file-text",
        title=names.pick(words.title) if words else first.type,
        detail=names.pick(words.detail) if words else "",
        figures=tuple(told),
        who=tell_who(first.actor, names, persons),
        occurred=first.occurred,
        recorded=first.time,
        clock=first.clock,
        sealed=all(p.sealed for p in places),
        evidence=tuple(named.values()),
        facts=places,
    )


def _place(located: Located, read_fact: Fact, signed: Mapping[str, int]) -> FactPlace:
    at = located.position
    return FactPlace(
        seq=located.seq,
        type=read_fact.type,
        digest=merkle.leaf_hash(located.body).hex(),
        half=at.half if at else "",
        index=at.index if at else None,
        sealed=at is not None and at.index < signed.get(at.half, 0),
    )


def tell_who(actor: Actor, names: figures.Names, persons: Mapping[str, str]) -> Who:
    """Give an actor in words: a person by role and number, never by name."""
    kind, _, rest = actor.sub.partition(":")
    if kind == "person":
        name = persons.get(rest, rest[:8])
    elif kind == "channel":
        name = figures.channel_title(rest, names.lang)
    else:
        kind = "system" if actor.role == "system" else "key"
        name = actor.sub
    return Who(
        kind=kind,
        role=actor.role,
        role_word=names.word(ROLES, actor.role),
        name=name,
        grade=actor.grade,
        grade_note=names.word(GRADES, actor.grade),
    )


async def _persons(connection: Connection, tenant: int, subs: Sequence[str]) -> dict[str, str]:
    """Give the numbers of the people among some actors, by id."""
    found = []
    for sub in set(subs):
        kind, _, rest = sub.partition(":")
        if kind == "person":
            try:
                found.append(uuid.UUID(rest))
            except ValueError:
                continue
    if not found:
        return {}
    cursor = await connection.execute(_PERSONS, (tenant, found))
    return {str(id_): number for id_, number in await cursor.fetchall()}


def await_next(
    order: model.Order, promises: Sequence[Promise], names: figures.Names
) -> list[Awaited]:
    """Tell what an order waits for, by its machine; nothing once it has ended."""
    stage = model.stage(order)
    if order.kind == "return" or stage in (model.State.COMPLETED, model.State.CANCELLED):
        return []
    if order.holds and stage < model.State.SHIPPED:
        return [_awaited(_lifts(order), promises, names, _because(order, names))]
    able = [e for e in ORDER.edges if e.source == stage.word and _goes_on(e)]
    event = next((e.event for e in able if e.event != "confirm"), "")
    if event == "":
        return []
    open_units = sum(decide.open_units(n) for n in order.lines)
    return [_awaited(event, promises, names, [figures.count("units", open_units)])]


def _goes_on(edge: Edge) -> bool:
    return edge.event not in ("cancel", "recall") and edge.source != edge.target


def _lifts(order: model.Order) -> str:
    data_is_missing = {model.SKU_UNKNOWN, model.REGION_UNKNOWN}
    return "align" if data_is_missing.issuperset(order.holds) else "unhold"


def _because(order: model.Order, names: figures.Names) -> list[figures.Figure]:
    return [figures.text("reason", names.join(names.word(HOLDS, h) for h in order.holds))]


def _awaited(
    event: str,
    promises: Sequence[Promise],
    names: figures.Names,
    told: Sequence[figures.Figure],
) -> Awaited:
    words = AWAITED[event]
    heard = _HEARD.get(event, "")
    return Awaited(
        event=event,
        icon=words.icon,
        title=names.pick(words.title),
        detail=names.pick(words.detail),
        figures=tuple(told),
        promises=tuple(
            AwaitedPromise(
                code=p.code,
                name=names.promises.get(p.code, p.code),
                due=rfc3339(p.due_ms) if p.due_ms else "",
            )
            for p in promises
            if heard and heard == p.clause.stop and not p.ended and not p.stop
        ),
    )
