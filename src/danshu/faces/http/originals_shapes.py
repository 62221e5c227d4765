"""Originals as they are shown and answered for over HTTP."""

from __future__ import annotations

import re
import uuid
from typing import Annotated

import msgspec
from litestar.params import HeaderParameter
from msgspec import Meta, Struct

from danshu.hub import originals
from danshu.hub.fields import PLAIN, Code
from danshu.hub.original_rows import Row
from danshu.kernel.errors import InputError
from danshu.kernel.fact import rfc3339
from danshu.ports.modality import Candidate, Draft, Parsed, Question

Source = Annotated[
    str,
    HeaderParameter(
        name="Danshu-Source",
        max_length=2_000,
        description="who sent it and whence, a JSON object of strings: store, customer, device,"
        " device_class, speaker, lang, via, template, session",
    ),
]
Said = Annotated[str, Meta(max_length=500, pattern=PLAIN)]


class OriginalRow(Struct, frozen=True, kw_only=True):
    """An original as it stands. `state`: received, asking, review, ordered, acted, rejected,
    unreadable. `confidence` in thousandths, `digest` SHA-256 of its bytes; `reasons` why it did not
    go by itself, `troubles` why it must not. `order` and `repair` are what became of it.
    """

    id: uuid.UUID
    modality: str
    version: str
    media_type: str
    name: str
    bytes: int
    digest: str
    state: str
    intent: str
    confidence: int
    amount_fen: int
    source: dict[str, str]
    troubles: tuple[str, ...]
    reasons: tuple[str, ...]
    reason: str
    question: Question | None
    order: uuid.UUID | None
    repair: uuid.UUID | None
    by: str
    received: str
    done: str


class OriginalView(Struct, frozen=True, kw_only=True):
    """An original with what it would order or ordered, and how it was read; both are null before it
    was, and after it was erased.
    """

    row: OriginalRow
    draft: Draft | None
    parsed: Parsed | None


class OriginalPage(Struct, frozen=True, kw_only=True):
    """Originals, the newest first; `next` is "" at the end."""

    items: tuple[OriginalRow, ...]
    next: str


class OriginalConfirm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person answers for. `corrections`: JSON pointers of what they changed."""

    draft: Draft
    corrections: Annotated[tuple[Said, ...], Meta(max_length=200)] = ()


class OriginalReject(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why nothing is ordered: not_an_order, wrongly_read, duplicate, not_wanted, test; in words."""

    reason: Code
    words: Said = ""


class OriginalAsk(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question to who sent it: its code, the field of the draft, the answers offered."""

    code: Code
    path: Said = ""
    said: Said = ""
    candidates: Annotated[tuple[Candidate, ...], Meta(max_length=9)] = ()


def show(row: Row) -> OriginalRow:
    """Show an original without what was read in it."""
    return OriginalRow(
        id=row.id,
        modality=row.modality,
        version=row.version,
        media_type=row.media_type,
        name=row.name,
        bytes=row.size,
        digest=row.digest,
        state=row.state,
        intent=row.intent,
        confidence=row.confidence,
        amount_fen=row.amount_fen,
        source=dict(row.source),
        troubles=row.troubles,
        reasons=row.reasons,
        reason=row.reason,
        question=row.question,
        order=row.order,
        repair=row.repair,
        by=row.by,
        received=rfc3339(row.received_ms),
        done=rfc3339(round(row.done.timestamp() * 1000)) if row.done else "",
    )


def read_source(text: str) -> dict[str, str]:
    """Read who sent an original. Raises InputError `bad_source`."""
    if not text:
        return {}
    try:
        told = msgspec.json.decode(text, type=dict[str, str])
    except (msgspec.DecodeError, UnicodeError) as error:
        raise InputError("bad_source", "Danshu-Source is a JSON object of strings") from error
    if unknown := sorted(told.keys() - set(originals.SOURCE)):
        raise InputError("bad_source", f"Danshu-Source has no {unknown[0][:40]!r}")
    for name, value in told.items():
        if len(value) > 128 or not re.match(PLAIN, value):
            raise InputError("bad_source", f"{name} has at most 128 plain characters")
    return told
