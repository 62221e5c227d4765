"""Vibration of machines 振动: a waveform is measured on this machine, no model, no service."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from danshu.ports.perceiver import Perception

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.ports.connector import Account, Send

_VERSION: Final = "1"
_DIGEST: Final = hashlib.sha256(f"danshu vibration {_VERSION}".encode()).hexdigest()


class Vibration:
    """The perceiver. Hints: `bearing` (rollers, d, D, angle, ratio), and `rate_hz`, `unit`, `rpm`
    where the waveform does not say them.
    """

    kind = "waveform"
    title = "振动测量"
    title_en = "Vibration measurement"
    local = True
    needs: tuple[str, ...] = ()
    extra = ""

    async def perceive(
        self,
        account: Account,
        send: Send,
        body: bytes,
        media_type: str,
        hints: Mapping[str, object],
    ) -> Perception:
        """Measure a waveform. Raises InputError for what is none (`_wave.read`)."""
        # They take half a second to import: nobody else in the child pays for it.
        from danshu.adapters.perceivers import _vibration, _wave

        wave = _wave.read(body, media_type, hints)
        seen = _vibration.measure(wave, _vibration.read_bearing(hints.get("bearing")))
        troubles = seen.troubles
        if wave.device and hints.get("device") not in (None, "", wave.device):
            troubles += ("other_device",)
        return Perception(
            kind=self.kind,
            engine="danshu-vibration",
            version=_VERSION,
            digest=_DIGEST,
            text=wave.device,
            figures=_vibration.describe(seen.figures),
            series=seen.series,
            duration_ms=round(len(wave.samples) * 1000 / wave.rate_hz),
            troubles=troubles,
        )
