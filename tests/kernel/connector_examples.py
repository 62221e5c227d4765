"""Examples of the fact types of connectors."""

from __future__ import annotations

from msgspec import Struct

from danshu.hub import connector_facts as facts

_A = "019aa9d3-6b80-7000-8000-00000000000a"
_B = "019aa9d3-6b80-7000-8000-00000000000b"

EXAMPLES: list[Struct] = [
    facts.ConnectorSet(
        adapter="customs-rest",
        capability="customs",
        concurrency=32,
        connector=_A,
        options="a7" * 32,
        rate_per_s=500,
        reason="换报关行",
        revision=3,
        secrets=("signing_secret",),
        state="on",
        timeout_ms=5_000,
        title="报关行甲",
        trial_url="https://sandbox.broker.example",
        url="https://broker.example",
    ),
    facts.ConnectorDrained(capability="customs", connector=_A),
    facts.ConnectorRouteSet(
        candidate=_B,
        capability="customs",
        digest="b7" * 32,
        reason="先放 1%",
        replaces=_A,
        share=100,
        stage="canary",
        version=4,
    ),
    facts.ConnectorRouteRolledBack(
        by="failed",
        candidate=_B,
        candidate_had=3_100,
        capability="customs",
        digest="c7" * 32,
        reason="worse by failed: 3100 against 20",
        replaced_had=20,
        replaces=_A,
        tries=120,
        version=5,
    ),
    facts.ConnectorCallSettled(
        act="move",
        call=_B,
        capability="customs",
        connector=_A,
        key="T1/customs",
        reason="报关行电话确认未收到",
        subject="019aa9d3-6b80-7000-8000-000000000002",
    ),
    facts.ConnectorBooksCompared(
        agreed=29_998,
        capability="customs",
        differing=1,
        doubled=0,
        lost=1,
        ours=30_000,
        run=_A,
        since="1970-01-01T00:00:00.000Z",
        strange=0,
        theirs=29_999,
        until="2026-11-30T10:00:00.000Z",
    ),
]
