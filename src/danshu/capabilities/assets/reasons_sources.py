"""The source of normalised return reasons: what the normaliser or a steward said of a case."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from danshu.capabilities.assets.model import SMALL, TEXT, UUID, Row, source
from danshu.capabilities.assets.reading import Out, Reader, Told, reader, uid


class _Assigned(Struct, frozen=True, gc=False):
    case: str = ""
    code: str = ""
    confidence: int = 0
    order: str = ""
    source: str = ""


SOURCES: Final = (
    source(
        "reason_codes", "Which reason a case was given (`code`, \"\" = none), by whom (`origin`).",
        "return_reason.assigned", case=UUID, order=UUID, code=TEXT, origin=TEXT, confidence=SMALL,
    ),
)  # fmt: skip


def _put(out: Out, base: Row, data: Any, told: Told) -> None:
    del told
    case = uid(data.case) if data.case else base[2]
    out["reason_codes"].append(
        (*base, case, uid(data.order), data.code, data.source, data.confidence)
    )


READERS: Final[tuple[Reader, ...]] = (reader("return_reason.assigned", _Assigned, _put),)
