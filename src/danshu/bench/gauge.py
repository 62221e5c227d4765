"""`danshu bench gauge`: how far gauges of the project's own are read from what was drawn.

`size` sight glasses and as many dials (200) by any light and noise, and a fifth as many each of
what can't be read: fog, glare, a camera that was moved, a full glass or a dial without needle.
Errors are in thousandths of the scale. `abstained` counts readable ones that were left to a person,
`misread` unreadable ones that got a value. Floor: the pictures decoded and nothing more. They are
drawn, so nothing here bounds what real photographs give.
"""

from __future__ import annotations

import asyncio
import base64
import io
import random
import time
from typing import TYPE_CHECKING, Any, Final, cast, get_args

from PIL import Image

from danshu.bench.report import Report, make_report
from danshu.ports import registry
from danshu.ports.connector import Account
from danshu.testing import gauges
from danshu.testing.gauges import Scene, Spoilt

if TYPE_CHECKING:
    from danshu.ports.perceiver import Perceiver, Perception

SIZE: Final = 200
# thousandths of the scale; counts of what may not happen
BUDGET: Final = {"level_mean": 10.0, "level_max": 30.0, "dial_mean": 10.0, "dial_max": 30.0}
BUDGET_MISREAD: Final = {"level_misread": 0.0, "dial_misread": 0.0}
_SEED: Final = 2026


def run(seconds: int | None = None, size: int | None = None) -> Report:
    """Measure `size` (200) readable gauges of each kind."""
    del seconds  # a count of pictures, not a time
    return asyncio.run(_measure(size or SIZE))


async def _measure(size: int) -> Report:
    figures: dict[str, Any] = {"pictures": 0}
    spent, decoded = 0.0, 0.0
    for kind in ("level", "dial"):
        eye = _Eye(kind)
        await eye.remember()
        read, unreadable = scenes(kind, size)
        errors, abstained = [], 0
        for scene in read:
            seen = await eye.look(scene)
            if seen.troubles:
                abstained += 1
            else:
                errors.append(abs(10 * seen.figures["share"] - 1000 * scene.share))
        figures |= {
            f"{kind}_mean": round(sum(errors) / max(1, len(errors)), 2),
            f"{kind}_max": round(max(errors, default=1000.0), 2),
            f"{kind}_abstained": abstained,
            f"{kind}_misread": sum([not (await eye.look(s)).troubles for s in unreadable]),
        }
        figures["pictures"] += len(read) + len(unreadable)
        spent, decoded = spent + eye.spent_us, decoded + eye.decoded_us
    count = figures["pictures"]
    figures["cpu_us"] = round(spent / count)
    floor = {"cpu_us": round(decoded / count)}
    return make_report(
        "gauge",
        figures=figures,
        floor=floor,
        budget=BUDGET | BUDGET_MISREAD,
        ratio={"cpu_us": round(spent / max(decoded, 1.0), 2)},
    )


def scenes(kind: Any, size: int) -> tuple[list[Scene], list[Scene]]:
    """Give scenes that can be read and scenes that can't, the same each time."""
    rng = random.Random(f"{_SEED} {kind}")

    def one(nth: int, spoilt: Spoilt = "") -> Scene:
        return Scene(
            kind=kind,
            share=round(rng.uniform(0.06, 0.94), 4),
            light=rng.uniform(0.55, 1.05),
            noise=rng.uniform(2, 12),
            oil=nth,
            seed=nth,
            spoilt=spoilt,
        )

    spoilt = [s for s in get_args(Spoilt) if s]
    return (
        [one(nth) for nth in range(size)],
        [one(nth, why) for why in spoilt for nth in range(max(1, size // 5))],
    )


class _Eye:
    """The perceiver at a camera of its own, with the template of its first day."""

    def __init__(self, kind: str) -> None:
        self._gauge = gauges.region(kind)
        self._kind: Any = kind
        self._perceiver = cast("Perceiver", registry.load("perceiver", "gauge"))
        self.spent_us = 0.0
        self.decoded_us = 0.0

    async def remember(self) -> None:
        seen = await self._see(gauges.draw(Scene(kind=self._kind, share=0.5)))
        border = next(s for s in seen.series if s.name == "border")
        template = bytes([round(v) for v in border.values])
        self._gauge["template"] = base64.b64encode(template).decode()
        self.spent_us = 0.0

    async def look(self, scene: Scene) -> Perception:
        """Draw a scene and read it; counts what reading costs and what decoding alone would."""
        body = gauges.draw(scene)
        began = time.process_time()
        Image.open(io.BytesIO(body)).convert("RGB")
        self.decoded_us += 1e6 * (time.process_time() - began)
        return await self._see(body)

    async def _see(self, body: bytes) -> Perception:
        began = time.process_time()
        account, hints = Account(url=""), {"gauge": self._gauge}
        seen = await self._perceiver.perceive(account, _send, body, "image/jpeg", hints)
        self.spent_us += 1e6 * (time.process_time() - began)
        return seen


async def _send(*_told: Any, **_more: Any) -> Any:
    raise AssertionError("a gauge is read in the house")
