"""Several ways to read one recording, each read as an order: which order most of them mean.

What they all mean is sure; what they differ in is asked, with their answers as candidates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct, structs

from danshu.ports.modality import Candidate, Parsed, Question, Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from danshu.ports.modality import Draft, DraftLine

WHOLE: Final = 1000
_DOUBT: Final = 300  # thousandths of the votes from which on another meaning is asked about
_CLEAR: Final = 650  # thousandths of confidence under which it is asked to be said again
_ASKED: Final = 0.5  # of a vote that has questions of its own
_DIFFERS: Final = "heard_differently"
_UNCLEAR: Final = "unclear"

Meaning = tuple[object, ...]


class Vote(Struct, frozen=True, kw_only=True):
    """A way to read it: the text, its weight in thousandths, and what it means."""

    text: str
    weight: int
    parsed: Parsed


def decide(votes: list[Vote], heard: int) -> Parsed:
    """Give the order that the most weight means, as its best reading has it. `heard` is how sure
    the service is of the words, in thousandths: a catalogue makes up for half of what it lacks.
    """
    camps: dict[Meaning, list[Vote]] = {}
    for vote in votes:
        camps.setdefault(meaning(vote.parsed), []).append(vote)
    total = sum(vote.weight for vote in votes) or 1
    best = max(camps.values(), key=_strength)
    chosen = max(best, key=lambda vote: (vote.parsed.confidence, vote.weight))
    share = sum(vote.weight for vote in best) * WHOLE // total
    parsed = chosen.parsed
    questions = list(parsed.questions)
    if share < WHOLE:
        others = [camp for camp in camps.values() if camp is not best]
        questions += _differences(parsed, others, total)
    sure = min(parsed.confidence, _trust(share))
    sure = min(sure, max(heard, sure // 2))
    if sure < _CLEAR and not questions:
        questions.append(Question(code=_UNCLEAR, said=chosen.text))
    return structs.replace(parsed, confidence=sure, questions=tuple(questions))


def _strength(camp: list[Vote]) -> float:
    """Weigh a camp by its votes and by how much of the words its readings explain."""
    asks = bool(camp[0].parsed.questions or camp[0].parsed.troubles)
    worth = sum(vote.weight * vote.parsed.confidence for vote in camp)
    return worth * (_ASKED if asks else 1.0) + max(vote.weight for vote in camp) / WHOLE


def _trust(share: int) -> int:
    """Give how sure a share of the votes makes (thousandths)."""
    return min(WHOLE, share + (WHOLE - share) * share // (2 * WHOLE))


def meaning(parsed: Parsed) -> Meaning:
    """Give what an order means, comparable: not how it is worded."""
    draft = parsed.draft
    lines = tuple(sorted(_line(line) for line in draft.lines if line.sku or line.quantity))
    repair = draft.repair
    return (
        parsed.intent.value,
        draft.store,
        lines,
        draft.due_ms,
        (repair.device, tuple(sorted(repair.symptoms))) if repair else (),
    )


def _line(line: DraftLine) -> tuple[object, ...]:
    return line.sku, line.quantity, tuple(sorted(line.options))


def _differences(parsed: Parsed, others: list[list[Vote]], total: int) -> list[Question]:
    """Ask about what a weighty camp means otherwise: goods, how many, where."""
    told: list[Question] = []
    for camp in others:
        weight = sum(vote.weight for vote in camp) * WHOLE // total
        if weight >= _DOUBT:
            told += _against(parsed.draft, camp[0].parsed.draft, weight)
    return told


def _against(chosen: Draft, other: Draft, weight: int) -> Iterable[Question]:
    if chosen.store and other.store and chosen.store != other.store:
        yield _ask("/store", chosen.store, other.store, weight)
    for at, (mine, theirs) in enumerate(zip(chosen.lines, other.lines, strict=False)):
        if mine.sku == theirs.sku and mine.quantity != theirs.quantity:
            yield _ask(f"/lines/{at}/quantity", str(mine.quantity), str(theirs.quantity), weight)
        elif mine.sku and theirs.sku and mine.sku != theirs.sku:
            yield _ask(f"/lines/{at}/sku", mine.sku, theirs.sku, weight)


def _ask(path: str, mine: str, theirs: str, weight: int) -> Question:
    return Question(
        code=_DIFFERS,
        path=path,
        candidates=(
            Candidate(value=mine, confidence=WHOLE - weight),
            Candidate(value=theirs, confidence=weight),
        ),
    )


def carry(placed: tuple[Span, ...], text: str, other: str) -> tuple[Span, ...]:
    """Bring places of one text to another way to write the same sound."""
    if text == other or not placed:
        return placed
    from rapidfuzz.distance import Levenshtein

    at = [0] * (len(text) + 1)
    for step in Levenshtein.opcodes(text, other):
        width, wide = step.src_end - step.src_start, step.dest_end - step.dest_start
        for n in range(width):
            at[step.src_start + n] = step.dest_start + n * wide // width
        at[step.src_end] = step.dest_end
    moved = [structs.replace(s, start=at[s.start], end=at[s.end]) for s in placed]
    return tuple(span for span in moved if span.end > span.start)
