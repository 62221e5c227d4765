"""账单入账: bill imported."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A platform's, bank's or carrier's bill was brought in; its lines count from now on."""

    account: Annotated[str, Meta(description="The account or shop that the bill is of.")]
    book: Annotated[str, Meta(description="The book that it is entered in.")]
    existing: Annotated[int, Meta(description="Lines that were there before.")]
    expense: Annotated[int, Meta(description="What went out by the new lines, in 分.")]
    form: Annotated[str, Meta(description="The form that the bill came in.")]
    income: Annotated[int, Meta(description="What came in by the new lines, in 分.")]
    lines: Annotated[int, Meta(description="Lines that are new.")]
    rejected: Annotated[int, Meta(description="Rows that were rejected.")]
    rows: Annotated[int, Meta(description="Rows of the file.")]


class BillImported:
    """bill.imported, told to the world."""

    name: Final = "danshu.bill.imported"
    fact: Final = "bill.imported"
    topic: Final = "settlement"
    title: Final = "账单入账"
    title_en: Final = "Bill imported"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
