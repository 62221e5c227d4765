"""不予赔付: compensation refused."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from danshu.adapters.events._codes import keep_code


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A compensation is not paid."""

    code: Annotated[str, Meta(description="Code of the promise.")]
    reason: Annotated[
        str, Meta(description='Code of the reason; "" where it was put in somebody\'s own words.')
    ] = ""
    step: Annotated[int, Meta(description="Number of the step of the breach chain, from 0.")]


class CompensationRefused:
    """compensation.refused, told to the world."""

    name: Final = "danshu.compensation.refused"
    fact: Final = "compensation.refused"
    topic: Final = "payment"
    title: Final = "不予赔付"
    title_en: Final = "Compensation refused"
    data: Final = Data
    tell: Final = staticmethod(keep_code(Data, "reason"))
