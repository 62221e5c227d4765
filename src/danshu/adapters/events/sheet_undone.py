"""撤销导入: sheet undone."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An import of master data was taken back."""

    changed_since: Annotated[
        int, Meta(description="Rows that somebody changed since, and that stay.")
    ]
    kept: Annotated[int, Meta(description="New rows whose number stays.")]
    kind: Annotated[str, Meta(description="What kind of master data.")]
    restored: Annotated[int, Meta(description="Rows that have the values from before.")]
    sheet: Annotated[str, Meta(description="Id of the import.")]


class SheetUndone:
    """sheet.undone, told to the world."""

    name: Final = "danshu.sheet.undone"
    fact: Final = "sheet.undone"
    topic: Final = "master"
    title: Final = "撤销导入"
    title_en: Final = "Sheet undone"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
