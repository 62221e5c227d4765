"""Both sides' books: what is lost, doubled, strange, different, or done there and unheard here."""

from __future__ import annotations

import uuid

from danshu.hub.connector_books import Ours, Theirs, compare
from danshu.ports.connector import Verdict

A, B = uuid.UUID(int=1), uuid.UUID(int=2)
LISTED = frozenset({A, B})


def ours(state: str, connector: uuid.UUID | None = A) -> Ours:
    return Ours(id=uuid.UUID(int=9), connector=connector, state=state, operation="declare")


def theirs(connector: uuid.UUID = A, verdict: Verdict = Verdict.DONE) -> Theirs:
    return Theirs(connector=connector, title="x", reference="1", verdict=verdict)


def test_each_difference_has_its_kind() -> None:
    mine = {
        "agreed": ours("done"),
        "agreed-no": ours("refused"),
        "waiting": ours("due", None),
        "pending": ours("pending"),
        "lost": ours("done"),
        "doubled": ours("done"),
        "twice": ours("done"),
        "elsewhere": ours("done", B),
        "other": ours("refused"),
        "unheard": ours("held"),
    }
    held = {
        "agreed": [theirs()],
        "agreed-no": [theirs(verdict=Verdict.REFUSED)],
        "pending": [theirs(verdict=Verdict.PENDING)],
        "doubled": [theirs(), theirs(B)],
        "twice": [theirs(), theirs()],
        "elsewhere": [theirs()],
        "other": [theirs()],
        "unheard": [theirs()],
        "strange": [theirs(B)],
    }
    figures, found = compare(mine, held, LISTED)
    assert {one.key: one.kind for one in found} == {
        "lost": "lost",
        "doubled": "doubled",
        "twice": "doubled",
        "elsewhere": "differing",
        "other": "differing",
        "unheard": "unheard",
        "strange": "strange",
    }
    assert (figures.agreed, figures.ours, figures.theirs) == (3, 10, 11)
    assert (figures.lost, figures.doubled, figures.strange) == (1, 2, 1)
    assert (figures.differing, figures.unheard) == (2, 1)


def test_who_lists_no_books_proves_no_loss() -> None:
    figures, found = compare({"k": ours("done", B)}, {}, frozenset({A}))
    assert (figures.lost, found) == (0, [])
