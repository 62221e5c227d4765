"""What is said of devices 设备 beside their rows: what counts as normal, what was done to them."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("device.wave_judged")
class DeviceWaveJudged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """波形认定: a person says whether a wave of the device (`original`) is its normal state."""

    device: str
    normal: bool
    original: str


@fact_type("device.reset")
class DeviceReset(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """基线重建: the normal state of the device is learned anew from now on, for the reason said."""

    device: str
    reason: str


@fact_type("device.serviced")
class DeviceServiced(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """维修记录: something was done to the device; words about it stay in the row of `event`."""

    device: str
    event: str
    parts: tuple[str, ...] = ()
    repair: str = ""
    what: str
