"""Examples of the fact types of scorers and coefficients."""

from __future__ import annotations

from msgspec import Struct

from danshu.hub import scorer_facts as scorers

EXAMPLES: list[Struct] = [
    scorers.ScorersSeated(
        absent="",
        cost_error_fen=640,
        deliveries=18_204,
        digest="a7" * 32,
        first_mae_min=188,
        limit_fen=12_500,
        second_mae_min=171,
    ),
    scorers.CoefficientsProposed(
        brier_ppm=(141_200, 118_900),
        cost_error_fen=(412, 371),
        eta_mae_min=(231, 188),
        figures="b8" * 32,
        no=3,
        parcels=3_641,
        passed=True,
    ),
    scorers.CoefficientsAdopted(
        act="adopt",
        before=0,
        figures="b8" * 32,
        no=3,
        note="雨季前校准",
    ),
]
