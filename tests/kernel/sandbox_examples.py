"""Examples of the fact types of reviews of originals and of the trust that they earn."""

from __future__ import annotations

from msgspec import Struct

from danshu.hub import sandbox_facts as sandbox

_KEY = "9f3a71c2" * 4
_ORIGINAL = "019aa9d3-6b80-7000-8000-000000000008"
_BEGUN = sandbox.Standing(
    accepted=0, corrected=2, no=313, resets=1, reviewed=312, stage="review", why="corrected"
)

EXAMPLES: list[Struct] = [
    sandbox.ReviewDone(
        changed=("/lines/0/sku",),
        confidence=710,
        key=_KEY,
        modality="photo",
        original=_ORIGINAL,
        standing=_BEGUN,
        taught=1,
        took_ms=11_400,
        turn=2,
        verdict="rejected",
        why="not_an_order",
    ),
    sandbox.SandboxPromoted(
        accepted=500,
        bound_ppm=5_974,
        device_class="cnc",
        key=_KEY,
        modality="vibration",
        models=("ab" * 32,),
        version="1",
    ),
    sandbox.SandboxReset(
        key=_KEY,
        modality="photo",
        note="把 8 包箱读成 5 包箱",
        original=_ORIGINAL,
        standing=_BEGUN,
        why="misread",
    ),
    sandbox.SandboxConfigured(
        amount_fen=500_000,
        confidence=900,
        error_ppm=6_000,
        in_a_row=500,
        modality="voice",
        sample=20,
        second=50,
        version=1,
    ),
]
