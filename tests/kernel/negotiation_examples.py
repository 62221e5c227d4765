"""Examples of the fact types of negotiations."""

from __future__ import annotations

from msgspec import Struct

from danshu.capabilities.orders.facts import ShipmentArranged
from danshu.capabilities.routing.negotiation import facts
from danshu.hub import negotiation_facts as parties

ORDER = "019aa9d3-6b80-7000-8000-000000000002"
WINDOWS = (
    facts.Window(
        consent=False,
        end="2026-11-22T14:00:00.000Z",
        id="w1",
        incentive_fen=0,
        start="2026-11-22T12:00:00.000Z",
    ),
    facts.Window(
        consent=True,
        end="2026-11-22T16:00:00.000Z",
        id="w2",
        incentive_fen=300,
        start="2026-11-22T14:00:00.000Z",
    ),
)
FALLBACK = facts.Fallback(carrier="SF", cost_fen=1_800, end="2026-11-22T15:00:00.000Z")
FROM = {"digest": "7c" * 32, "message": "m-1", "party": "rider-07"}

EXAMPLES: list[Struct] = [
    facts.NegotiationOpened(
        award_by="2026-11-22T11:00:20.000Z",
        decision=f"{ORDER}/4",
        fallback=FALLBACK,
        leg=facts.Leg(cold=True, dropoff="310104", fulfilment=1, pickup="WH-SHA", weight_g=2_400),
        offer_fen=1_500,
        order=ORDER,
        parties=("dada", "rider-07"),
        reply_by="2026-11-22T11:00:08.000Z",
        weights=facts.Weights(ceiling_fen=3_000, deviation_min=15, late_fen=900, reroute_fen=600),
        windows=WINDOWS,
    ),
    facts.NegotiationUnopened(code="no_party", decision=f"{ORDER}/4"),
    facts.NegotiationProposed(
        **FROM,
        accept_permille=930,
        conditions="",
        equipment="COLD-BOX-0031",
        eta="2026-11-22T13:20:00.000Z",
        fee_fen=1_400,
        proposal="p1",
        token="5d" * 32,
        valid_until="2026-11-22T11:03:00.000Z",
        window="w1",
    ),
    facts.NegotiationDeclined(**FROM, reason="太远", unreachable=False),
    facts.NegotiationRetracted(**FROM, proposal="p1"),
    facts.NegotiationConsented(
        lang="zh", link="9b" * 32, text="我同意改为 22 日 22:00 至 24:00 送达。", window="w2"
    ),
    facts.NegotiationAwarded(
        award="a1",
        confirm_by="2026-11-22T11:00:16.000Z",
        proposal="p1",
        reserved="p2",
        scores=(
            facts.Score(
                fee_fen=1_400,
                incentive_fen=0,
                late_fen=9,
                proposal="p1",
                refusal_fen=42,
                total_fen=1_451,
            ),
        ),
        trip_ms=420,
    ),
    facts.NegotiationConfirmed(**FROM, award="a1", number="DD20261122000017"),
    facts.NegotiationRefused(**FROM, award="a1", reason="车辆故障"),
    facts.NegotiationCountered(**FROM, award="a1", fee_fen=1_600, shift_min=30),
    facts.NegotiationLapsed(award="a1"),
    facts.NegotiationDisregarded(
        **FROM, clause="negotiation.cold", code="no_equipment", kind="propose"
    ),
    facts.NegotiationClosed(fallback=FALLBACK, outcome="expired", reason="no_proposal"),
    ShipmentArranged(
        carrier="骑手 07",
        consent=f"{ORDER}/9",
        end="2026-11-22T16:00:00.000Z",
        fulfilment=1,
        negotiation=f"{ORDER}/12",
        number="DD20261122000017",
        party="rider-07",
        start="2026-11-22T14:00:00.000Z",
    ),
    parties.PartyChanged(
        active=True,
        adapter="dada",
        equipment="COLD-BOX-0031",
        name="达达",
        party="dada",
        url="https://api.weixin.qq.com",
    ),
    parties.PartyLinkIssued(digest="f3" * 32, expires="2026-12-22T11:00:00.000Z", party="rider-07"),
]
