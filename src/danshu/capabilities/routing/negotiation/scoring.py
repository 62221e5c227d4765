"""What a proposal is worth: one figure in 分, and who is asked in which order.

score = fee + V_late * P_late(window) + incentive + (1 - p_accept) * reroute; the lowest is asked
first. A party that may refuse is thus weighed by cost and acceptance together (sequencing under
refusals: 10.1177/10591478241255066).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from danshu.capabilities.routing.negotiation.facts import Score, Weights
from danshu.capabilities.routing.negotiation.model import OPEN
from danshu.kernel.limits import NEGOTIATION_MARGIN_MS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.capabilities.routing.negotiation.model import Negotiation, Proposal

_LOGISTIC: Final = 1.702  # of the logistic that lies within 0.01 of the normal distribution
_MINUTE_MS: Final = 60_000
_FAR: Final = 40.0  # where exp would say nothing more


def weigh(p: Proposal, weights: Weights) -> Score:
    """Score a proposal, in 分."""
    late = round(weights.late_fen * late_share(p.eta_ms, p.end_ms, weights.deviation_min))
    refusal = round(weights.reroute_fen * (1_000 - p.accept_permille) / 1_000)
    return Score(
        fee_fen=p.fee_fen,
        incentive_fen=p.incentive_fen,
        late_fen=late,
        proposal=p.id,
        refusal_fen=refusal,
        total_fen=p.fee_fen + late + p.incentive_fen + refusal,
    )


def late_share(eta_ms: int, end_ms: int, deviation_min: int) -> float:
    """Give the probability (0-1) of arriving after the window's end."""
    x = _LOGISTIC * (eta_ms - end_ms) / (max(1, deviation_min) * _MINUTE_MS)
    return 1.0 / (1.0 + math.exp(-max(-_FAR, min(_FAR, x))))


def is_consented(n: Negotiation, p: Proposal) -> bool:
    """Tell whether the proposal's window lies within the promise, or the consumer agreed to it."""
    return not p.consent or p.window in n.consents


def rank(n: Negotiation, now_ms: int, trips: Mapping[str, int], *, consented: bool) -> list[Score]:
    """List what may be awarded now, best first; `trips`: p99 of a round trip in ms by party.

    A proposal that ends within NEGOTIATION_MARGIN_MS and its party's round trip is left out: it
    would be over before it is confirmed. With `consented` False those that lack nothing but the
    consumer's consent are listed too.
    """
    if n.weights is None:
        return []
    found: list[tuple[int, int, int, Score]] = []
    for p in n.proposals:
        alive = p.fate == OPEN and p.valid_ms - now_ms > NEGOTIATION_MARGIN_MS + trips.get(
            p.party, 0
        )
        if alive and p.end_ms > now_ms and (is_consented(n, p) or not consented):
            score = weigh(p, n.weights)
            if not n.weights.ceiling_fen or score.total_fen <= n.weights.ceiling_fen:
                found.append((score.total_fen, -p.accept_permille, len(found), score))
    return [score for *_, score in sorted(found, key=lambda each: each[:3])]
