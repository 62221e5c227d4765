"""What a customer sees of one order: the verdict of the engine, its promises, acts and evidence.

Nothing personal is read but whether it was erased: people stand there by role and number. Of free
text there is the merchant's reason for declining what the customer asked for, and no other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import psycopg
from msgspec import Struct

from danshu.capabilities.contract.actions import catalogue
from danshu.capabilities.contract.model import State
from danshu.capabilities.orders import facts as order_facts
from danshu.capabilities.orders import model
from danshu.hub import (
    customer_asks,
    customer_cases,
    evidence,
    order_promises,
    timeline,
    window_consents,
)
from danshu.hub.customer_asks import CustomerAsks
from danshu.hub.customer_cases import CustomerCases
from danshu.hub.customer_words import ACTS, KINDS, LOGISTICS
from danshu.kernel import fact, note
from danshu.kernel.errors import ProgramError
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import CUSTOMER_COMMITS
from danshu.ledger import prove, vault

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from danshu.capabilities.contract.model import Promise
    from danshu.hub.views import Seen
    from danshu.hub.world import World
    from danshu.kernel.fact import Fact
    from danshu.ledger.prove import Located, Prover

Connection = psycopg.AsyncConnection[Any]
TAIL_CHARS: Final = 5
SHOWN_AS: Final = {"image": "photo", "video": "video"}
_MERCHANT: Final = "select name from tenants where id=%s"
_KEPT: Final = """
select encode(digest,'hex'), kind from blobs where tenant=%s and digest = any(%s)
"""
_THIRD: Final = """
select (select count(distinct authority) from tokens where tenant=%s and half=%s and size>%s
  and not own),
(select count(distinct witness) from cosignatures where tenant=%s and half=%s and size>%s)
"""
Outcome = Literal[
    "unkept", "undecided", "cancelled", "delivered_kept", "delivered_self", "delivered", "underway"
]


class Verdict(Struct, frozen=True, kw_only=True):
    """The sentence that the page begins with. `count` promises are what it speaks of; `paid` is
    what was paid for them, in minor units.
    """

    outcome: Outcome
    count: int = 0
    paid: int = 0


class Promised(Struct, frozen=True, kw_only=True):
    """A promise as it was shown; `state` is the engine's word, `gap_ms` done minus due. `before` is
    the deadline before the customer agreed to another, "" for none.
    """

    code: str
    name: str
    text: str
    text_lang: str
    state: str
    due: str
    gap_ms: int | None
    left_ms: int | None
    start_event: str
    before: str = ""


class Act(Struct, frozen=True, kw_only=True):
    """Something that was done. `who` is a role, and a number for people; `digests` are the leaves
    of its facts (RFC 6962, hex).
    """

    kind: str
    title: str
    who: str
    grade: str
    grade_note: str
    occurred: str
    recorded: str
    claimed: bool
    digests: tuple[str, ...]


class Piece(Struct, frozen=True, kw_only=True):
    """A piece of evidence. `media_type` is "" when its bytes are not shown: they are personal, or
    erased. `shown_as` is photo, video or "" for a file.
    """

    kind: str
    word: str
    digest: str
    size: int
    salted: bool
    media_type: str
    shown_as: str
    at: str


class CustomerPage(Struct, frozen=True, kw_only=True):
    """An order's evidence as its customer sees it. `untold` facts have no line of their own.

    `tokens` and `witnesses` are third parties that vouch for a checkpoint over all its facts.
    """

    merchant: str
    tail: str
    currency: str
    verdict: Verdict
    promises: tuple[Promised, ...]
    acts: tuple[Act, ...]
    pieces: tuple[Piece, ...]
    facts: int
    untold: int
    unsealed: int
    has_logistics: bool
    erased: str
    asks: CustomerAsks
    cases: CustomerCases
    tokens: int = 0
    witnesses: int = 0
    windows: tuple[window_consents.WindowAsk, ...] = ()


def judge(order: model.Order, promises: Sequence[Promise], paid: int) -> Verdict:
    """Say how it went, in the engine's words alone: the worst of the promises decides."""
    states = [order_promises.state_word(p) for p in promises]
    unkept = sum(s in (State.BROKEN, State.LATE) for s in states)
    if unkept:
        return Verdict(outcome="unkept", count=unkept, paid=paid)
    undecided = states.count(State.BORDERLINE)
    if undecided:
        return Verdict(outcome="undecided", count=undecided)
    stage = model.stage(order)
    if stage is model.State.CANCELLED:
        return Verdict(outcome="cancelled")
    running = {State.RUNNING, State.PAUSED, "warned"}.intersection(states)
    if stage not in (model.State.DELIVERED, model.State.COMPLETED) or running:
        return Verdict(outcome="underway")
    by_word = states.count("kept_self")
    if by_word:
        return Verdict(outcome="delivered_self", count=by_word)
    kept = states.count(State.KEPT)
    return Verdict(outcome="delivered_kept" if kept else "delivered", count=kept)


