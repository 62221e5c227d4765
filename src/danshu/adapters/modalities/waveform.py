"""Waveforms of machines 设备波形: measured, compared with the machine's own normal state.

What is wrong comes from the comparison, what is done about it from the graph of intents; a wave
that is as always asks for nothing. One that can't be believed goes to a person with the reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from danshu.kernel.limits import WAVE_HEADER_BYTES
from danshu.ports.modality import (
    Draft,
    Field,
    Intent,
    Parsed,
    Question,
    Repair,
    Span,
)

if TYPE_CHECKING:
    from danshu.ports.modality import Assessment, Context, Original
    from danshu.ports.perceiver import Perception

_ABNORMAL: Final = "abnormal"


class _Header(msgspec.Struct):
    device: str = ""


class Waveform:
    """The modality."""

    name = "waveform"
    title = "设备波形"
    title_en = "Waveform of a machine"
    version = "1"
    media_types = ("application/vnd.danshu.wave", "application/x-npz", "text/csv")
    perceives = ("waveform",)

    async def parse(self, original: Original, context: Context) -> Parsed:
        """Measure and compare. Raises InputError for what is no waveform, NotAvailable."""
        code = context.source.get("device", "") or _read_device(original.body)
        device = context.look_up("device", code) if code else {}
        hints = {n: device[n] for n in ("bearing", "rpm", "unit", "rate_hz") if device.get(n)}
        seen = await context.perceive("waveform", original, {**hints, "device": code})
        if not device:
            return _ask_device(code, seen)
        told = context.assess(code, seen)
        is_doubtful = bool(seen.troubles) or told.needs_person
        troubles = (*seen.troubles, *(told.reasons if told.needs_person else ()))
        is_wrong = told.state == _ABNORMAL or is_doubtful
        return Parsed(
            intent=Intent.MAINTAIN if is_wrong else Intent.NONE,
            draft=Draft(store=str(device.get("site") or ""), repair=_repair(code, seen, told)),
            fields=_fields(code, seen, told),
            confidence=told.confidence if is_wrong else 1000,
            troubles=tuple(dict.fromkeys(troubles)),
            models=(seen.digest,),
            perceptions=(seen,),
        )


def _read_device(body: bytes) -> str:
    """Give the device that the house's own frame names, "" for none."""
    line, _, _ = body[:WAVE_HEADER_BYTES].partition(b"\n")
    if not line.startswith(b"{"):
        return ""
    try:
        return msgspec.json.decode(line, type=_Header).device[:64]
    except msgspec.MsgspecError:
        return ""


def _ask_device(code: str, seen: Perception) -> Parsed:
    return Parsed(
        intent=Intent.MAINTAIN,
        draft=Draft(repair=Repair(device=code)),
        fields=(),
        confidence=0,
        questions=(Question(code="which_device", path="/repair/device", said=code),),
        troubles=("unknown_device", *seen.troubles),
        models=(seen.digest,),
        perceptions=(seen,),
    )


def _repair(code: str, seen: Perception, told: Assessment) -> Repair:
    figures = {name: round(value * 1000) for name, value in seen.figures.items()}
    parts = told.parts if told.state == _ABNORMAL else ()
    return Repair(device=code, symptoms=told.symptoms, figures=figures, parts=parts)


def _fields(code: str, seen: Perception, told: Assessment) -> tuple[Field, ...]:
    spans = (Span(to_ms=seen.duration_ms),)
    fields = [Field(path="/repair/device", value=code, confidence=1000, spans=spans)]
    fields += [
        Field(
            path=f"/repair/symptoms/{nth}",
            value=symptom,
            confidence=told.confidence,
            spans=spans,
            reason=told.reasons[0] if told.reasons else "",
        )
        for nth, symptom in enumerate(told.symptoms)
    ]
    fields += [
        Field(
            path=f"/repair/parts/{nth}/sku", value=part.sku, confidence=1000, reason="device_part"
        )
        for nth, part in enumerate(told.parts)
    ]
    return tuple(fields)
