"""Gauges of fixed cameras 表计照片: a level or a needle is measured, a threshold makes it a
symptom. What is done about a symptom comes from the graph of intents alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from danshu.ports.modality import Draft, Field, Intent, Parsed, Question, Repair, Span

if TYPE_CHECKING:
    from danshu.ports.modality import Context, Original
    from danshu.ports.perceiver import Perception


class GaugePicture:
    """The modality. The source names the `device`."""

    name = "gauge"
    title = "表计照片"
    title_en = "Picture of a gauge"
    version = "1"
    media_types = ("image/jpeg", "image/png", "image/webp", "image/bmp")
    perceives = ("gauge",)

    async def parse(self, original: Original, context: Context) -> Parsed:
        """Measure and compare. Raises InputError for what is no picture, NotAvailable."""
        code = context.source.get("device", "")
        gauge: Any = dict(context.look_up("gauge", code)) if code else {}
        if not gauge:
            return _ask(code, "which_gauge", "no_gauge", None)
        seen = await context.perceive("gauge", original, {"gauge": gauge, "device": code})
        value = seen.figures.get("value")
        if seen.troubles or value is None:
            return _ask(code, "gauge_unreadable", *(seen.troubles or ("unreadable",)), seen=seen)
        symptoms = _symptoms(gauge, value)
        figures = {str(gauge.get("code") or "gauge"): round(1000 * value)}
        x, y, w, h = gauge["box"]
        spans = (Span(box=(x, y, x + w, y, x + w, y + h, x, y + h)),)
        said = f"{value:g} {gauge.get('unit', '')}".strip()
        fields = [
            Field(path="/repair/device", value=code, confidence=1000),
            *[
                Field(
                    path=f"/repair/symptoms/{nth}",
                    value=symptom,
                    confidence=seen.confidence,
                    said=said,
                    spans=spans,
                    reason="threshold",
                )
                for nth, symptom in enumerate(symptoms)
            ],
        ]
        return Parsed(
            intent=Intent.MAINTAIN if symptoms else Intent.NONE,
            draft=Draft(repair=Repair(device=code, symptoms=symptoms, figures=figures)),
            fields=tuple(fields),
            confidence=seen.confidence,
            models=(seen.digest,),
            perceptions=(seen,),
        )


def _symptoms(gauge: Any, value: float) -> tuple[str, ...]:
    """Give the symptoms of a value: thresholds are in thousandths of the gauge's unit."""
    found = []
    if gauge.get("low_symptom") and value * 1000 < gauge["low_at"]:
        found.append(str(gauge["low_symptom"]))
    if gauge.get("high_symptom") and value * 1000 > gauge["high_at"]:
        found.append(str(gauge["high_symptom"]))
    return tuple(found)


def _ask(code: str, question: str, *troubles: Any, seen: Perception | None = None) -> Parsed:
    """Leave it to a person: the gauge is not known, or can't be read."""
    told = tuple([t for t in troubles if t])
    return Parsed(
        intent=Intent.MAINTAIN,
        draft=Draft(repair=Repair(device=code)),
        fields=(),
        confidence=0,
        questions=(Question(code=question, path="/repair/symptoms", said=code),),
        troubles=told,
        models=(seen.digest,) if seen else (),
        perceptions=(seen,) if seen else (),
    )
