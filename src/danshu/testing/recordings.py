"""Recordings made here: tones, chords, noise, silence, broken headers; and WAVs that carry their
own transcript in a LIST/INFO chunk (ICMT), for where no model is there to hear them.
"""

from __future__ import annotations

import struct
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RATE_HZ: Final = 16_000
_FULL: Final = 32_767
_COMMENT: Final = b"ICMT"
_CHORD_HZ: Final = (261.6, 329.6, 392.0, 523.3)


def wav(samples: Floats, rate_hz: int = RATE_HZ, transcript: str = "") -> bytes:
    """Write samples in [-1, 1] as WAV: PCM of 16 bits, mono."""
    data = (np.clip(samples, -1, 1) * _FULL).astype("<i2").tobytes()
    return riff(struct.pack("<HHIIHH", 1, 1, rate_hz, rate_hz * 2, 2, 16), data, transcript)


def riff(form: bytes, data: bytes, transcript: str = "", claimed: int | None = None) -> bytes:
    """Write a WAV of a format and samples as they are; `claimed` is what its header says."""
    listed = b""
    if transcript:
        text = transcript.encode() + b"\0"
        text += b"\0" * (len(text) % 2)
        listed = _chunk(b"LIST", b"INFO" + _chunk(_COMMENT, text))
    size = len(data) if claimed is None else claimed
    body = b"WAVE" + _chunk(b"fmt ", form) + listed + b"data" + struct.pack("<I", size) + data
    return b"RIFF" + struct.pack("<I", min(len(body) + max(0, size - len(data)), 2**32 - 1)) + body


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body


def transcript_of(recording: bytes) -> str:
    """Give the transcript that a WAV carries, "" where it carries none."""
    at = recording.find(_COMMENT, 12, 4_096)
    if at < 0:
        return ""
    size = struct.unpack_from("<I", recording, at + 4)[0]
    return recording[at + 8 : at + 8 + size].rstrip(b"\0").decode("utf-8", "replace")


def spoken(text: str, seconds: float = 0.0) -> bytes:
    """Make a recording that carries what was said: a murmur in the rhythm of its syllables."""
    seconds = seconds or max(1.0, len(text) / 4)
    at = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    voice = sum(np.sin(2 * np.pi * 180 * n * at) / n for n in range(1, 12))
    syllables = np.maximum(0.0, np.sin(2 * np.pi * 2 * at)) ** 2
    return wav(0.15 * voice * syllables + noise(seconds, 1e-3), transcript=text)


def noise(seconds: float, level: float = 0.1, seed: int = 7) -> Floats:
    """Make white noise of a level (RMS)."""
    return np.random.default_rng(seed).normal(0, level, int(seconds * RATE_HZ))


def music(seconds: float) -> Floats:
    """Make chords that change each second."""
    at = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    steps = 2.0 ** (np.array([0, 5, 7, 2])[np.int64(at) % 4] / 12)
    told: Floats = sum(np.sin(2 * np.pi * hz * steps * at) for hz in _CHORD_HZ) / 8
    return told
