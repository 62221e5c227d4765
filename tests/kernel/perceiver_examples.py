"""Examples of the fact types of services that perceive."""

from __future__ import annotations

from msgspec import Struct

from danshu.hub import perceiver_facts as facts

_A = "019aa9d3-6b80-7000-8000-00000000000a"
_B = "019aa9d3-6b80-7000-8000-00000000000b"

EXAMPLES: list[Struct] = [
    facts.PerceiverSet(
        adapter="http-json",
        kind="document",
        label="general-3",
        mapping="a7" * 32,
        options="b7" * 32,
        perceiver=_A,
        price_call=1_500,
        price_page=300,
        price_second=20,
        quota_day=20_000,
        quota_minute=120,
        reason="供应商维护",
        revision=3,
        secrets=("api_key",),
        state="paused",
        timeout_ms=8_000,
        title="云识别甲",
        url="https://reader.example",
    ),
    facts.PerceiverChainSet(
        began="2026-07-01T00:00:00.000Z",
        by="slower",
        candidate=_B,
        kind="document",
        reason="先看一成",
        revision=4,
        scope="store:S01",
        services=(_A,),
        shadow=True,
        share=1_000,
    ),
]
