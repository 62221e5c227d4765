"""差异关闭: difference closed."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from danshu.adapters.events._codes import keep_code


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A difference is explained by a coded reason."""

    actual: Annotated[int, Meta(description="The amount that was found, in minor units (分).")]
    expected: Annotated[int, Meta(description="The amount that was expected, in minor units (分).")]
    reason: Annotated[str, Meta(description="Code of what explains it.")] = ""
    subject: Annotated[str, Meta(description="What it is about, by its lasting name.")]


class DifferenceClosed:
    """difference.closed, told to the world."""

    name: Final = "danshu.difference.closed"
    fact: Final = "difference.closed"
    topic: Final = "anomaly"
    title: Final = "差异关闭"
    title_en: Final = "Difference closed"
    data: Final = Data
    tell: Final = staticmethod(keep_code(Data, "reason"))
