"""批准赔付: compensation approved."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A compensation is to be paid."""

    amount: Annotated[int, Meta(description="Money in minor units (分) of the order's currency.")]
    code: Annotated[str, Meta(description="Code of the promise.")]
    step: Annotated[int, Meta(description="Number of the step of the breach chain, from 0.")]


class CompensationApproved:
    """compensation.approved, told to the world."""

    name: Final = "danshu.compensation.approved"
    fact: Final = "compensation.approved"
    topic: Final = "payment"
    title: Final = "批准赔付"
    title_en: Final = "Compensation approved"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
