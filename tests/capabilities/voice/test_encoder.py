"""The encoder: its shapes, what it takes for one voice and for two, what it takes for speech."""

from __future__ import annotations

import numpy as np
import pytest

from danshu.capabilities.voice import encoder
from danshu.kernel.limits import VOICE_ALIKE_PERMILLE
from tests.fixtures.voices import speak


def voice(pitch_hz: float, tract: float, seed: int) -> encoder.Floats:
    return encoder.embed(encoder.find_speech(speak(pitch_hz, tract, 3.0, seed)))


def test_one_voice_is_alike_and_another_is_not() -> None:
    first, again, other = voice(110, 0.95, 1), voice(110, 0.95, 2), voice(300, 1.25, 3)
    assert encoder.alike(first, again) * 1000 > VOICE_ALIKE_PERMILLE
    assert encoder.alike(first, other) * 1000 < VOICE_ALIKE_PERMILLE
    assert encoder.alike(first, first) == pytest.approx(1.0, abs=1e-5)


def test_a_direction_has_length_one_and_256_numbers() -> None:
    found = voice(140, 1.0, 4)
    assert found.shape == (256,)
    assert np.linalg.norm(found) == pytest.approx(1.0, abs=1e-5)


def test_loudness_changes_nothing_that_counts() -> None:
    loud = speak(110, 0.95, 2.0)
    quiet = encoder.embed(encoder.find_speech(loud * np.float32(0.01)))
    assert encoder.alike(encoder.embed(encoder.find_speech(loud)), quiet) > 0.98


def test_silence_is_no_speech() -> None:
    rate = encoder.RATE_HZ
    assert len(encoder.find_speech(np.zeros(rate, np.float32))) == 0
    spoken = speak(110, 0.95, 1.0)
    padded = np.concatenate([np.zeros(2 * rate, np.float32), spoken, np.zeros(rate, np.float32)])
    assert len(encoder.find_speech(padded)) < 1.5 * rate


def test_a_tone_lies_in_its_band() -> None:
    seconds = np.arange(encoder.RATE_HZ) / encoder.RATE_HZ
    low = encoder.mel(np.sin(2 * np.pi * 300 * seconds).astype(np.float32))
    high = encoder.mel(np.sin(2 * np.pi * 5_000 * seconds).astype(np.float32))
    assert low.shape == (101, 40)
    assert int(np.argmax(low.mean(axis=0))) < 10 < 30 < int(np.argmax(high.mean(axis=0)))
