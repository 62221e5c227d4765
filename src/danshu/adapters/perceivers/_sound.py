"""Recordings as samples: WAV read by its chunks, brought to 16 kHz mono, and what is wrong with it.

RIFF as of Microsoft's Multimedia Programming Interface 1.0; WAVE_FORMAT_EXTENSIBLE too. Whatever a
header claims, nothing is decoded beyond what the limits allow.
"""

from __future__ import annotations

import struct
from math import gcd
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from danshu.kernel.errors import InputError
from danshu.kernel.limits import (
    SPEECH_BYTES,
    SPEECH_CHANNELS,
    SPEECH_RATE_HZ,
    SPEECH_RATE_HZ_MIN,
    SPEECH_S,
)

Floats = NDArray[np.float32]

RATE_HZ: Final = 16_000
WAV_TYPES: Final = ("audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave")
_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_OPEN: Final = (0, 0xFFFFFFFF)  # a size that who wrote the header did not know yet
_TRANSCRIPT: Final = b"ICMT"
_WINDOW: Final = RATE_HZ * 20 // 1000
_CLIPPED_PERMILLE: Final = 5
_NOISY_DB: Final = 8.0
_QUIET_RMS: Final = 3e-4
_PITCH_HZ: Final = (65.0, 430.0)  # voices of grown people; a wrong rate moves them out
_PITCH_SEARCH_HZ: Final = (30, 900)
_PITCH_WINDOW: Final = RATE_HZ * 64 // 1000
_VOICED: Final = 0.5  # of a window's power that a repetition explains
_VOICED_WINDOWS: Final = 8


class Sound(Struct, frozen=True, kw_only=True, eq=False):
    """A recording: samples in [-1, 1] at 16 kHz, mono; `transcript` is its ICMT chunk, if any."""

    samples: Floats
    rate_hz: int
    channels: int
    duration_ms: int
    troubles: tuple[str, ...] = ()
    snr_db: float = 0.0
    transcript: str = ""


class _Form(Struct, frozen=True):
    kind: int
    channels: int
    rate_hz: int
    bits: int

    @property
    def frame_bytes(self) -> int:
        return self.channels * self.bits // 8


def read(body: bytes, media_type: str) -> Sound:
    """Read a recording.

    Raises InputError: `unsupported_recording` for what is no PCM WAV (browsers' webm, mp3, m4a),
    `bad_recording` for a broken one or with samples that are no numbers, `recording_too_long`.
    """
    if len(body) > SPEECH_BYTES:
        raise InputError("recording_too_long", f"a recording has at most {SPEECH_BYTES} bytes")
    if body[:4] != b"RIFF" or body[8:12] != b"WAVE":
        told = media_type or "what was sent"
        detail = f"{told} is no WAV; recordings are WAV with uncompressed samples"
        raise InputError("unsupported_recording", detail)
    form, claimed, data, transcript = _walk(body)
    _check(form, claimed)
    frames = len(data) // form.frame_bytes
    is_cut = claimed not in _OPEN and len(data) < claimed
    raw = _decode(form, data[: frames * form.frame_bytes])
    mono = raw.reshape(-1, form.channels).mean(axis=1, dtype=np.float32)
    samples = resample(mono, form.rate_hz)
    troubles = ["truncated"] if is_cut else []
    if _is_clipped(raw):
        troubles.append("clipped")
    if is_beyond_voices(pitch_hz(samples)):
        troubles.append("rate_mismatch")
    return Sound(
        samples=samples,
        rate_hz=form.rate_hz,
        channels=form.channels,
        duration_ms=frames * 1000 // form.rate_hz,
        troubles=tuple(troubles),
        snr_db=signal_to_noise_db(samples),
        transcript=transcript,
    )


def _walk(body: bytes) -> tuple[_Form, int, memoryview, str]:
    """Give the format, the bytes of samples as claimed and as they are, and the transcript."""
    view, at = memoryview(body), 12
    form: _Form | None = None
    found: tuple[int, memoryview] | None = None
    transcript = ""
    while at + 8 <= len(body):
        name, size = struct.unpack_from("<4sI", body, at)
        at += 8
        if name == b"fmt ":
            form = _read_form(bytes(view[at : at + size]))
        elif name == b"data" and found is None:
            room = len(body) - at if size in _OPEN else size
            found = size, view[at : at + room]
            size = room
        elif name == b"LIST":
            transcript = _read_comment(bytes(view[at : at + size])) or transcript
        at += size + size % 2
    if form is None or found is None:
        raise InputError("bad_recording", "the WAV has no format or no samples")
    return form, found[0], found[1], transcript


def _read_form(chunk: bytes) -> _Form:
    if len(chunk) < 16:
        raise InputError("bad_recording", "the format of the WAV is cut off")
    kind, channels, rate_hz, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    if kind == _EXTENSIBLE and len(chunk) >= 26:
        kind = struct.unpack_from("<H", chunk, 24)[0]
    return _Form(kind, channels, rate_hz, bits)


def _read_comment(chunk: bytes) -> str:
    """Give the comment of a LIST chunk of type INFO, "" where there is none."""
    at = 4
    while chunk[:4] == b"INFO" and at + 8 <= len(chunk):
        name, size = struct.unpack_from("<4sI", chunk, at)
        if name == _TRANSCRIPT:
            return chunk[at + 8 : at + 8 + size].rstrip(b"\0").decode("utf-8", "replace")
        at += 8 + size + size % 2
    return ""


