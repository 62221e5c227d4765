"""第三方存证: anchor deposited."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An evidence platform took a digest over the newest checkpoints in."""

    adapter: Annotated[str, Meta(description="The kind of evidence platform.")]
    books: Annotated[int, Meta(description="How many books' checkpoints the digest covers.")]
    digest: Annotated[str, Meta(description="SHA-256 (hex) over the newest checkpoints.")]
    evidence_no: Annotated[str, Meta(description="The platform's number of the deposit.")]
    period: Annotated[str, Meta(description="The period that it was deposited for.")]
    time: Annotated[str, Meta(description="When the platform took it in (RFC 3339, UTC).")]
    tx: Annotated[
        str, Meta(description='Transaction id on the chain; "" where nothing was put on one.')
    ]


class AnchorDeposited:
    """anchor.deposited, told to the world."""

    name: Final = "danshu.anchor.deposited"
    fact: Final = "anchor.deposited"
    topic: Final = "evidence"
    title: Final = "第三方存证"
    title_en: Final = "Anchor deposited"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
