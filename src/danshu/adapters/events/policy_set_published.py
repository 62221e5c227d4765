"""发布策略: policy set published."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A policy set that a second person approved; it decides nothing until it is active."""

    digest: Annotated[str, Meta(description="SHA-256 (hex) that names the set.")]
    graphs: Annotated[
        tuple[str, ...], Meta(description="Codes of the decision graphs in the set, in order.")
    ]
    name: Annotated[str, Meta(description="What it is called.")]
    no: Annotated[int, Meta(description="Number of the set.")]
    simulation: Annotated[str, Meta(description="Id of the trial on a past day.")]


class PolicySetPublished:
    """policy_set.published, told to the world."""

    name: Final = "danshu.policy_set.published"
    fact: Final = "policy_set.published"
    topic: Final = "route"
    title: Final = "发布策略"
    title_en: Final = "Policy set published"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
