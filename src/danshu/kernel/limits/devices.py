"""Limits of devices, their waves and repairs."""

from __future__ import annotations

from typing import Final

# Bytes of a waveform as it comes, and unpacked; its seconds, and how many it needs to say anything;
# samples a second
WAVE_BYTES: Final = 8 << 20
WAVE_SAMPLES: Final = 3_000_000
WAVE_S: Final = 60
WAVE_S_MIN: Final = 4
WAVE_RATE_HZ: Final = 102_400
WAVE_RATE_HZ_MIN: Final = 4_000
# Characters of a waveform's header; revolutions a minute; points of a curve that is shown
WAVE_HEADER_BYTES: Final = 4_096
WAVE_RPM: Final = 60_000
WAVE_POINTS: Final = 480
# Devices of a merchant; parts and bearings of one; waves that make a device's normal state
DEVICES: Final = 100_000
DEVICE_PARTS: Final = 64
BASELINE_WAVES: Final = 400
# Repairs written in one order: parts wanted of the supplier
REPAIR_PARTS: Final = 64
# The edge agent: bytes of its buffer as it comes, and of one file that it takes up
EDGE_BUFFER_BYTES: Final = 1 << 30
EDGE_FILE_BYTES: Final = WAVE_BYTES
