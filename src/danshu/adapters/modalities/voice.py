"""Speech 语音: what was said is heard by a service and read as an order by the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from danshu.ports.modality import Parsed, Span

if TYPE_CHECKING:
    from danshu.ports.modality import Context, Original
    from danshu.ports.perceiver import Perception


class Voice:
    """The adapter."""

    name = "voice"
    title = "语音"
    title_en = "Speech"
    version = "1"
    media_types = ("audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave")

    async def parse(self, original: Original, context: Context) -> Parsed:
        """Read a recording."""
        perception = await context.perceive("speech", original, {"lang": "zh"})
        parsed = context.understand(perception.text, spans(perception))
        return structs.replace(
            parsed,
            confidence=min(parsed.confidence, perception.confidence),
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
