"""Rules of parcels."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class MergeRule(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Whether and when parcels are merged."""

    auto: Annotated[bool, Meta(description="Whether they are merged without a person.")] = False
    hold_min: Annotated[
        int, Meta(description="Minutes that a release waits for a second order; 0 = none.")
    ] = 0
    max_units: Annotated[int, Meta(description="At most so many units.")] = 200
    max_weight_g: Annotated[int, Meta(description="At most so many grams.")] = 30000
    on: Annotated[bool, Meta(description="Whether parcels are looked for.")] = False
    wait_min: Annotated[int, Meta(description="Minutes that the first waits.")] = 30


class SplitRule(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What a parcel may hold."""

    carriers: Annotated[
        tuple[str, ...], Meta(description="Carriers that it holds for; empty = all.")
    ] = ()
    channels: Annotated[
        tuple[str, ...], Meta(description="Channels that it holds for; empty = all.")
    ] = ()
    kind: Annotated[str, Meta(description="What is limited.")]
    limit: Annotated[int, Meta(description="At most so many grams or units.")] = 0
    name: Annotated[str, Meta(description="Name of the rule.")]
    storages: Annotated[tuple[int, ...], Meta(description="Storage classes that go alone.")] = ()


class ParcelRules(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What the merchant splits and merges."""

    line_parcels: Annotated[int, Meta(description="Parcels that a cut line may go in.")] = 2
    merge: Annotated[MergeRule, Meta(description="Rule of merging.")] = MergeRule()
    split: Annotated[tuple[SplitRule, ...], Meta(description="Rules of splitting.")] = ()
    split_lines: Annotated[str, Meta(description="never or when_short.")] = "never"
    whole_channels: Annotated[
        tuple[str, ...], Meta(description="Channels whose orders are never split.")
    ] = ()
