"""Examples of the facts of the log for third parties: keys, heads, witnesses, anchors."""

from __future__ import annotations

from msgspec import Struct

from danshu.hub import archive_facts as archive
from danshu.ledger import facts as ledger

EXAMPLES: list[Struct] = [
    archive.FactsArchived(
        day="2026-08-21",
        digest="c9" * 32,
        facts=61_204,
        object="facts/demo/2026-08-21/00001-c9c9c9c9c9c9c9c9.parquet",
        part=1,
        rows=20_000,
    ),
    archive.FactsRestored(day="2026-08-21", digest="c9" * 32, part=1, rows=20_000),
    ledger.KeyRotated(new="ab" * 32, old="cd" * 32, until="2026-11-29T11:00:00.000Z"),
    ledger.KeyWithdrawn(key="cd" * 32, reason="备份介质遗失"),
    ledger.LogLinked(held=300, origin="danshu/demo/2026h2", root="ef" * 32, size=800),
    ledger.LogForked(
        cosigned=812,
        origin="danshu/demo/2026h2",
        root="ef" * 32,
        size=800,
        witness="witness.example/w1",
    ),
    ledger.HeadsCommitted(
        at="2026-11-22T11:00:00.000Z",
        book="2026h2",
        count=2,
        first="019aa9d3-6b80-7000-8000-000000000002",
        last="019aa9d3-6b80-7000-8000-000000000003",
        map="12" * 32,
        root="34" * 32,
        start=100,
        stop=140,
    ),
    ledger.AnchorDeposited(
        adapter="court-chain",
        books=2,
        digest="56" * 32,
        evidence_no="EV00000001",
        period="2026-11-22",
        time="2026-11-22T03:00:00+00:00",
        tx="78" * 32,
    ),
    ledger.LogConfigured(
        anchor="court-chain",
        public=True,
        witnesses=("witness.example/w1+6b7ed93b+BEbA3Pz1C+8cRN4ndPNBJs8Wd3hHy1NLj9TJZSTOLKjL",),
    ),
]
