"""A voice as a direction in 256 dimensions: a three-layer LSTM over a mel spectrogram, in numpy.

The network and its weights are those of Resemblyzer (Apache-2.0), after Wan et al., Generalized
End-to-End Loss for Speaker Verification (ICASSP 2018). Samples are 16 kHz mono floats in [-1, 1].
It hears no difference between a living voice and a recording or a synthetic one.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterator

Floats = NDArray[np.float32]

RATE_HZ: Final = 16_000
_FRAME: Final = 400  # 25 ms
_HOP: Final = 160  # 10 ms
_BANDS: Final = 40
_PARTIAL: Final = 160  # frames of one look of the network, 1.6 s
_PARTIAL_STEP: Final = 77  # 1.3 looks a second
_COVERAGE: Final = 0.75  # of the last look that must be sound
_LAYERS: Final = 3
_LOUDNESS_DB: Final = -30.0
_SPEECH_MS: Final = 30
_SPEECH_BELOW_DB: Final = 35.0  # under the loudest tenth a window counts as silence
_SPEECH_FLOOR_DB: Final = -60.0
_SILENCE_KEPT: Final = 6  # windows on either side of speech


class Weights(Struct, frozen=True, eq=False):
    """The network: arrays by name, and the SHA-256 (hex) of the file that they came from."""

    arrays: dict[str, Floats]
    digest: str


@lru_cache(maxsize=1)
def weights() -> Weights:
    """Load the network once; kept in half precision on disk, used in single precision."""
    path = resources.files("danshu") / "data" / "voice" / "encoder.npz"
    raw = path.read_bytes()
    with resources.as_file(path) as file, np.load(file) as stored:
        arrays = {name: stored[name].astype(np.float32) for name in stored.files}
    return Weights(arrays, hashlib.sha256(raw).hexdigest())


def embed(samples: Floats) -> Floats:
    """Give the direction (256, length 1) of the voice in samples that hold speech."""
    looks = np.stack(list(_partials(mel(samples), len(samples))))
    return _unit(np.mean(_see(looks), axis=0))


def alike(one: Floats, other: Floats) -> float:
    """Give the cosine of two voices: 1 is one direction; strangers are under 0.7 as a rule."""
    return float(np.dot(one, other))


def find_speech(samples: Floats) -> Floats:
    """Give the samples at a set loudness, without what is not speech by its energy."""
    loud = _level(samples)
    window = RATE_HZ * _SPEECH_MS // 1000
    count = len(loud) // window
    if not count:
        return loud[:0]
    energy = np.mean(loud[: count * window].reshape(count, window) ** 2, axis=1)
    db = 10 * np.log10(energy + 1e-12)
    speech = db > max(float(np.quantile(db, 0.9)) - _SPEECH_BELOW_DB, _SPEECH_FLOOR_DB)
    kernel = np.ones(2 * _SILENCE_KEPT + 1)
    near = np.convolve(speech, kernel, mode="same")[:count] > 0
    return loud[: count * window][np.repeat(near, window)]


def mel(samples: Floats) -> Floats:
    """Give the power in 40 Slaney bands, a row for every 10 ms; no logarithm."""
    padded = np.pad(samples, _FRAME // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FRAME)[::_HOP]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_FRAME) / _FRAME)
    power = np.abs(np.fft.rfft(frames * hann, axis=1)) ** 2
    bands: Floats = (power @ _filters().T).astype(np.float32)
    return bands


@lru_cache(maxsize=1)
def _filters() -> NDArray[np.float64]:
    """Give the triangles of the bands (40, 201), all of one area (Slaney's Auditory Toolbox)."""
    edges = _from_mel(np.linspace(0.0, _to_mel(RATE_HZ / 2), _BANDS + 2))
    bins = np.linspace(0, RATE_HZ / 2, _FRAME // 2 + 1)
    up = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    down = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    triangles = np.maximum(0, np.minimum(up, down))
    shaped: NDArray[np.float64] = triangles * (2.0 / (edges[2:] - edges[:-2]))[:, None]
    return shaped


_LINEAR_HZ: Final = 200.0 / 3
_LOG_FROM_HZ: Final = 1_000.0
_LOG_FROM_MEL: Final = _LOG_FROM_HZ / _LINEAR_HZ
_LOG_STEP: Final = float(np.log(6.4) / 27)


def _to_mel(hz: float) -> float:
    if hz < _LOG_FROM_HZ:
        return hz / _LINEAR_HZ
    return _LOG_FROM_MEL + float(np.log(hz / _LOG_FROM_HZ)) / _LOG_STEP


def _from_mel(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    above = _LOG_FROM_HZ * np.exp(_LOG_STEP * (mels - _LOG_FROM_MEL))
    return np.where(mels < _LOG_FROM_MEL, mels * _LINEAR_HZ, above)


def _partials(frames: Floats, samples: int) -> Iterator[Floats]:
    """Give the looks of 160 frames; the last one is left out when it is mostly beyond the end."""
    count = -(-(samples + 1) // _HOP)
    for at in range(0, max(1, count - _PARTIAL + _PARTIAL_STEP + 1), _PARTIAL_STEP):
        end = (at + _PARTIAL) * _HOP
        covered = (samples - at * _HOP) / (_PARTIAL * _HOP)
        if at and covered < _COVERAGE and end > samples:
            return
        part = frames[at : at + _PARTIAL]
        yield np.pad(part, ((0, _PARTIAL - len(part)), (0, 0)))


def _see(looks: Floats) -> Floats:
    """Run the network over looks (n, 160, 40): last states, a linear layer, cut at 0, length 1."""
    told = weights().arrays
    layer = looks
    for n in range(_LAYERS):
        layer = _lstm(
            layer,
            told[f"lstm_weight_ih_l{n}"],
            told[f"lstm_weight_hh_l{n}"],
            told[f"lstm_bias_ih_l{n}"] + told[f"lstm_bias_hh_l{n}"],
        )
    raw = np.maximum(0, layer[:, -1] @ told["linear_weight"].T + told["linear_bias"])
    return np.stack([_unit(row) for row in raw])


def _lstm(inputs: Floats, from_input: Floats, from_state: Floats, bias: Floats) -> Floats:
    """Give the states (n, frames, hidden) of one layer; the gates stand in the order i, f, g, o."""
    told = inputs @ from_input.T + bias
    size = from_state.shape[1]
    state = np.zeros((len(inputs), size), np.float32)
    cell = np.zeros_like(state)
    states = np.empty((*inputs.shape[:2], size), np.float32)
    for at in range(inputs.shape[1]):
        i, f, g, o = np.split(told[:, at] + state @ from_state.T, 4, axis=1)
        cell = _sigmoid(f) * cell + _sigmoid(i) * np.tanh(g)
        state = _sigmoid(o) * np.tanh(cell)
        states[:, at] = state
    return states


def _sigmoid(x: Floats) -> Floats:
    folded: Floats = 0.5 * (1 + np.tanh(0.5 * x))  # cannot overflow
    return folded


def _unit(x: Floats) -> Floats:
    whole: Floats = (x / max(float(np.linalg.norm(x)), 1e-12)).astype(np.float32)
    return whole


def _level(samples: Floats) -> Floats:
    """Bring samples to a set loudness: the network hears loudness as a trait of the voice."""
    rms = float(np.sqrt(np.mean(samples**2))) if len(samples) else 0.0
    if rms <= 0:
        return samples
    levelled: Floats = (samples * 10 ** ((_LOUDNESS_DB - 20 * np.log10(rms)) / 20)).astype(
        np.float32
    )
    return levelled
