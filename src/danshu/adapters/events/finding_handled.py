"""处置异常: finding handled."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A finding was assigned, closed, suppressed or opened again."""

    act: Annotated[str, Meta(description="assign, close, suppress or reopen.")]
    kind: Annotated[str, Meta(description="Code of the kind of finding.")]
    no: Annotated[int, Meta(description="Number of the finding.")]
    subject: Annotated[str, Meta(description="What it is about, by its lasting name.")]
    until: Annotated[
        str, Meta(description='Until when it is suppressed (RFC 3339, UTC); "" otherwise.')
    ] = ""


class FindingHandled:
    """finding.handled, told to the world."""

    name: Final = "danshu.finding.handled"
    fact: Final = "finding.handled"
    topic: Final = "anomaly"
    title: Final = "处置异常"
    title_en: Final = "Finding handled"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
