"""What a waveform says of a machine: velocity, peaks, and combs of the bearing's fault lines.

One Fourier transform of the whole wave serves all: velocity is its bins over jω (ISO 20816-1, RMS
of 10 to 1,000 Hz), a band's Hilbert envelope the modulus of that band's bins brought to 0 Hz, at
the band's own low rate. Envelope spectra are averaged over windows of 2 s in orders, that is at the
speed of each window, so that a drifting speed does not smear its lines.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from scipy import fft

from danshu.kernel.limits import WAVE_POINTS, WAVE_S_MIN
from danshu.ports.perceiver import Series

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.adapters.perceivers._wave import Wave

Floats = NDArray[np.float64]

BANDS_HZ: Final = (
    (500, 2_000), (1_500, 3_000), (2_500, 4_000), (3_500, 5_000), (4_500, 5_800), (500, 5_800),
)  # fmt: skip
FAULTS: Final = ("outer", "inner", "ball", "cage")
_WINDOW_S: Final = 2.0
_HARMONICS: Final = 3
_NEAR: Final = 0.012  # a line is sought this far from where it should be: slip, and the speed
_AROUND: Final = 0.25
_VELOCITY_HZ: Final = (10.0, 1_000.0)
_QUIET_MM_S, _QUIET_M_S2 = 0.02, 0.02
_ORDERS: Final = 24.0
_LINE, _STRONG = 3.0, 10.0


class Bearing(Struct, frozen=True, kw_only=True):
    """A rolling bearing: number of rollers, their diameter and the pitch diameter in one unit, the
    contact angle in degrees; `ratio` is its shaft's speed over the measured one.
    """

    rollers: int
    d: float
    D: float
    angle: float = 0.0
    ratio: float = 1.0

    def orders(self) -> dict[str, float]:
        """Give the fault lines in orders of the measured shaft (`ball` is 2·BSF, ISO 15243 5.1)."""
        slope = self.d / self.D * math.cos(math.radians(self.angle))
        n, r = self.rollers, self.ratio
        return {
            "outer": n / 2 * (1 - slope) * r,
            "inner": n / 2 * (1 + slope) * r,
            "ball": self.D / self.d * (1 - slope**2) * r,
            "cage": (1 - slope) / 2 * r,
        }


class Measured(Struct, frozen=True, kw_only=True):
    """What `measure` gives: figures by name, curves to be shown, why not to believe them."""

    figures: dict[str, float]
    series: tuple[Series, ...]
    troubles: tuple[str, ...]


def read_bearing(told: Any) -> Bearing | None:
    """Read a bearing of a device's record; None where it has none that can be."""
    if not isinstance(told, dict):
        return None
    try:
        made = Bearing(
            rollers=int(told["rollers"]),
            d=float(told["d"]),
            D=float(told["D"]),
            angle=float(told.get("angle") or 0),
            ratio=float(told.get("ratio") or 1),
        )
    except (KeyError, TypeError, ValueError):
        return None
    sound = 3 <= made.rollers <= 200 and 0 < made.d < made.D and 0 <= made.angle < 90
    return made if sound and made.ratio > 0 else None


def measure(wave: Wave, bearing: Bearing | None) -> Measured:
    """Measure a wave. Nothing is measured of one whose samples are no numbers."""
    x, rate = wave.samples, wave.rate_hz
    if len(x) == 0 or not np.isfinite(x).all():
        return Measured(figures={}, series=(), troubles=("not_finite",))
    keep = fft.prev_fast_len(len(x), real=True) if len(x) > 1 else 1
    x = x[:keep] - x[:keep].mean()
    if len(x) / rate < WAVE_S_MIN:
        return Measured(figures={}, series=(), troubles=("too_short",))
    troubles = _look(x, wave.range_)
    if "dead_sensor" in troubles:
        return Measured(figures={}, series=(_shape(x, rate, wave.unit),), troubles=troubles)
    bins = fft.rfft(x)
    hz: Floats = np.arange(len(bins), dtype=np.float64) * (rate / len(x))
    if wave.unit == "mm/s":
        bins = bins * (2j * np.pi * hz / 1000)
        x = fft.irfft(bins, len(x))
    figures = _measure_peaks(x)
    velocity = _velocity(bins, hz)
    low, high = np.searchsorted(hz, _VELOCITY_HZ)
    power = np.square(np.abs(velocity[low:high])).sum()
    figures["velocity_rms_mm_s"] = math.sqrt(2 * power) / len(x)
    quiet = figures["velocity_rms_mm_s"] < _QUIET_MM_S and figures["rms_m_s2"] < _QUIET_M_S2
    if quiet:
        troubles += ("too_quiet",)
    spectrum, step_hz = _spectrum(velocity, rate, len(x))
    series = [_shape(x, rate, "m/s2"), _thin("velocity_spectrum", "mm/s", spectrum, step_hz, 1000)]
    if not wave.rpms:
        return Measured(figures=figures, series=tuple(series), troubles=(*troubles, "no_speed"))
    rpms = np.asarray(wave.rpms)
    figures["rpm"] = float(rpms.mean())
    troubles += _check_speed(spectrum, step_hz, figures)
    if bearing is not None:
        envelope = _comb_bands(bins, rate, len(x), rpms, bearing, figures)
        series.append(envelope)
    return Measured(figures=figures, series=tuple(series), troubles=troubles)


