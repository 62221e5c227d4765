"""Whisper on this machine: Mandarin and what else is spoken, without a service outside the house.

It hears words in silence and in music, and says so with confidence: so nothing is heard without
speech by a voice detector, nothing is tried again at a higher temperature, and what looks invented
is said to be. A window is searched twice: as it is, and with the words of the catalogue that sound
like what was found. The second knows names, the first keeps quantities; both are told.
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.adapters.perceivers import _hearing, _likely, _sound, _whisper_files
from danshu.adapters.perceivers import _whisper_decoding as decoding
from danshu.adapters.perceivers._hearing import Signs
from danshu.adapters.perceivers._whisper_decoding import Guess
from danshu.kernel.limits import SPEECH_TERM_CHARS, SPEECH_TERMS
from danshu.ports.perceiver import Piece

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from danshu.adapters.perceivers._sound import Floats, Sound
    from danshu.ports.connector import Account, Send
    from danshu.ports.perceiver import Perception

_SPEECH_MIN_MS: Final = 200
_WINDOW: Final = 28 * _sound.RATE_HZ
_LIKELY: Final = 12
_GUESSES: Final = 8
_PLAIN_SHARE: Final = 0.4  # of the weight; the rest is the search with likely words
_QUICK_ROOM_S: Final = 3.0
# A conversation goes before it, as it would before an order: of the ways that were tried, a bare
# list made the model drop quantities, and sentences with quantities made it invent them.
_PROMPT: Final = "你好，我要下单。有{}。好的，每样要几份，请说。"


class _Heard(Struct, frozen=True, kw_only=True):
    """One window: guesses with their weights, the best first, and when each of its words was."""

    guesses: tuple[tuple[Guess, float], ...]
    words: tuple[tuple[str, int, int], ...]
    no_speech: float
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
        """Hear a recording. Hints: `terms`, `lang`, `quick` for what will be heard again, `warm` to
        load the model alone.
        """
        if hints.get("warm"):
            decoding.model()
        return await asyncio.to_thread(hear, _sound.read(body, media_type), hints)


def hear(sound: Sound, hints: Mapping[str, object]) -> Perception:
    """Hear what was read. Raises NotAvailable without the extra or the model."""
    if _hearing.is_silent(sound):
        return _tell(sound, (), ())
    windows = _cut(_find_speech(sound.samples))
    if not windows:
        return _tell(sound, (), ("silence",))
    heard = tuple(_listen(sound.samples, window, hints) for window in windows)
    return _tell(sound, heard, _doubt(heard))


def _tell(sound: Sound, heard: tuple[_Heard, ...], troubles: Iterable[str]) -> Perception:
    return _hearing.tell(
        sound,
        engine="whisper",
        version="base",
        digest=_whisper_files.MODEL_SHA256,
        pieces=_pieces(heard),
        alternatives=_alternatives(heard),
        logprob=_logprob(heard) if heard else None,
        troubles=troubles,
    )


def _logprob(heard: tuple[_Heard, ...]) -> float:
    return min((window.guesses[0][0].logprob for window in heard), default=-math.inf)


def _pieces(heard: tuple[_Heard, ...]) -> tuple[Piece, ...]:
    """Give the text's characters one after another, and when they were said."""
    pieces = []
    for window in heard:
        sure = _hearing.calibrate(window.guesses[0][0].logprob)
        for word, from_ms, to_ms in window.words:
            pieces.append(Piece(text=word, confidence=sure, from_ms=from_ms, to_ms=to_ms))
    return tuple(pieces)


def _alternatives(heard: tuple[_Heard, ...]) -> tuple[Piece, ...]:
    """Give the ways to write all of it, the likeliest first: the nth of each window together."""
    told: dict[str, float] = {}
    for rank in range(max((len(window.guesses) for window in heard), default=0)):
        chosen = [window.guesses[min(rank, len(window.guesses) - 1)] for window in heard]
        text = "".join(guess.text for guess, _ in chosen)
        told.setdefault(text, math.prod(weight for _, weight in chosen))
    return tuple(
        Piece(text=text, confidence=min(1000, round(weight * 1000)))
        for text, weight in list(told.items())[:_GUESSES]
    )


