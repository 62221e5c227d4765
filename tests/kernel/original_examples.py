"""Examples of the fact types of originals."""

from __future__ import annotations

from msgspec import Struct

from danshu.hub import call_facts
from danshu.hub import original_facts as facts

_ORDER = "019aa9d3-6b80-7000-8000-000000000009"

EXAMPLES: list[Struct] = [
    facts.OriginalReceived(
        bytes=31_244,
        device="cnc-07",
        digest="9f" * 32,
        media_type="audio/wav",
        modality="voice",
        salted=True,
        store="wg-01",
        via="microphone",
    ),
    facts.OriginalRead(
        amount_fen=5_400,
        confidence=913,
        intent="order",
        models=("d0" * 32,),
        parsed="3c" * 32,
        reasons=("first_reviews",),
        route="review",
        troubles=("two_speakers",),
        version="1",
    ),
    facts.OriginalAsked(code="which_sku", path="/lines/0/sku"),
    facts.OriginalAnswered(
        digest="7c" * 32, ending="open", media_type="text/plain", salted=True, turn=2
    ),
    facts.OriginalLeft(reason="hung_up"),
    call_facts.TelephoneVoiceSet(adapter="openai-speech", url="https://voice.example"),
    facts.OriginalConfirmed(corrections=("/lines/0/quantity",), draft="5e" * 32),
    facts.OriginalOrdered(existing=True, number="ORG-20261130-9F3A01BC22", order=_ORDER),
    facts.OriginalActed(act="cancel", order=_ORDER, repair=_ORDER),
    facts.OriginalRejected(reason="not_an_order"),
    facts.OriginalReopened(),
    facts.OriginalErased(),
]