async def read(
    connection: Connection, world: World, seen: Seen, lang: str, now_ms: int
) -> CustomerPage:
    """Read what the page of an order holds."""
    told = await timeline.read(connection, world, seen, lang, 0, CUSTOMER_COMMITS)
    located = [
        each
        for commit in await prove.locate(connection, world.tenant, seen.id, 0, CUSTOMER_COMMITS)
        for each in commit
    ]
    facts = [(each, _read(each)) for each in located]
    row = await vault.read(connection, world.tenant, seen.id)
    name = await (await connection.execute(_MERCHANT, (world.tenant,))).fetchone()
    acts = tuple(_act(e, lang) for e in told.entries if _is_told(e))
    shown = sum(len(a.digests) for a in acts)
    paid = sum(
        f.data.amount
        for _, f in facts
        if f is not None and isinstance(f.data, order_facts.CompensationPaid)
    )
    tokens, witnesses = await _count_third(connection, world.tenant, located)
    erased = rfc3339(row.erased_ms) if row and row.erased_ms else ""
    asks = await customer_asks.read(
        connection, world.tenant, seen, lang, now_ms, erased=bool(erased)
    )
    return CustomerPage(
        merchant=name[0] if name else "",
        tail=seen.order.number[-TAIL_CHARS:],
        currency=seen.order.currency,
        verdict=judge(seen.order, seen.promises, paid),
        promises=tuple(_promised(p, lang, now_ms) for p in seen.promises),
        acts=acts,
        pieces=tuple(await _pieces(connection, world.tenant, facts, lang)),
        facts=told.facts,
        untold=told.facts - shown,
        unsealed=told.facts - told.sealed,
        has_logistics=any(f is not None and f.type in LOGISTICS for _, f in facts),
        erased=erased,
        asks=asks,
        cases=await customer_cases.read(
            connection,
            world,
            seen,
            [f for _, f in facts if f is not None],
            now_ms,
            erased=bool(erased),
        ),
        tokens=tokens,
        witnesses=witnesses,
        windows=await window_consents.of_order(connection, world.tenant, seen.id, lang),
    )


async def _count_third(
    connection: Connection, tenant: int, located: Sequence[Located]
) -> tuple[int, int]:
    """Count the neutral time-stamping authorities and the witnesses that vouch for a checkpoint
    over every fact of the order; none while one of them is not in the log.
    """
    last: dict[str, int] = {}
    for each in located:
        if each.position is None:
            return 0, 0
        last[each.position.half] = max(each.position.index, last.get(each.position.half, 0))
    counts = []
    for half, index in last.items():
        place = (tenant, half, index)
        row = await (await connection.execute(_THIRD, (*place, *place))).fetchone()
        counts.append(row or (0, 0))
    return min(c[0] for c in counts), min(c[1] for c in counts)


def _is_told(entry: timeline.Entry) -> bool:
    if entry.kind == "route.decided":  # where nothing could be allocated there is nothing to tell
        return any(p.type == "order.allocated" for p in entry.facts)
    return entry.kind in ACTS or entry.kind == "action.performed"


def _read(located: Located) -> Fact | None:
    try:
        return fact.read(located.body)
    except ProgramError:  # of a type that a newer version says
        return None


def _act(entry: timeline.Entry, lang: str) -> Act:
    words = ACTS.get(entry.kind)
    who = entry.who
    # a key's name is the merchant's own affair; a person is a role and a number
    named = f"{who.role_word} {who.name}" if who.kind in ("person", "channel") else who.role_word
    return Act(
        kind=entry.kind,
        title=(words.en if lang == "en" else words.zh) if words else _title(entry),
        who=named,
        grade=who.grade,
        grade_note=who.grade_note,
        occurred=entry.occurred,
        recorded=entry.recorded,
        claimed=not entry.clock.startswith("server"),
        digests=tuple(p.digest for p in entry.facts),
    )


def _title(entry: timeline.Entry) -> str:
    """Call an action by its own name, then by what became of it."""
    named = next((f.text for f in entry.figures if f.name == "action"), "")
    return f"{named} · {entry.title}" if named else entry.title


