"""The source of normalised return reasons: what the normaliser or a steward said of a case."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from danshu.capabilities.assets.model import SMALL, TEXT, UUID, Row, source
from danshu.capabilities.assets.reading import Out, Reader, Told, reader, uid


class _Case(Struct, frozen=True, gc=False):
    case: str
    code: str = ""
    confidence: int = 0


class _Named(Struct, frozen=True, gc=False):
    cases: tuple[_Case, ...]


SOURCES: Final = (
    source(
        "reason_codes",
        'Which reason a case was given (`code`, "" = none), by `book` or by `person` (`origin`).',
        "return_reasons.named return_reason.corrected",
        case=UUID,
        code=TEXT,
        origin=TEXT,
        confidence=SMALL,
    ),
)
_SURE: Final = 1_000


def _put_named(out: Out, base: Row, data: Any, told: Told) -> None:
    del told
    for each in data.cases:
        out["reason_codes"].append((*base, uid(each.case), each.code, "book", each.confidence))


def _put_corrected(out: Out, base: Row, data: Any, told: Told) -> None:
    del told
    out["reason_codes"].append((*base, uid(data.case), data.code, "person", _SURE))


READERS: Final[tuple[Reader, ...]] = (
    reader("return_reasons.named", _Named, _put_named),
    reader("return_reason.corrected", _Case, _put_corrected),
)
