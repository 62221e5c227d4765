"""Waveforms as samples: .npz, .csv, WAV and the house's own frame, in one unit.

The own frame (`application/vnd.danshu.wave`) is one line of JSON, a line feed, and the samples
little-endian:

    {"danshu":"wave/1","rate_hz":25600,"unit":"g","sample":"i2","scale":0.0005,"count":384000,
     "rpm":1480,"device":"SP-01","at":"2026-11-30T07:00:00Z","clock":{"source":"ntp","error_ms":4}}

`sample` is `i2` (int16 times `scale`) or `f4` (float32); `rpm` a number, or a list at equal steps
over the wave; `range` the sensor's, in the unit, where it is known. Whatever a header claims,
nothing is decoded beyond what the limits allow.
"""

from __future__ import annotations

import io
import struct
import zipfile
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from danshu.kernel.errors import InputError
from danshu.kernel.limits import (
    WAVE_BYTES,
    WAVE_HEADER_BYTES,
    WAVE_RATE_HZ,
    WAVE_RATE_HZ_MIN,
    WAVE_RPM,
    WAVE_S,
    WAVE_SAMPLES,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

Floats = NDArray[np.float64]

MEDIA_TYPE: Final = "application/vnd.danshu.wave"
G: Final = 9.80665
UNITS: Final = {"g": G, "m/s2": 1.0, "mm/s": 1.0}
_MAGIC: Final = "wave/1"
_RPMS: Final = 64


class Wave(Struct, frozen=True, kw_only=True, eq=False):
    """Samples in m/s² (`unit` "mm/s": velocity in mm/s), at `rate_hz`; `rpms` are the speeds at
    equal steps over it, () = not known; `range_` the sensor's in the same unit, 0 = not known.
    """

    samples: Floats
    rate_hz: float
    unit: str
    rpms: tuple[float, ...] = ()
    range_: float = 0.0
    device: str = ""


def read(body: bytes, media_type: str, hints: Mapping[str, object]) -> Wave:
    """Read a waveform; what its header leaves out (`rate_hz`, `unit`, `rpm`) hints may give.

    Raises InputError: `unsupported_wave`, `bad_wave`, `wave_too_long`, `no_rate`.
    """
    if len(body) > WAVE_BYTES:
        raise InputError("wave_too_long", f"a waveform has at most {WAVE_BYTES} bytes")
    try:
        samples, told = _decode(body, media_type)
    except InputError:
        raise
    except (
        ValueError,
        TypeError,
        KeyError,
        EOFError,
        NotImplementedError,
        struct.error,
        zipfile.BadZipFile,
        msgspec.MsgspecError,
    ) as error:
        raise InputError("bad_wave", "the waveform can't be read") from error
    return _make(samples, {**hints, **{k: v for k, v in told.items() if v not in ("", None)}})


def _decode(body: bytes, media_type: str) -> tuple[Floats, dict[str, Any]]:
    if body[:4] == b"PK\x03\x04":
        return _read_npz(body)
    if body[:4] == b"RIFF":
        return _read_wav(body)
    if body[:1] == b"{":
        return _read_frame(body)
    if media_type.startswith("text/") or body[:1] in b"#0123456789-+.nN":
        return _read_csv(body)
    raise InputError("unsupported_wave", "a waveform is .npz, .csv, WAV or the house's own frame")


def _read_frame(body: bytes) -> tuple[Floats, dict[str, Any]]:
    line, _, rest = body[:WAVE_HEADER_BYTES].partition(b"\n")
    told = msgspec.json.decode(line, type=dict[str, Any])
    if told.get("danshu") != _MAGIC:
        raise InputError("unsupported_wave", f"the header's danshu is not {_MAGIC!r}")
    rest = body[len(line) + 1 :]
    count = int(told.get("count") or 0)
    if told.get("sample") == "i2":
        samples = np.frombuffer(rest, dtype="<i2", count=len(rest) // 2).astype(np.float64)
        samples *= float(told.get("scale") or 1.0)
    elif told.get("sample") == "f4":
        samples = np.frombuffer(rest, dtype="<f4", count=len(rest) // 4).astype(np.float64)
    else:
        raise InputError("bad_wave", "the header's sample is i2 or f4")
    if count != len(samples):
        detail = f"the header says {count} samples, there are {len(samples)}"
        raise InputError("bad_wave", detail)
    return samples, told


def _read_npz(body: bytes) -> tuple[Floats, dict[str, Any]]:
    with zipfile.ZipFile(io.BytesIO(body)) as packed:
        if sum(one.file_size for one in packed.infolist()) > WAVE_SAMPLES * 8:
            raise InputError("wave_too_long", f"a waveform has at most {WAVE_SAMPLES} samples")
    with np.load(io.BytesIO(body), allow_pickle=False) as arrays:
        samples = np.asarray(arrays["wave"], dtype=np.float64).reshape(-1)
        told: dict[str, Any] = {}
        for name in ("rate_hz", "unit", "device", "range", "rpm"):
            if name in arrays.files:
                value = arrays[name]
                told[name] = value.item() if value.ndim == 0 else value.tolist()
    return samples, told


def _read_wav(body: bytes) -> tuple[Floats, dict[str, Any]]:
    from scipy.io import wavfile

    rate, data = wavfile.read(io.BytesIO(body))
    if data.ndim > 1:
        data = data[:, 0]
    full = float(np.iinfo(data.dtype).max) + 1 if data.dtype.kind == "i" else 1.0
    return data.astype(np.float64) / full, {"rate_hz": rate, "full_scale": True}


def _read_csv(body: bytes) -> tuple[Floats, dict[str, Any]]:
    text = body.decode("utf-8-sig")
    told: dict[str, Any] = {}
    skipped = 0
    for line in text.splitlines()[:32]:
        if not line.startswith("#"):
            if not line or not (line[0].isalpha() and line[:3].lower() not in ("nan", "inf")):
                break
            skipped += 1  # a line of column names
            continue
        name, _, value = line[1:].partition("=")
        told[name.strip()] = value.strip()
        skipped += 1
    rows = np.loadtxt(io.StringIO(text), delimiter=",", skiprows=skipped, ndmin=2)
    return rows[:, -1], told


def _make(samples: Floats, told: dict[str, Any]) -> Wave:
    rate = _number(told.get("rate_hz"))
    if not rate:
        raise InputError("no_rate", "neither the waveform nor the device says its sampling rate")
    if not WAVE_RATE_HZ_MIN <= rate <= WAVE_RATE_HZ:
        detail = f"a sampling rate is {WAVE_RATE_HZ_MIN} to {WAVE_RATE_HZ} Hz, not {rate:g}"
        raise InputError("bad_rate", detail)
    if len(samples) > min(WAVE_SAMPLES, WAVE_S * rate):
        raise InputError("wave_too_long", f"a waveform has at most {WAVE_S} s")
    unit = str(told.get("unit") or "g")
    if unit not in UNITS:
        raise InputError("bad_unit", f"a unit is one of {', '.join(UNITS)}")
    factor = UNITS[unit]
    if told.get("full_scale"):  # of a WAV: 1.0 is the sensor's range
        factor *= _number(told.get("range")) or 1.0
    spoken = told.get("rpm")
    rpms = spoken if isinstance(spoken, (list, tuple)) else [spoken] if spoken else []
    speeds = tuple(_number(rpm) for rpm in rpms[:_RPMS])
    if any(not 0 < rpm <= WAVE_RPM for rpm in speeds):
        speeds = ()
    return Wave(
        samples=samples * factor,
        rate_hz=rate,
        unit="mm/s" if unit == "mm/s" else "m/s2",
        rpms=speeds,
        range_=_number(told.get("range")) * UNITS[unit],
        device=str(told.get("device") or "")[:64],
    )


def _number(value: Any) -> float:
    """Give a finite number, 0 for what is none."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return 0.0
    return number if np.isfinite(number) else 0.0