def _look(x: Floats, range_: float) -> tuple[str, ...]:
    """Look for a sensor that is dead or was driven beyond its range."""
    size = np.abs(x)
    peak = float(size.max())
    if peak == 0 or np.count_nonzero(np.diff(x)) < len(x) // 100:
        return ("dead_sensor",)
    if range_ and np.count_nonzero(size >= 0.998 * range_) >= 8:
        return ("clipped",)
    # Cut peaks pile up at one value on either side; those of a sine or of noise do not.
    for side in (x, -x):
        top = float(side.max())
        crowd = side[side >= 0.98 * top]
        at_top = np.count_nonzero(crowd >= 0.9995 * top)
        if at_top >= 16 and at_top > 2 * (len(crowd) - at_top):
            return ("clipped",)
    return ()


def _measure_peaks(x: Floats) -> dict[str, float]:
    square = x * x
    power = float(square.mean())
    rms = math.sqrt(power)
    peak = float(np.abs(x).max())
    fourth = float(np.dot(square, square)) / len(x)
    return {
        "rms_m_s2": rms,
        "peak_m_s2": peak,
        "crest": peak / rms,
        "kurtosis": fourth / (power * power),
    }


def _velocity(bins: NDArray[np.complex128], hz: Floats) -> NDArray[np.complex128]:
    """Integrate acceleration (m/s²) to velocity in mm/s, from 2 Hz up to 1,000 Hz."""
    high = int(np.searchsorted(hz, _VELOCITY_HZ[1]))
    low = int(np.searchsorted(hz, 2.0))
    velocity = np.zeros(high, dtype=np.complex128)
    velocity[low:] = bins[low:high] * 1000 / (2j * np.pi * hz[low:high])
    return velocity


def _spectrum(velocity: NDArray[np.complex128], rate: float, samples: int) -> tuple[Floats, float]:
    """Give the amplitude (mm/s) of velocity up to 1,000 Hz, averaged over windows of 2 s."""
    size = fft.next_fast_len(2 * len(velocity), real=True)
    rate = size * rate / samples
    low = fft.irfft(velocity, size) * (size / samples)
    width = int(_WINDOW_S * rate)
    window = np.hanning(width)
    parts = _cut(low, width)
    power = np.square(np.abs(fft.rfft((parts - parts.mean(axis=1, keepdims=True)) * window)))
    amplitude = np.sqrt(power.mean(axis=0)) * 2 / window.sum()
    return amplitude, rate / width


