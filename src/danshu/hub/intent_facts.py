"""The fact types of the intent graph: versions published and taken back."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("intent.published")
class IntentPublished(Struct, frozen=True, kw_only=True):
    """发布意图图谱: what is done about a symptom follows this version from now on; `digest` (hex)
    is of its Turtle, `shipped` that of the graph which it was checked upon. `approved_by` wrote
    none of it.
    """

    approved_by: str
    digest: str
    drafted_by: str
    shipped: str
    version: int


@fact_type("intent.retired")
class IntentRetired(Struct, frozen=True, kw_only=True):
    """停用意图图谱: the shipped graph alone is followed from now on."""

    digest: str
    reason: str
    version: int
