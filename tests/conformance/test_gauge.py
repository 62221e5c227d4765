"""Gauges: read from what was drawn within a hundredth, or not at all."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from danshu.bench import gauge
from danshu.kernel.errors import InputError
from danshu.ports import registry
from danshu.ports.connector import Account
from danshu.ports.modality import Intent, Original
from danshu.ports.perceiver import Perception
from danshu.testing import gauges
from danshu.testing.gauges import Scene

LOW = {"low_symptom": "oil_low", "low_at": 30_000, "high_symptom": "oil_hot", "high_at": 80_000}


def test_drawn_gauges_are_read_or_abstained_from() -> None:
    report = gauge.run(size=4)
    assert report.met, report.figures
    assert report.figures["level_abstained"] == report.figures["dial_abstained"] == 0


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({}, "no_gauge"),
        ({"kind": "level"}, "bad_gauge"),
        (gauges.region("level") | {"template": "§"}, "bad_gauge"),
    ],
)
def test_a_region_that_is_none_is_refused(told: dict[str, Any], code: str) -> None:
    with pytest.raises(InputError) as caught:
        see(told)
    assert caught.value.code == code


def test_a_region_outside_of_the_picture_is_not_read() -> None:
    seen = see(gauges.region("level") | {"box": [400, 60, 200, 240]})
    assert (seen.troubles, "value" in seen.figures) == (("out_of_roi",), False)
    other = see(gauges.region("level") | {"width": 960})
    assert "moved_camera" in other.troubles


def see(told: dict[str, Any], share: float = 0.5) -> Perception:
    eye: Any = registry.load("perceiver", "gauge")
    body = gauges.draw(Scene(kind="level", share=share))

    async def run() -> Perception:
        hints = {"gauge": told} if told else {}
        found: Perception = await eye.perceive(Account(url=""), None, body, "image/jpeg", hints)
        return found

    return asyncio.run(run())


class Lent:
    """A context that knows one gauge."""

    def __init__(self, told: dict[str, Any]) -> None:
        self._told = told
        self.now_ms = 0
        self.source = {"device": "T2"}

    def look_up(self, _kind: str, _code: str) -> dict[str, Any]:
        return self._told

    async def perceive(self, _kind: str, original: Original, hints: Any) -> Perception:
        eye: Any = registry.load("perceiver", "gauge")
        found: Perception = await eye.perceive(
            Account(url=""), None, original.body, original.media_type, hints
        )
        return found


@pytest.mark.parametrize(
    ("share", "symptoms", "intent"),
    [(0.2, ("oil_low",), "maintain"), (0.5, (), "none"), (0.9, ("oil_hot",), "maintain")],
)
def test_a_threshold_makes_a_symptom_and_never_an_action(
    share: float, symptoms: tuple[str, ...], intent: str
) -> None:
    body = gauges.draw(Scene(kind="level", share=share))
    modality: Any = registry.load("modality", "gauge")
    original = Original(body=body, media_type="image/jpeg", digest="")
    parsed = asyncio.run(modality.parse(original, Lent(gauges.region("level") | LOW)))
    assert (parsed.draft.repair.symptoms, parsed.intent) == (symptoms, Intent(intent))
    assert abs(parsed.draft.repair.figures["gauge"] - 100_000 * share) < 1_000
    unknown = asyncio.run(modality.parse(original, Lent({})))
    assert [q.code for q in unknown.questions] == ["which_gauge"]
    assert unknown.troubles == ("no_gauge",)