def _cut(x: Floats, width: int) -> Floats:
    """Cut into windows that overlap by half."""
    return np.lib.stride_tricks.sliding_window_view(x, width)[:: width // 2]


def _check_speed(spectrum: Floats, step_hz: float, figures: dict[str, float]) -> tuple[str, ...]:
    """Look whether the shaft's own line is where speed and sampling rate put it.

    A rate that is not the header's moves every line by the same factor; what stands out then stands
    elsewhere. Without any line that stands out nothing is said.
    """
    shaft = figures["rpm"] / 60
    own, _ = _peak(spectrum, step_hz, shaft * 0.97, shaft * 1.03)
    figures["velocity_1x_mm_s"] = own
    for nth in (2, 3):
        found, _ = _peak(spectrum, step_hz, shaft * nth * 0.97, shaft * nth * 1.03)
        figures[f"velocity_{nth}x_mm_s"] = found
    floor = _median(spectrum, step_hz, max(2.0, shaft * 0.2), shaft * 6)
    below, _ = _peak(spectrum, step_hz, max(4.0, shaft * 0.15), shaft * 0.93)
    above, _ = _peak(spectrum, step_hz, shaft * 1.07, shaft * 5)
    is_moved = below > _STRONG * floor and below > 2 * own
    is_missing = own < _LINE * floor and max(below, above) > _STRONG * floor
    return ("rate_mismatch",) if is_moved or is_missing else ()


def _peak(spectrum: Floats, step: float, low: float, high: float) -> tuple[float, float]:
    """Give the highest value between two places and where it is."""
    first = max(0, math.floor(low / step))
    last = min(len(spectrum), math.ceil(high / step) + 1)
    if last <= first:
        return 0.0, 0.0
    at = first + int(spectrum[first:last].argmax())
    return float(spectrum[at]), at * step


def _median(spectrum: Floats, step: float, low: float, high: float) -> float:
    first = max(0, math.floor(low / step))
    part = spectrum[first : math.ceil(high / step) + 1]
    return float(np.median(part)) if len(part) else 0.0


def _comb_bands(
    bins: NDArray[np.complex128],
    rate: float,
    size: int,
    rpms: Floats,
    bearing: Bearing,
    figures: dict[str, float],
) -> Series:
    """Measure each fault's comb in the envelope of each band; figures keep the best of the bands.

    Gives the envelope spectrum of the band in which a fault stands out most, in orders.
    """
    orders = bearing.orders()
    best, shown, step = -1.0, np.zeros(1), 1.0
    for name in FAULTS:
        figures[f"comb_{name}"] = 0.0
        figures[f"line_{name}"] = orders[name]
    for low, high in BANDS_HZ:
        if low >= rate * 0.4:
            continue
        spectrum, order_step = _envelope(bins, rate, size, rpms, low, min(high, 0.46 * rate))
        for name in FAULTS:
            score = comb(spectrum, order_step, orders[name])
            figures[f"comb_{name}"] = max(figures[f"comb_{name}"], score)
            if name != "cage" and score > best:
                best, shown, step = score, spectrum, order_step
    return _thin("envelope_spectrum", "m/s2", shown, step, _ORDERS)


def _envelope(
    bins: NDArray[np.complex128], rate: float, size: int, rpms: Floats, low: float, high: float
) -> tuple[Floats, float]:
    """Give the amplitude spectrum of a band's envelope over orders, and its step in orders."""
    first, last = round(low * size / rate), round(high * size / rate)
    length = fft.next_fast_len(last - first)
    envelope = np.abs(fft.ifft(bins[first:last], length)) * (2 * length / size)
    own_rate = length * rate / size
    width = int(_WINDOW_S * own_rate)
    parts = _cut(envelope, width)
    window = np.hanning(width)
    power = np.square(np.abs(fft.rfft((parts - parts.mean(axis=1, keepdims=True)) * window)))
    step_hz = own_rate / width
    speeds = rpms / 60
    step = step_hz / float(speeds.mean())
    if len(speeds) > 1:  # each window at its own speed
        middles = (np.arange(len(parts)) + 1) / (len(parts) + 1)
        at = np.interp(middles, np.linspace(0, 1, len(speeds)), speeds)
        grid = np.arange(power.shape[1]) * step
        power = np.stack(
            [np.interp(grid, np.arange(power.shape[1]) * (step_hz / s), p)
             for p, s in zip(power, at, strict=True)]
        )  # fmt: skip
    return np.sqrt(power.mean(axis=0)) * 2 / window.sum(), step


def comb(spectrum: Floats, step: float, line: float) -> float:
    """Give how much a line and its harmonics stand out: the geometric mean of peak over median.

    A harmonic beyond the spectrum is left out; 0 where the first is.
    """
    total, seen = 0.0, 0
    for nth in range(1, _HARMONICS + 1):
        at = nth * line
        if at * (1 + _AROUND) / step >= len(spectrum):
            break
        peak, _ = _peak(spectrum, step, at * (1 - _NEAR), at * (1 + _NEAR))
        around = _median(spectrum, step, at * (1 - _AROUND), at * (1 + _AROUND))
        if around <= 0:
            break
        total += math.log(max(peak / around, 1e-6))
        seen += 1
    return math.exp(total / seen) if seen else 0.0


def _shape(x: Floats, rate: float, unit: str) -> Series:
    """Give the wave to be shown: of each stretch its lowest and highest value."""
    half = WAVE_POINTS // 2
    width = max(1, len(x) // half)
    cut = x[: len(x) // width * width].reshape(-1, width)[:half]
    pairs = np.stack([cut.min(axis=1), cut.max(axis=1)], axis=1).reshape(-1)
    return Series(
        name="wave", unit=unit, start=0.0, step=width / rate / 2, values=_round(pairs)
    )  # fmt: skip


def _thin(name: str, unit: str, spectrum: Floats, step: float, end: float) -> Series:
    """Give a spectrum up to `end` to be shown: of each stretch its highest value."""
    part = spectrum[: int(end / step) + 1]
    width = max(1, math.ceil(len(part) / WAVE_POINTS))
    cut = part[: len(part) // width * width].reshape(-1, width)
    return Series(
        name=name, unit=unit, start=0.0, step=step * width, values=_round(cut.max(axis=1))
    )


def _round(values: Floats) -> tuple[float, ...]:
    return tuple(float(f"{v:.4g}") for v in values)


def describe(figures: Mapping[str, float]) -> dict[str, float]:
    """Round figures to what they mean."""
    return {name: round(value, 4) for name, value in figures.items()}