def _check(form: _Form, claimed: int) -> None:
    known = {_PCM: (8, 16, 24, 32), _FLOAT: (32, 64)}.get(form.kind)
    if known is None:
        detail = f"samples of the WAV are compressed (format {form.kind})"
        raise InputError("unsupported_recording", detail)
    if form.bits not in known or not 1 <= form.channels <= SPEECH_CHANNELS:
        detail = f"{form.channels} channels of {form.bits} bits"
        raise InputError("bad_recording", detail)
    if not SPEECH_RATE_HZ_MIN <= form.rate_hz <= SPEECH_RATE_HZ:
        raise InputError("bad_recording", f"{form.rate_hz} samples a second")
    seconds = 0 if claimed in _OPEN else claimed // (form.frame_bytes * form.rate_hz)
    if seconds > SPEECH_S:
        raise InputError("recording_too_long", f"{seconds} s; at most {SPEECH_S} s are heard")


def _decode(form: _Form, data: memoryview) -> Floats:
    seconds = len(data) // (form.frame_bytes * form.rate_hz)
    if seconds > SPEECH_S:  # the header did not say
        raise InputError("recording_too_long", f"{seconds} s; at most {SPEECH_S} s are heard")
    if form.kind == _FLOAT:
        whole = np.frombuffer(data, f"<f{form.bits // 8}")
        if not np.isfinite(whole).all():
            raise InputError("bad_recording", "samples are no numbers")
        bounded: Floats = np.clip(whole, -1, 1).astype(np.float32)
        return bounded
    if form.bits == 8:
        return (np.frombuffer(data, np.uint8).astype(np.float32) - 128) / np.float32(128)
    if form.bits == 24:
        parts = np.frombuffer(data, np.uint8).reshape(-1, 3)
        wide = np.zeros((len(parts), 4), np.uint8)
        wide[:, 1:] = parts
        triples: Floats = wide.view("<i4").ravel().astype(np.float32) / np.float32(2**31)
        return triples
    ints = np.frombuffer(data, f"<i{form.bits // 8}")
    return ints.astype(np.float32) / np.float32(2 ** (form.bits - 1))


def resample(samples: Floats, rate_hz: int) -> Floats:
    """Bring samples to 16 kHz by a polyphase filter, which lets nothing through that would fold."""
    if rate_hz == RATE_HZ or not len(samples):
        return samples
    from scipy.signal import resample_poly

    shared = gcd(rate_hz, RATE_HZ)
    told: Floats = resample_poly(samples, RATE_HZ // shared, rate_hz // shared).astype(np.float32)
    return told


def signal_to_noise_db(samples: Floats) -> float:
    """Estimate how far speech stands above its background: loud windows against quiet ones."""
    count = len(samples) // _WINDOW
    if count < 10:
        return 0.0
    power = np.mean(samples[: count * _WINDOW].reshape(count, _WINDOW) ** 2, axis=1) + 1e-10
    loud, quiet = np.quantile(power, 0.9), np.quantile(power, 0.1)
    return float(10 * np.log10(loud / quiet))


def judge_level(sound: Sound) -> tuple[str, ...]:
    """Say `silence` or `too_noisy`, where the level alone shows it."""
    rms = float(np.sqrt(np.mean(sound.samples**2))) if len(sound.samples) else 0.0
    if rms < _QUIET_RMS:
        return ("silence",)
    return ("too_noisy",) if sound.snr_db < _NOISY_DB else ()


def _is_clipped(raw: Floats) -> bool:
    top = np.abs(raw) >= 0.999
    return bool(np.count_nonzero(top) * 1000 > len(raw) * _CLIPPED_PERMILLE)


def pitch_hz(samples: Floats) -> float:
    """Give the median pitch of what is voiced by autocorrelation, 0 where little is."""
    count = min(len(samples) // _PITCH_WINDOW, 2_000)
    if not count:
        return 0.0
    windows = samples[: count * _PITCH_WINDOW].reshape(count, _PITCH_WINDOW)
    power = np.mean(windows**2, axis=1)
    loud = windows[power > max(float(np.quantile(power, 0.9)) / 30, _QUIET_RMS**2)]
    if not len(loud):
        return 0.0
    spectrum = np.fft.rfft(loud - loud.mean(axis=1, keepdims=True), 2 * _PITCH_WINDOW, axis=1)
    repeats = np.fft.irfft(np.abs(spectrum) ** 2, axis=1)[:, :_PITCH_WINDOW]
    # a longer lag has fewer samples to agree on
    repeats = repeats / (_PITCH_WINDOW - np.arange(_PITCH_WINDOW)) * _PITCH_WINDOW
    lowest, highest = _PITCH_SEARCH_HZ
    first, last = RATE_HZ // highest, RATE_HZ // lowest
    part = repeats[:, first:last] / np.maximum(repeats[:, :1], 1e-9)
    voiced = part[part.max(axis=1) > _VOICED]
    if len(voiced) < _VOICED_WINDOWS:
        return 0.0
    # the shortest peak that explains nearly as much as the best: not its multiples
    near = voiced >= 0.9 * voiced.max(axis=1, keepdims=True)
    near[:, 1:-1] &= (voiced[:, 1:-1] >= voiced[:, :-2]) & (voiced[:, 1:-1] >= voiced[:, 2:])
    near[:, 0] = False
    return float(np.median(RATE_HZ / (near.argmax(axis=1) + first)))


def is_beyond_voices(hz: float) -> bool:
    """Tell whether a pitch is none of a person's; 0 says nothing."""
    return hz > 0 and not _PITCH_HZ[0] <= hz <= _PITCH_HZ[1]
