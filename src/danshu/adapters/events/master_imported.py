"""主数据导入: master imported."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Rows of master data were written."""

    kind: Annotated[str, Meta(description="What kind of master data.")]
    rows: Annotated[int, Meta(description="Rows.")]


class MasterImported:
    """master.imported, told to the world."""

    name: Final = "danshu.master.imported"
    fact: Final = "master.imported"
    topic: Final = "master"
    title: Final = "主数据导入"
    title_en: Final = "Master imported"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
