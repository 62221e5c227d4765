"""变更: promise amended."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """By the consumer's consent the promise falls due at another time (Civil Code art. 543)."""

    before: Annotated[str, Meta(description="When it was due before (RFC 3339, UTC).")]
    code: Annotated[str, Meta(description="Code of the promise.")]
    consent: Annotated[str, Meta(description="The id of the fact in which the buyer agreed.")]
    due: Annotated[str, Meta(description="When it falls due (RFC 3339, UTC).")]


class PromiseAmended:
    """promise.amended, told to the world."""

    name: Final = "danshu.promise.amended"
    fact: Final = "promise.amended"
    topic: Final = "promise"
    title: Final = "变更"
    title_en: Final = "Promise amended"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
