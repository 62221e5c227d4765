"""What all who hear share: what is looked at before, how sure words are, what makes them doubtful.

A far side that hears is not asked about silence: it would cost, and invent words.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.adapters.perceivers import _sound
from danshu.kernel.limits import SPEECH_ALONE_S
from danshu.ports.perceiver import Perception

if TYPE_CHECKING:
    from collections.abc import Iterable

    from danshu.adapters.perceivers._sound import Sound
    from danshu.ports.perceiver import Piece

UNSAID: Final = 700  # thousandths, where a service says nothing of how sure it is
_LOGPROB: Final = -1.0
_NO_SPEECH: Final = 0.6
_COMPRESSION: Final = 2.4
_SYLLABLES_S: Final = (1.2, 9.0)  # of speech; beyond it a rate is wrong or words are invented
# Mean log probability a token -> thousandths that the words are right, from `danshu bench speech`
_CALIBRATED: Final = ((-1.2, 50), (-0.8, 250), (-0.5, 550), (-0.3, 800), (-0.15, 930), (0.0, 990))


class Signs(Struct, frozen=True, kw_only=True):
    """What tells invented words from heard ones; None where it is not known."""

    text: str
    speech_ms: int
    logprob: float | None = None
    no_speech: float | None = None
    compression: float | None = None


def is_silent(sound: Sound) -> bool:
    """Tell whether nobody needs to be asked."""
    return "silence" in _sound.judge_level(sound)


def tell(
    sound: Sound,
    *,
    engine: str,
    version: str,
    digest: str,
    pieces: tuple[Piece, ...] = (),
    alternatives: tuple[Piece, ...] = (),
    logprob: float | None = None,
    troubles: Iterable[str] = (),
) -> Perception:
    """Make the perception of a recording."""
    every = [*sound.troubles, *_sound.judge_level(sound), *troubles]
    if sound.duration_ms > SPEECH_ALONE_S * 1000:
        every.append("too_long")
    figures = {"snr_db": round(sound.snr_db, 1)}
    if logprob is not None:
        figures["logprob"] = round(logprob, 3)
    sure = UNSAID if logprob is None else calibrate(logprob)
    return Perception(
        kind="speech",
        engine=engine,
        version=version,
        digest=digest,
        text="".join(piece.text for piece in pieces),
        pieces=pieces,
        alternatives=alternatives,
        figures=figures,
        lang="zh" if pieces else "",
        duration_ms=sound.duration_ms,
        confidence=sure if pieces else 0,
        troubles=tuple(dict.fromkeys(every)),
    )


def doubt(signs: Signs) -> list[str]:
    """Say why what was heard may be invented."""
    spoken = sum(char.isalnum() for char in signs.text)
    if not spoken:
        return ["not_speech"]
    told = []
    if signs.logprob is not None and signs.logprob < _LOGPROB:
        told.append("low_probability")
    if signs.no_speech is not None and signs.no_speech > _NO_SPEECH:
        told.append("not_speech")
    if signs.compression is not None and signs.compression > _COMPRESSION:
        told.append("repeated")
    slowest, fastest = _SYLLABLES_S
    if not slowest <= spoken * 1000 / max(1, signs.speech_ms) <= fastest:
        told.append("rate_mismatch")
    return told


def calibrate(logprob: float) -> int:
    """Give thousandths that words are right for their mean log probability a token."""
    before = _CALIBRATED[0]
    if logprob <= before[0]:
        return before[1]
    for point in _CALIBRATED[1:]:
        if logprob <= point[0]:
            share = (logprob - before[0]) / (point[0] - before[0])
            return round(before[1] + share * (point[1] - before[1]))
        before = point
    return before[1]


def digest_of(*told: str) -> str:
    """Give the digest of what a far side says of itself."""
    return hashlib.sha256("\n".join(told).encode()).hexdigest()
