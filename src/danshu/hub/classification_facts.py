"""The fact types of classification: what a steward says that a field holds."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("classification.confirmed")
class ClassificationConfirmed(Struct, frozen=True, kw_only=True):
    """确认分类分级: a person says what a field holds and of which level it is (1 to 5), by the rule
    library of version `rules`; it holds against what recognisers find. `state`: confirmed,
    corrected or declined; `klass` is "" where the field holds nothing of a class.
    """

    field: str
    klass: str
    level: int
    place: str
    rules: int
    state: str
