"""提出赔付: compensation proposed."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The breach chain of a promise owes the buyer money."""

    amount: Annotated[int, Meta(description="Money in minor units (分) of the order's currency.")]
    auto: Annotated[bool, Meta(description="The chain lets policy pay it without a person.")]
    base: Annotated[int, Meta(description="What its share was taken of, in minor units.")]
    code: Annotated[str, Meta(description="Code of the promise.")]
    currency: Annotated[str, Meta(description="ISO 4217 code of the currency.")]
    definition: Annotated[str, Meta(description="SHA-256 (hex) of the definition that holds.")]
    pay_by: Annotated[str, Meta(description="When it is to be paid by (RFC 3339, UTC).")]
    step: Annotated[int, Meta(description="Number of the step of the breach chain, from 0.")]


class CompensationProposed:
    """compensation.proposed, told to the world."""

    name: Final = "danshu.compensation.proposed"
    fact: Final = "compensation.proposed"
    topic: Final = "payment"
    title: Final = "提出赔付"
    title_en: Final = "Compensation proposed"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
