"""Gauges 表计 read in the house: the level of a sight glass or the needle of a dial, in the picture
of a fixed camera, within the region that a person drew. No model; it abstains rather than guesses.
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any, Final

import msgspec

from danshu.kernel.errors import InputError, NotAvailable
from danshu.ports.perceiver import Perception, Series

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.ports.connector import Account, Send

_VERSION: Final = "1"
_DIGEST: Final = hashlib.sha256(f"danshu gauge {_VERSION}".encode()).hexdigest()
_MISSING: Final = "reading gauges needs the extra vision: pip install 'danshu[vision]'"


class Gauge:
    """The perceiver. The hint `gauge` holds the region (`kind` level or dial, `width`, `height`,
    `box`, of a dial `start_deg`, `sweep_deg`), the scale's ends `low`, `high`, its `unit`, and
    `template` (base64), what surrounded the region when it was drawn.

    Figures: `value` in the gauge's unit, `share` of the scale in %, `contrast` in levels of 255.
    Series `border` is the patch that a template is made of.
    """

    kind = "gauge"
    title = "本机表计识读"
    title_en = "Gauges, read here"
    local = True
    needs: tuple[str, ...] = ()
    extra = "vision"

    async def perceive(
        self,
        account: Account,
        send: Send,
        body: bytes,
        media_type: str,
        hints: Mapping[str, object],
    ) -> Perception:
        """See ports.perceiver. Raises InputError (`no_gauge`, `bad_gauge`, `too_large`,
        `unreadable`).
        """
        told: Any = hints.get("gauge")
        if not told:
            raise InputError("no_gauge", "nobody has drawn where the gauge is in this picture")
        try:
            from danshu.adapters.perceivers import _gauge, _pages
        except ImportError:
            raise NotAvailable(_MISSING, 3_600) from None
        try:
            region = msgspec.convert(told, _gauge.Region)
            low, high = float(told.get("low", 0)), float(told.get("high", 100))
            template = base64.b64decode(str(told.get("template", "")), validate=True)
        except (msgspec.ValidationError, ValueError, TypeError) as error:
            raise InputError("bad_gauge", str(error)[:200]) from error
        page = next(iter(_pages.read_pages(body, media_type)))
        seen = _gauge.measure(page.pixels, region, template)
        height, width = page.pixels.shape[:2]
        figures = {"contrast": round(seen.contrast, 1)}
        if not seen.troubles:
            value = low + seen.share * (high - low)
            figures |= {"value": round(value, 3), "share": round(100 * seen.share, 2)}
        series = [Series(name="border", unit="", start=0, step=1, values=seen.border)]
        if seen.profile:
            series.append(Series(name="profile", unit="", start=0, step=1, values=seen.profile))
        return Perception(
            kind=self.kind,
            engine="danshu-gauge",
            version=_VERSION,
            digest=_DIGEST,
            figures=figures,
            series=tuple(series),
            pages=((width, height),),
            confidence=seen.confidence,
            troubles=seen.troubles,
        )
