"""Sound as telephones carry it: μ-law at 8 kHz, and when somebody has finished speaking.

G.711 μ-law (ITU-T G.711, 11/1988): 8 bits a sample, decoded to 14 of 16 bits.
"""

from __future__ import annotations

import struct
from typing import Final

import numpy as np
from numpy.typing import NDArray

RATE_HZ: Final = 8_000
FRAME_MS: Final = 20
_FRAME: Final = RATE_HZ * FRAME_MS // 1_000
_BIAS: Final = 0x84
_QUIET_DB: Final = -55.0  # below it a frame is silence whatever the line's noise
_ABOVE_NOISE_DB: Final = 12.0
_NOISE_FALLS: Final = 0.2  # how fast the floor follows a line that grows quieter
_NOISE_RISES: Final = 0.005

Samples = NDArray[np.int16]


def _table() -> Samples:
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    size = (((code & 0x0F) << 3) + _BIAS) << ((code & 0x70) >> 4)
    return np.where(code & 0x80, _BIAS - size, size - _BIAS).astype(np.int16)


_MU_LAW: Final = _table()


def decode_mu_law(sound: bytes) -> bytes:
    """Give 16-bit little-endian samples for μ-law bytes."""
    decoded: bytes = _MU_LAW[np.frombuffer(sound, np.uint8)].astype("<i2").tobytes()
    return decoded


def write_wav(samples: bytes, rate_hz: int = RATE_HZ) -> bytes:
    """Put 16-bit mono samples into a WAV file."""
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(samples), b"WAVE", b"fmt ", 16, 1, 1, rate_hz,
        rate_hz * 2, 2, 16, b"data", len(samples),
    )  # fmt: skip
    return head + samples


class Turn:
    """One turn of a caller: takes frames of 16-bit samples at 8 kHz and tells when it is over.

    A turn begins with the first frames above the line's own noise and is over after `pause_ms` of
    quiet, or when it has lasted `most_ms`. Not longer than that is kept.
    """

    def __init__(self, pause_ms: int, most_ms: int) -> None:
        self._pause, self._most = pause_ms // FRAME_MS, most_ms // FRAME_MS
        self._noise_db = -50.0
        self._frames: list[bytes] = []
        self._rest = b""
        self._loud = self._quiet = 0

    def hear(self, samples: bytes) -> list[bytes]:
        """Take samples; gives the turns that are over with them, most often none."""
        heard = self._rest + samples
        whole = len(heard) // (_FRAME * 2) * _FRAME * 2
        self._rest = heard[whole:]
        frames = [heard[at : at + _FRAME * 2] for at in range(0, whole, _FRAME * 2)]
        return [said for said in map(self._take, frames) if said is not None]

    def _take(self, frame: bytes) -> bytes | None:
        level_db = _level_db(frame)
        is_speech = level_db > max(_QUIET_DB, self._noise_db + _ABOVE_NOISE_DB)
        if not is_speech:
            follows = _NOISE_FALLS if level_db < self._noise_db else _NOISE_RISES
            self._noise_db += follows * (max(level_db, -90.0) - self._noise_db)
        self._loud += is_speech
        self._quiet = 0 if is_speech else self._quiet + 1
        self._frames.append(frame)
        if not self._loud:
            del self._frames[: -self._pause]  # a little before the first word stays
            return None
        if self._quiet < self._pause and len(self._frames) < self._most:
            return None
        said = b"".join(self._frames)
        self._frames, self._loud, self._quiet = [], 0, 0
        return said


def _level_db(frame: bytes) -> float:
    samples = np.frombuffer(frame, "<i2").astype(np.float64) / 32_768.0
    power = float(np.mean(samples * samples)) if samples.size else 0.0
    return 10.0 * float(np.log10(power + 1e-12))
