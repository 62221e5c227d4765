"""发布日历: calendar published."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A version of the merchant's own working days."""

    base: Annotated[str, Meta(description="The calendar that it was made from, as name@version.")]
    days: Annotated[int, Meta(description="Days that are other than in its base.")]
    id: Annotated[str, Meta(description="Its name.")]
    version: Annotated[str, Meta(description="Version of the calendar, such as 2026.1.")]


class CalendarPublished:
    """calendar.published, told to the world."""

    name: Final = "danshu.calendar.published"
    fact: Final = "calendar.published"
    topic: Final = "master"
    title: Final = "发布日历"
    title_en: Final = "Calendar published"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