def _promised(p: Promise, lang: str, now_ms: int) -> Promised:
    (sheet,) = order_promises.show((p,), now_ms)
    runs = p.state in (State.RUNNING, State.PAUSED) and p.due_ms
    return Promised(
        code=p.code,
        name=sheet.name.en if lang == "en" else sheet.name.zh,
        text=p.text,
        text_lang=p.lang,
        state=sheet.state,
        due=sheet.due,
        gap_ms=sheet.gap_ms,
        left_ms=p.due_ms - now_ms if runs else None,
        start_event=sheet.start_event.en if lang == "en" else sheet.start_event.zh,
        before=sheet.before,
    )


async def _pieces(
    connection: Connection,
    tenant: int,
    facts: Sequence[tuple[Located, Fact | None]],
    lang: str,
) -> list[Piece]:
    named = [(e, f) for _, f in facts if f is not None for e in f.evidence]
    digests = [bytes.fromhex(e.digest) for e, _ in named if not e.salted]
    cursor = await connection.execute(_KEPT, (tenant, digests))
    kept: dict[str, str] = dict(await cursor.fetchall())
    pieces: dict[str, Piece] = {}
    for e, f in named:
        media_type = "" if e.salted else kept.get(e.digest, "")
        shown_as = SHOWN_AS.get(media_type.partition("/")[0], "")
        word = KINDS.get(e.kind) or catalogue.KINDS.get(e.kind)
        pieces.setdefault(
            e.digest,
            Piece(
                kind=e.kind,
                word=(word.en if lang == "en" else word.zh) if word else e.kind,
                digest=e.digest,
                size=e.size,
                salted=e.salted,
                media_type=media_type,
                shown_as=shown_as,
                at=f.occurred,
            ),
        )
    return list(pieces.values())


async def names_piece(connection: Connection, tenant: int, order: uuid.UUID, digest: str) -> bool:
    """Tell whether a fact of the order names this digest as evidence that is not personal."""
    mark = digest.encode()
    for commit in await prove.locate(connection, tenant, order, 0, CUSTOMER_COMMITS):
        for each in commit:
            read_fact = _read(each) if mark in each.body else None
            if read_fact and any(e.digest == digest and not e.salted for e in read_fact.evidence):
                return True
    return False


async def read_logistics(connection: Connection, tenant: int, order: uuid.UUID) -> list[bytes]:
    """Give the stored bytes of the facts that hold what carriers and waybill systems said."""
    return [
        each.body
        for commit in await prove.locate(connection, tenant, order, 0, CUSTOMER_COMMITS)
        for each in commit
        if (read_fact := _read(each)) is not None and read_fact.type in LOGISTICS
    ]


class ProofEntry(Struct, frozen=True, kw_only=True):
    """A fact: its leaf index, its very bytes as text, the hashes of its proof (hex)."""

    index: int
    body: str
    proof: tuple[str, ...]


class ProofBook(Struct, frozen=True, kw_only=True):
    """The facts of one book, proven at one checkpoint (C2SP signed note).

    `keys` are the vkeys that the merchant names for this log: any may have signed it.
    """

    origin: str
    keys: tuple[str, ...]
    checkpoint: str
    entries: tuple[ProofEntry, ...]


class Proof(Struct, frozen=True, kw_only=True):
    """What a browser verifies: every fact of the order that is sealed; `pending` are not yet."""

    order: str
    pending: int
    books: tuple[ProofBook, ...]


async def read_proof(
    connection: Connection, prover: Prover, tenant: int, order: uuid.UUID
) -> Proof:
    """Read the proof of an order as far as it is sealed."""
    material = await prover.prove_stream(connection, tenant, order)
    trusted = await evidence.read_trust(connection, tenant)
    return Proof(
        order=str(order),
        pending=material.pending,
        books=tuple(_book(bundle, trusted) for bundle in material.bundles),
    )


def _book(bundle: prove.Bundle, trusted: Sequence[str]) -> ProofBook:
    origin = note.parse_checkpoint(note.parse(bundle.note).text).origin
    return ProofBook(
        origin=origin,
        keys=tuple(key for key in trusted if note.parse_key(key).name == origin),
        checkpoint=bundle.note.decode(),
        entries=tuple(
            ProofEntry(index=p.index, body=p.body.decode(), proof=tuple(h.hex() for h in p.proof))
            for p in bundle.facts
        ),
    )
