"""承运商赔付标准: carrier's terms set."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What a carrier pays for a parcel, from a day on."""

    begins: Annotated[str, Meta(description="First day on which it holds (YYYY-MM-DD).")]
    cap_fen: Annotated[int, Meta(description="At most so much is paid, in 分; 0 = no cap.")]
    carrier: Annotated[str, Meta(description="Code of the carrier.")]
    days: Annotated[int, Meta(description="Days within which it is to be claimed.")]
    multiple: Annotated[
        int, Meta(description="So many times the freight is paid where no value was declared.")
    ]
    source: Annotated[str, Meta(description="The contract that says so.")]


class CarrierTermsSet:
    """carrier.terms_set, told to the world."""

    name: Final = "danshu.carrier.terms_set"
    fact: Final = "carrier.terms_set"
    topic: Final = "after_sale"
    title: Final = "承运商赔付标准"
    title_en: Final = "Carrier's terms set"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
