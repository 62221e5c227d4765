"""Whisper on this machine: Mandarin and what else is spoken, without a service outside the house.

It hears words in silence and in music, and says so with confidence: so nothing is heard without
speech by a voice detector, nothing is tried again at a higher temperature, and what looks invented
is said to be. The words are brought to simplified characters.
"""

from __future__ import annotations

import asyncio
import math
import sys
import types
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.adapters.perceivers import _sound, _whisper_files
from danshu.kernel.errors import NotAvailable
from danshu.kernel.limits import SPEECH_ALONE_S, SPEECH_TERM_CHARS, SPEECH_TERMS
from danshu.ports.perceiver import Perception, Piece

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from danshu.adapters.perceivers._sound import Floats, Sound
    from danshu.ports.connector import Account, Send

_THREADS: Final = 2
_BEAM: Final = 5
_SPEECH_MIN_MS: Final = 200
_LOGPROB: Final = -1.0
_NO_SPEECH: Final = 0.6
_COMPRESSION: Final = 2.4
_SYLLABLES_S: Final = (1.2, 9.0)  # of speech; beyond it a rate is wrong or words are invented
# Mean log probability a token -> thousandths that the words are right, from `danshu bench speech`
_CALIBRATED: Final = ((-1.2, 50), (-0.8, 250), (-0.5, 550), (-0.3, 800), (-0.15, 930), (0.0, 990))


class _Heard(Struct, frozen=True, kw_only=True):
    pieces: tuple[Piece, ...]
    lang: str
    logprob: float
    no_speech: float
    compression: float
    speech_ms: int


class Whisper:
    """The adapter."""

    kind = "speech"
    title = "本机语音识别(Whisper)"
    title_en = "Speech on this machine (Whisper)"
    local = True
    needs: tuple[str, ...] = ()
    extra = "speech"

    async def perceive(
        self,
        account: Account,
        send: Send,
        body: bytes,
        media_type: str,
        hints: Mapping[str, object],
    ) -> Perception:
        """Hear a recording."""
        return await asyncio.to_thread(hear, _sound.read(body, media_type), hints)


def hear(sound: Sound, hints: Mapping[str, object]) -> Perception:
    """Hear what was read. Raises NotAvailable without the extra or the model."""
    level = _sound.judge_level(sound)
    if "silence" in level:
        return _tell(sound, None, level)
    speech = _find_speech(sound.samples)
    if sum(end - start for start, end in speech) < _SPEECH_MIN_MS * _sound.RATE_HZ // 1000:
        return _tell(sound, None, ("silence", *level))
    heard = _transcribe(sound.samples, speech, hints)
    return _tell(sound, heard, (*level, *_doubt(heard)))


def _tell(sound: Sound, heard: _Heard | None, troubles: Iterable[str]) -> Perception:
    every = [*sound.troubles, *troubles]
    if sound.duration_ms > SPEECH_ALONE_S * 1000:
        every.append("too_long")
    return Perception(
        kind="speech",
        engine="whisper",
        version="base",
        digest=_whisper_files.MODEL_SHA256,
        text="".join(piece.text for piece in heard.pieces) if heard else "",
        pieces=heard.pieces if heard else (),
        figures={"snr_db": round(sound.snr_db, 1)}
        | ({"logprob": round(heard.logprob, 3)} if heard else {}),
        lang=heard.lang if heard else "",
        duration_ms=sound.duration_ms,
        confidence=calibrate(heard.logprob) if heard else 0,
        troubles=tuple(dict.fromkeys(every)),
    )


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


def _doubt(heard: _Heard) -> list[str]:
    """Say why what was heard may be invented."""
    told = []
    spoken = sum(char.isalnum() for piece in heard.pieces for char in piece.text)
    if not spoken:
        return ["not_speech"]
    if heard.logprob < _LOGPROB:
        told.append("low_probability")
    if heard.no_speech > _NO_SPEECH:
        told.append("not_speech")
    if heard.compression > _COMPRESSION:
        told.append("repeated")
    slowest, fastest = _SYLLABLES_S
    if heard.lang == "zh" and not slowest <= spoken * 1000 / heard.speech_ms <= fastest:
        told.append("rate_mismatch")
    return told


@lru_cache(maxsize=1)
def _model() -> Any:
    if not _whisper_files.is_installed():
        raise NotAvailable(f"speech needs its extra: {_whisper_files.INSTALL}", 3600)
    folder = _whisper_files.prepare()
    # PyAV decodes what is no WAV; recordings are read here, and it is not in the lock
    sys.modules.setdefault("av", types.ModuleType("av"))
    from faster_whisper import WhisperModel

    return WhisperModel(
        str(folder),
        device="cpu",
        compute_type="int8",
        cpu_threads=_THREADS,
        local_files_only=True,
    )


@lru_cache(maxsize=1)
def _simplifier() -> Any:
    from opencc import OpenCC

    return OpenCC("t2s")


def _find_speech(samples: Floats) -> list[tuple[int, int]]:
    """Give where speech is (samples, half-open), by the detector that comes with the library."""
    _model()  # it says what is missing
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    options = VadOptions(
        threshold=0.5,
        min_speech_duration_ms=_SPEECH_MIN_MS,
        min_silence_duration_ms=700,
        speech_pad_ms=200,
    )
    found = get_speech_timestamps(samples, options)
    return [(int(part["start"]), int(part["end"])) for part in found]


def prompt(hints: Mapping[str, object]) -> str:
    """Give the words that a merchant's catalogue makes likely, as many as the model minds."""
    terms = hints.get("terms")
    kept: list[str] = []
    room = SPEECH_TERM_CHARS
    for term in terms[:SPEECH_TERMS] if isinstance(terms, list | tuple) else ():
        if isinstance(term, str) and len(term) < room:
            kept.append(term)
            room -= len(term) + 1
    return "，".join(kept)


def _transcribe(
    samples: Floats, speech: list[tuple[int, int]], hints: Mapping[str, object]
) -> _Heard:
    lang = hints.get("lang")
    begins, ends = speech[0][0], speech[-1][1]
    found, info = _model().transcribe(
        samples[begins:ends],
        language=lang if isinstance(lang, str) and lang else "zh",
        beam_size=_BEAM,
        temperature=0,
        condition_on_previous_text=False,
        initial_prompt=prompt(hints) or None,
        no_speech_threshold=None,  # it is judged here, not silently left out
        log_prob_threshold=None,
    )
    simplify = _simplifier().convert
    offset_ms = begins * 1000 // _sound.RATE_HZ
    pieces, weights = [], []
    for part in found:
        text = simplify(part.text.strip())
        if text:
            pieces.append(
                Piece(
                    text=text,
                    confidence=calibrate(part.avg_logprob),
                    from_ms=offset_ms + round(part.start * 1000),
                    to_ms=offset_ms + round(part.end * 1000),
                )
            )
        weights.append((len(part.tokens), part))
    total = sum(weight for weight, _ in weights) or 1
    spoken = sum(end - start for start, end in speech)
    return _Heard(
        pieces=tuple(pieces),
        lang=str(info.language),
        logprob=sum(weight * part.avg_logprob for weight, part in weights) / total
        if weights
        else -math.inf,
        no_speech=max((part.no_speech_prob for _, part in weights), default=1.0),
        compression=max((part.compression_ratio for _, part in weights), default=0.0),
        speech_ms=max(1, spoken * 1000 // _sound.RATE_HZ),
    )
