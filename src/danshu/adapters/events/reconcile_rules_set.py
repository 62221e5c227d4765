"""对账规则: reconciliation rules set."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The tolerances and rates that runs go by from now on."""

    digest: Annotated[str, Meta(description="SHA-256 (hex) that names it.")]
    version: Annotated[int, Meta(description="Number of the version.")]


class ReconcileRulesSet:
    """reconcile.rules_set, told to the world."""

    name: Final = "danshu.reconcile.rules_set"
    fact: Final = "reconcile.rules_set"
    topic: Final = "settlement"
    title: Final = "对账规则"
    title_en: Final = "Reconciliation rules set"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
