"""对账完成: reconciliation finished."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Orders, payments, bills and waybills were held against one another."""

    cause: Annotated[str, Meta(description="What the run was for.")]
    lines: Annotated[int, Meta(description="Lines of bills that were looked at.")]
    matched: Annotated[int, Meta(description="Lines that were matched.")]
    open: Annotated[int, Meta(description="Differences that are open after it.")]
    opened: Annotated[int, Meta(description="Differences that it opened.")]
    orders: Annotated[int, Meta(description="Orders that were looked at.")]
    outcome: Annotated[str, Meta(description="done, cancelled or failed.")]
    reopened: Annotated[int, Meta(description="Differences that were opened again.")]
    rules: Annotated[int, Meta(description="Version of the rules that it went by.")]
    run: Annotated[str, Meta(description="Id of the run.")]
    settled: Annotated[int, Meta(description="Differences that were settled by it.")]
    whole: Annotated[
        bool, Meta(description="Whether everything was looked at, and not only what is new.")
    ]


class ReconcileFinished:
    """reconcile.finished, told to the world."""

    name: Final = "danshu.reconcile.finished"
    fact: Final = "reconcile.finished"
    topic: Final = "settlement"
    title: Final = "对账完成"
    title_en: Final = "Reconciliation finished"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
