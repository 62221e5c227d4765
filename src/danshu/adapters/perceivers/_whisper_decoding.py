"""Whisper's search, one window at a time: the best few ways to write down what was said, scored.

Beam search at temperature 0 over CTranslate2 with the tokens of Radford et al., Robust Speech
Recognition via Large-Scale Weak Supervision (2022). The window is encoded once, then searched with
and without words that are likely.
"""

from __future__ import annotations

import sys
import types
import zlib
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from msgspec import Struct

from danshu.adapters.perceivers import _whisper_files
from danshu.kernel.errors import NotAvailable

if TYPE_CHECKING:
    from danshu.adapters.perceivers._sound import Floats

THREADS: Final = 2
_FRAMES_S: Final = 100
_WINDOW_FRAMES: Final = 3_000
_BEAM: Final = 5
_TOKENS: Final = 220
_TICK_MS: Final = 20  # of a timestamp token
_BROKEN: Final = str.maketrans(
    {"\ufffd": "，", "、": "，", "【": "", "】": "", "（": "，", "）": "，"}
)


class Guess(Struct, frozen=True, kw_only=True):
    """One way to write it down: text, mean log probability a token, and how much it repeats."""

    text: str
    logprob: float
    compression: float
    tokens: tuple[int, ...]


class Window(Struct, frozen=True, kw_only=True):
    """An encoded window of at most 30 s, and how long its sound is."""

    encoded: Any
    duration_ms: int


@lru_cache(maxsize=1)
def model() -> Any:
    """Load the model once. Raises NotAvailable without the extra or without its very bytes."""
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
        cpu_threads=THREADS,
        local_files_only=True,
    )


def encode(samples: Floats, room_s: float | None = None) -> Window:
    """Encode a window. The model was made for 30 s; with less room behind the sound (`room_s`) it
    costs a fifth, and says things twice now and then.
    """
    heard = model()
    features = heard.feature_extractor(samples)[:, :_WINDOW_FRAMES]
    frames = features.shape[1]
    wanted = (
        _WINDOW_FRAMES if room_s is None else min(_WINDOW_FRAMES, frames + int(room_s * _FRAMES_S))
    )
    padded = np.pad(features, ((0, 0), (0, wanted - frames)))
    return Window(encoded=heard.encode(padded), duration_ms=len(samples) * 1000 // 16_000)


def search(window: Window, lang: str, prompt: str, beam: int = _BEAM) -> tuple[list[Guess], float]:
    """Give the best ways to write a window down, and how likely nothing was said (0 to 1)."""
    heard, tokens = model(), tokenizer(lang)
    before = tokens.encode(" " + prompt) if prompt else []
    start = heard.get_prompt(tokens, before)
    found = heard.model.generate(
        window.encoded,
        [start],
        beam_size=beam,
        num_hypotheses=beam,
        max_length=min(heard.max_length, len(start) + _TOKENS),
        return_scores=True,
        return_no_speech_prob=True,
        suppress_blank=True,
        suppress_tokens=[-1],
        max_initial_timestamp_index=50,
    )[0]
    guesses = []
    for ids, score in zip(found.sequences_ids, found.scores, strict=True):
        words = _within(ids, tokens, window.duration_ms)
        text = simplify(tokens.decode(words).strip())
        guesses.append(
            Guess(
                text=text,
                logprob=float(score),
                compression=_compression(text),
                tokens=tuple(words),
            )
        )
    return guesses, float(found.no_speech_prob)


def align(window: Window, lang: str, guess: Guess) -> list[tuple[str, int, int]]:
    """Say when each stretch of a guess's text was said, in ms of the window."""
    if not guess.tokens:
        return []
    frames = max(1, window.duration_ms * _FRAMES_S // 1000)
    found = model().find_alignment(tokenizer(lang), [list(guess.tokens)], window.encoded, frames)
    return [
        (simplify(each["word"]), round(each["start"] * 1000), round(each["end"] * 1000))
        for each in found[0]
    ]


@lru_cache(maxsize=8)
def tokenizer(lang: str) -> Any:
    """Give the tokens of a language. An unknown one is Chinese."""
    from faster_whisper.tokenizer import _LANGUAGE_CODES, Tokenizer

    known = lang if lang in _LANGUAGE_CODES else "zh"
    return Tokenizer(model().hf_tokenizer, True, task="transcribe", language=known)


@lru_cache(maxsize=1)
def _simplifier() -> Any:
    from opencc import OpenCC

    return OpenCC("t2s")


def simplify(text: str) -> str:
    """Bring text to simplified characters, without bytes that make no character."""
    told: str = _simplifier().convert(text).translate(_BROKEN)
    return told


def _within(ids: list[int], tokens: Any, duration_ms: int) -> list[int]:
    """Give the words' tokens of what begins before the sound ends: beyond it all is invented."""
    told: list[int] = []
    for token in ids:
        if token >= tokens.timestamp_begin:
            if (token - tokens.timestamp_begin) * _TICK_MS >= duration_ms and told:
                break
        elif token < tokens.eot:
            told.append(token)
    return told


def _compression(text: str) -> float:
    raw = text.encode()
    return len(raw) / len(zlib.compress(raw)) if raw else 0.0
