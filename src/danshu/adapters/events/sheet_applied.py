"""导入: sheet applied."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The rows of a file of master data were written."""

    added: Annotated[int, Meta(description="Rows that are new.")]
    changed: Annotated[int, Meta(description="Rows that were changed.")]
    kind: Annotated[str, Meta(description="What kind of master data.")]
    mode: Annotated[str, Meta(description="How rows with faults were treated.")]
    rejected: Annotated[int, Meta(description="Rows that were rejected.")]
    rows: Annotated[int, Meta(description="Rows.")]
    same: Annotated[int, Meta(description="Rows that were the same already.")]
    sheet: Annotated[str, Meta(description="Id of the import.")]


class SheetApplied:
    """sheet.applied, told to the world."""

    name: Final = "danshu.sheet.applied"
    fact: Final = "sheet.applied"
    topic: Final = "master"
    title: Final = "导入"
    title_en: Final = "Sheet applied"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