def _doubt(heard: tuple[_Heard, ...]) -> list[str]:
    best = [window.guesses[0][0] for window in heard]
    return _hearing.doubt(
        Signs(
            text="".join(guess.text for guess in best),
            speech_ms=sum(window.speech_ms for window in heard),
            logprob=_logprob(heard),
            no_speech=max(window.no_speech for window in heard),
            compression=max(guess.compression for guess in best),
        )
    )


def _find_speech(samples: Floats) -> list[tuple[int, int]]:
    """Give where speech is (samples, half-open), by the detector that comes with the library."""
    decoding.model()  # it says what is missing
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    options = VadOptions(
        min_speech_duration_ms=_SPEECH_MIN_MS,
        max_speech_duration_s=_WINDOW / _sound.RATE_HZ,
        min_silence_duration_ms=700,
        speech_pad_ms=200,
    )
    found = get_speech_timestamps(samples, options)
    return [(int(part["start"]), int(part["end"])) for part in found]


def _cut(speech: list[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """Gather stretches of speech into windows: beginning, end, and how much of it is speech."""
    windows: list[tuple[int, int, int]] = []
    for start, end in speech:
        if windows and end - windows[-1][0] <= _WINDOW:
            begin, _, spoken = windows[-1]
            windows[-1] = (begin, end, spoken + end - start)
        else:
            windows.append((start, end, end - start))
    return windows


def terms_of(hints: Mapping[str, object]) -> tuple[str, ...]:
    """Give the words that the merchant's catalogue makes possible, likeliest first."""
    given = hints.get("terms")
    every = given[:SPEECH_TERMS] if isinstance(given, list | tuple) else ()
    return tuple(term for term in every if isinstance(term, str) and term)


def prompt(likely: Iterable[str]) -> str:
    """Write what goes before what was said, so that names are known; "" without any."""
    kept: list[str] = []
    room = SPEECH_TERM_CHARS
    for term in likely:
        if len(term) < room:
            kept.append(term)
            room -= len(term) + 1
    return _PROMPT.format("、".join(kept)) if kept else ""


def _listen(samples: Floats, window: tuple[int, int, int], hints: Mapping[str, object]) -> _Heard:
    begin, end, spoken = window
    lang = str(hints.get("lang") or "zh")
    if hints.get("quick"):
        seen = decoding.encode(samples[begin:end], _QUICK_ROOM_S)
        plain, no_speech = decoding.search(seen, lang, "", beam=1)
        ranked = _weigh(plain, 1.0)
        words = [(ranked[0][0].text, 0, seen.duration_ms)]
    else:
        seen = decoding.encode(samples[begin:end])
        plain, no_speech = decoding.search(seen, lang, "")
        likely = _likely.find([each.text for each in plain[:2]], terms_of(hints), _LIKELY)
        ranked = _weigh(plain, 1.0)
        if likely:
            biased, _ = decoding.search(seen, lang, prompt(likely))
            ranked = _weave(_weigh(biased, 1 - _PLAIN_SHARE), _weigh(plain, _PLAIN_SHARE))
        words = decoding.align(seen, lang, ranked[0][0])
    offset_ms = begin * 1000 // _sound.RATE_HZ
    return _Heard(
        guesses=tuple(ranked),
        words=tuple((text, offset_ms + start, offset_ms + end) for text, start, end in words),
        no_speech=no_speech,
        speech_ms=spoken * 1000 // _sound.RATE_HZ,
    )


def _weigh(guesses: list[Guess], share: float) -> list[tuple[Guess, float]]:
    """Share a weight among the guesses of one search, by their probabilities."""
    logs = [guess.logprob * (len(guess.tokens) + 1) for guess in guesses]
    top = max(logs)
    odds = [math.exp(log - top) for log in logs]
    return [(guess, share * each / sum(odds)) for guess, each in zip(guesses, odds, strict=True)]


def _weave(one: list[tuple[Guess, float]], other: list[tuple[Guess, float]]) -> list[Any]:
    """Put the guesses of two searches together, in turn, equal texts once."""
    told: dict[str, tuple[Guess, float]] = {}
    for pair in zip(one, other, strict=True):
        for guess, weight in pair:
            before = told.get(guess.text)
            told[guess.text] = (before[0], before[1] + weight) if before else (guess, weight)
    return list(told.values())
