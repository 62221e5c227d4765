"""Full examples of the facts of the agent, see fact_examples.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.capabilities.agent import facts
from danshu.capabilities.agent.model import Outcome, Terms
from danshu.ports.skill import Chance, Told

if TYPE_CHECKING:
    from msgspec import Struct

_TERMS: Final = Terms(
    title_zh="把 「洗碗机清洁剂」 480 箱 从 武汉 调到 苏州",
    title_en="Move 480 boxes of 「洗碗机清洁剂」 from Wuhan to Suzhou",
    parameters='{"from_warehouse":"WH01","quantity":480,"sku":"DET-1KG","to_warehouse":"SZ01"}',
    low_fen=690_000,
    mid_fen=1_248_000,
    high_fen=1_730_000,
    cost_fen=192_000,
    lost_fen=384_000,
    expires_ms=1_798_761_600_000,
    cites=("association:A-17", "stock:SZ01/DET-1KG", "purchase:P-8821"),
    evidence="5c" * 32,
    chance=Chance(of=Told(zh="7 天内缺货", en="Out within 7 days"), before=860, after=90),
)
EXAMPLES: Final[list[Struct]] = [
    facts.ProposalMade(
        action="transfer",
        key="SZ01/DET-1KG",
        loose=False,
        origin="skill",
        skill="rebalance",
        terms=_TERMS,
        version=9,
    ),
    facts.ProposalRenewed(terms=_TERMS, version=9),
    facts.ProposalChanged(terms=_TERMS),
    facts.ProposalApproved(enough=True, needed=1, note="先补华东"),
    facts.ProposalRefused(reason="供应商已改期到 11 月 25 日"),
    facts.ProposalWithdrawn(reason="数量算错了"),
    facts.ProposalExpired(expires_ms=1_798_761_600_000),
    facts.ProposalAdopted(level="propose"),
    facts.ProposalRehearsed(automatic=False, touched=480),
    facts.ProposalBegun(automatic=True, day="2026-11-20", fen=384_000),
    facts.ProposalPerformed(
        kept='{"kept":{},"made":[{"kind":"stock","ref":"TR-0412"}],"touched":480}',
        measure_ms=1_799_971_200_000,
        touched=480,
    ),
    facts.ProposalFailed(code="no_stock", detail="武汉已不足 480 箱"),
    facts.ProposalMeasured(
        outcome=Outcome(
            low_fen=610_000,
            mid_fen=1_107_000,
            high_fen=1_600_000,
            method="matched",
            counted=37,
            text_zh="与未调入的 37 行库存相比",
            text_en="Against 37 rows that were not replenished",
            at_ms=1_799_971_200_000,
        )
    ),
    facts.ProposalUnrolling(reason="到货提前"),
    facts.ProposalUnrolled(touched=480),
    facts.ProposalKept(code="dispatched", detail="已出库"),
    facts.AutonomySet(
        action="transfer",
        day_count=40,
        day_fen=500_000,
        earned=20,
        level="approve",
        none_up_to_fen=500_000,
        one_up_to_fen=3_000_000,
        reason="试用一个月",
        regret_bound=100,
    ),
    facts.AutonomyLowered(
        action="chase_carrier", counted=41, level="approve", regretted=9, why="regret"
    ),
    facts.AgentStopped(note=""),
    facts.AgentResumed(reason="已查明是模型漂移"),
    facts.AgentRehearsing(on=True),
]
