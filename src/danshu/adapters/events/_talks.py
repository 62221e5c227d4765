"""Negotiations, as several events tell them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class Fallback(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What stands where nobody is found in time."""

    carrier: Annotated[str, Meta(description="Code of the carrier.")]
    cost_fen: Annotated[int, Meta(description="Cost, 分.")]
    end: Annotated[
        str, Meta(description='Delivery was promised by then (RFC 3339, UTC); "" not promised.')
    ]


class Leg(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What is to be carried."""

    cold: Annotated[bool, Meta(description="Whether it needs cold equipment.")]
    dropoff: Annotated[str, Meta(description="Code of the region that it goes to.")]
    fulfilment: Annotated[int, Meta(description="Number of the fulfilment order.")]
    pickup: Annotated[str, Meta(description="Code of the warehouse.")]
    weight_g: Annotated[int, Meta(description="Weight, grams.")]


class Window(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A window of delivery on offer."""

    consent: Annotated[bool, Meta(description="Whether it needs the buyer's consent.")]
    end: Annotated[str, Meta(description="End (RFC 3339, UTC).")]
    id: Annotated[str, Meta(description="Its name.")]
    incentive_fen: Annotated[int, Meta(description="What is paid more for it, 分.")]
    start: Annotated[str, Meta(description="Beginning (RFC 3339, UTC).")]


class Weights(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What a score is made with."""

    ceiling_fen: Annotated[int, Meta(description="At most so much, 分; 0 for no limit.")]
    deviation_min: Annotated[int, Meta(description="Deviation of the arrival, minutes.")]
    late_fen: Annotated[int, Meta(description="Price of a late delivery, 分.")]
    reroute_fen: Annotated[int, Meta(description="Price of a refusal after the award, 分.")]


class Score(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The score of a proposal."""

    fee_fen: Annotated[int, Meta(description="Fee, 分.")]
    incentive_fen: Annotated[int, Meta(description="Incentive, 分.")]
    late_fen: Annotated[int, Meta(description="Lateness, 分.")]
    proposal: Annotated[str, Meta(description="Name of the proposal.")]
    refusal_fen: Annotated[int, Meta(description="Refusal, 分.")]
    total_fen: Annotated[int, Meta(description="Sum, 分.")]
