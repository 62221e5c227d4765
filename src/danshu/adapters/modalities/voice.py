"""Speech 语音: what was said is heard by a service and read as an order by the catalogue.

A service that tells several ways to read a recording is taken at its word: each is read as an
order, and those that mean the same vote together. Where they differ, it is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from msgspec import structs

from danshu.adapters.modalities import _homophones, _voting
from danshu.ports.modality import Parsed, Span

if TYPE_CHECKING:
    from danshu.ports.modality import Context, Original
    from danshu.ports.perceiver import Perception

_READ: Final = 8  # ways to read a recording


class Understanding(Protocol):
    """What reading words needs of a context."""

    def understand(self, text: str, pieces: tuple[Span, ...] = ()) -> Parsed:
        """Read words as an order."""
        ...


class Voice:
    """The adapter."""

    name = "voice"
    title = "语音"
    title_en = "Speech"
    version = "1"
    media_types = ("audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave")
    perceives = ("speech",)

    async def parse(self, original: Original, context: Context) -> Parsed:
        """Read a recording."""
        hints = {"lang": context.source.get("lang") or "zh"}
        perception = await context.perceive("speech", original, hints)
        return read(perception, context)


def read(perception: Perception, context: Understanding) -> Parsed:
    """Read what was heard."""
    placed = spans(perception)
    ways = perception.alternatives[:_READ]
    texts = {perception.text: 0} | {way.text: way.confidence for way in ways}
    if perception.text not in {way.text for way in ways}:
        texts[perception.text] = max(1, *[way.confidence for way in ways], 1)
    votes = []
    for text, weight in texts.items():
        said = _homophones.repair(text)
        parsed = context.understand(said, _voting.carry(placed, perception.text, text))
        votes.append(_voting.Vote(text=text, weight=weight, parsed=parsed))
    parsed = _voting.decide(votes, perception.confidence)
    return structs.replace(
        parsed,
        troubles=tuple(dict.fromkeys((*perception.troubles, *parsed.troubles))),
        models=(perception.digest, *parsed.models),
        perceptions=(perception, *parsed.perceptions),
    )


def spans(perception: Perception) -> tuple[Span, ...]:
    """Say where in the recording each stretch of the text is: pieces follow one another in it."""
    told, at = [], 0
    for piece in perception.pieces:
        at = max(perception.text.find(piece.text, at), at)
        end = at + len(piece.text)
        told.append(Span(start=at, end=end, from_ms=piece.from_ms, to_ms=piece.to_ms))
        at = end
    return tuple(told)
