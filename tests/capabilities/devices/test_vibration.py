"""Waves as they come: what is no wave is refused, what can't be believed says so, what is broken is
found and named as far as a wave can.
"""

from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from danshu.adapters.perceivers import _vibration, _wave
from danshu.capabilities.devices import baseline, decide
from danshu.capabilities.devices.model import Baseline
from danshu.kernel.errors import InputError
from danshu.testing import vibrations
from danshu.testing.vibrations import Recording

MACHINE = vibrations.Machine(seed=5)
BEARING = _vibration.read_bearing(MACHINE.bearing)
SHORT: dict[str, Any] = {"seconds": 4.5, "rate_hz": 8_000}


def measure(told: Recording, **header: Any) -> _vibration.Measured:
    wave = _wave.read(vibrations.frame(told, "", **header), "", {})
    return _vibration.measure(wave, BEARING)


def record(nth: int, **more: Any) -> Recording:
    return vibrations.record(MACHINE, nth, **{**SHORT, **more})


def with_samples(told: Recording, samples: Any) -> Recording:
    return replace(told, samples=samples)


@pytest.mark.parametrize(
    ("spoil", "trouble"),
    [
        (lambda x: np.where(np.arange(len(x)) == 7, np.nan, x), "not_finite"),
        (lambda x: np.where(np.arange(len(x)) == 7, np.inf, x), "not_finite"),
        (lambda x: np.zeros(len(x)), "dead_sensor"),
        (lambda x: np.full(len(x), 3.3), "dead_sensor"),
        (lambda x: np.clip(x, -0.5, 0.5), "clipped"),
        (lambda x: x * 1e-3, "too_quiet"),
        (lambda x: x[:8_000], "too_short"),
    ],
)
def test_what_cannot_be_believed_says_so(spoil: Any, trouble: str) -> None:
    told = record(1)
    assert trouble in measure(with_samples(told, spoil(told.samples))).troubles


@pytest.mark.parametrize("wrong", [4_000, 6_000, 12_000, 16_000])
def test_another_rate_than_the_header_s_is_noticed(wrong: int) -> None:
    told = record(2, seconds=9.0)
    assert measure(told).troubles == ()
    assert (
        "rate_mismatch" in measure(replace(told, rate_hz=wrong), count=len(told.samples)).troubles
    )


def test_without_a_speed_no_line_is_sought() -> None:
    seen = measure(replace(record(1), rpms=()))
    assert seen.troubles == ("no_speed",)
    assert "comb_outer" not in seen.figures


def _npz(**arrays: Any) -> bytes:
    kept = io.BytesIO()
    np.savez_compressed(kept, **arrays)
    return kept.getvalue()


def _bomb() -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("wave.npy", bytes(40_000_000))
    return kept.getvalue()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"\x89PNG\r\n", "unsupported_wave"),
        (b'{"danshu":"wave/2"}\n', "unsupported_wave"),
        (b'{"danshu":"wave/1","sample":"i2","rate_hz":8000,"count":9}\n\0\0', "bad_wave"),
        (b'{"danshu":"wave/1","sample":"i2","rate_hz":1e9,"count":1}\n\0\0', "bad_rate"),
        (b'{"danshu":"wave/1","sample":"i2","count":1}\n\0\0', "no_rate"),
        (
            b'{"danshu":"wave/1","sample":"i2","rate_hz":8000,"count":1,"unit":"V"}\n\0\0',
            "bad_unit",
        ),
        (b"1,2\n3\n", "bad_wave"),
        (b"PK\x03\x04broken", "bad_wave"),
        (_bomb(), "wave_too_long"),
        (_npz(wave=np.array([{"a": 1}], dtype=object), rate_hz=8_000), "bad_wave"),
        (_npz(wave=np.zeros(8_000 * 61), rate_hz=8_000), "wave_too_long"),
    ],
)
def test_what_is_no_wave_is_refused(body: bytes, code: str) -> None:
    with pytest.raises(InputError) as refused:
        _wave.read(body, "", {})
    assert refused.value.code == code


def test_every_form_gives_the_same_figures() -> None:
    told = record(3)
    first = measure(told).figures
    rows = "\n".join(f"{v:.8f}" for v in told.samples)
    rpm = float(np.mean(told.rpms))
    text = f"# rate_hz=8000\n# unit=m/s2\n# rpm={rpm}\n{rows}\n".encode()
    packed = _npz(wave=told.samples, rate_hz=8_000, unit="m/s2", rpm=np.array(told.rpms))
    for body in (text, packed):
        seen = _vibration.measure(_wave.read(body, "", {}), BEARING).figures
        for name in ("velocity_rms_mm_s", "kurtosis", "rms_m_s2"):
            assert seen[name] == pytest.approx(first[name], rel=0.01)


def test_velocity_is_the_integral_of_acceleration() -> None:
    """A sine of 50 Hz and 1 m/s² RMS has 1000/(2π·50) mm/s."""
    t = np.arange(4 * 8_192) / 8_192
    wave = _wave.Wave(samples=np.sqrt(2) * np.sin(2 * np.pi * 50 * t), rate_hz=8_192, unit="m/s2")
    seen = _vibration.measure(wave, None).figures
    assert seen["velocity_rms_mm_s"] == pytest.approx(1000 / (2 * np.pi * 50), rel=0.01)


def test_faults_are_named_as_far_as_a_wave_can() -> None:
    normal = baseline.build([measure(record(nth)).figures for nth in range(10)], MACHINE.rpm)

    def judge(nth: int, zones: str = "", **more: Any) -> Any:
        seen = measure(record(nth, **more))
        return decide.assess(seen.figures, seen.troubles, normal, zones, judged=59, alarms=0)

    assert judge(20).state == "normal"
    for fault, symptom in (
        (vibrations.OUTER, "outer_race_fault"),
        (vibrations.INNER, "inner_race_fault"),
        (vibrations.IMBALANCE, "unbalance"),
    ):
        told = judge(21, fault=fault)
        assert (told.state, told.symptoms, told.needs_person) == ("abnormal", (symptom,), False)
        assert 900 < told.confidence < 951  # 59 normal waves bear out 95 %, no more
    ball = judge(22, fault=vibrations.BALL)
    assert ball.needs_person
    assert ball.symptoms == ("vibration_high",)
    seen = measure(record(23)).figures
    few = decide.assess(seen, (), Baseline(), "small", judged=0, alarms=0)
    assert (few.state, few.confidence) == ("learning", 0)


def test_the_bound_is_clopper_and_pearson_s() -> None:
    assert baseline.bound_alarms(500, 0) == pytest.approx(1 - 0.05 ** (1 / 500), rel=1e-6)
    assert baseline.bound_alarms(20, 1) == pytest.approx(0.21611, abs=1e-4)
    assert baseline.bound_alarms(0, 0) == 1.0
    assert decide.zone_of(4.6, "group_2_rigid") == "D"
