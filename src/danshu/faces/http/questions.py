"""Query parameters that several lists share."""

from __future__ import annotations

import base64
import datetime
import uuid
from typing import Annotated, Literal

import msgspec
from litestar.params import QueryParameter

from danshu.hub.fields import PLAIN
from danshu.hub.lists import LAST, OTHER_QUESTION
from danshu.kernel.errors import InputError
from danshu.kernel.limits import EARLIEST_MS, INTEGER_MAX, LATEST_MS, PAGE_ROWS

Word = Annotated[str, QueryParameter(max_length=64, pattern=PLAIN)]
State = Annotated[
    Literal[
        "",
        "return_requested",
        "placed",
        "confirmed",
        "paid",
        "held",
        "allocated",
        "released",
        "picked",
        "packed",
        "shipped",
        "delivered",
        "completed",
        "cancelled",
    ],
    QueryParameter(name="state"),
]
PromiseState = Annotated[
    Literal[
        "running",
        "paused",
        "ticking",
        "kept",
        "broken",
        "late",
        "borderline",
        "excused",
        "superseded",
    ],
    QueryParameter(name="state"),
]
Question = Annotated[
    str, QueryParameter(max_length=128, pattern=PLAIN, description="words; all must be met")
]
Cursor = Annotated[
    str,
    QueryParameter(max_length=200, description="`next` of the page before; belongs to its filters"),
]
Limit = Annotated[int, QueryParameter(ge=1, le=PAGE_ROWS)]
From = Annotated[
    datetime.datetime | None,
    QueryParameter(name="from", description="placed at or after, RFC 3339"),
]
To = Annotated[datetime.datetime | None, QueryParameter(name="to", description="placed before")]
Due = Annotated[
    datetime.datetime | None,
    QueryParameter(name="due_before", description="the next moment of a promise's clock is before"),
]


def epoch(moment: datetime.datetime | None, pointer: str) -> int:
    """Give an instant in epoch ms, 0 for none. Raises InputError `bad_filter` without an offset or
    out of range.
    """
    if moment is None:
        return 0
    if moment.tzinfo is None:
        raise InputError("bad_filter", "an instant needs its offset, e.g. Z", pointer)
    ms = int(moment.timestamp() * 1000)
    if not EARLIEST_MS <= ms <= LATEST_MS:
        raise InputError("bad_filter", "an instant is between 2000 and 2100", pointer)
    return ms


def write_place(*place: int | str) -> str:
    """Write a keyset's place as an opaque cursor."""
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(place)).decode().rstrip("=")


def read_before(cursor: str) -> uuid.UUID:
    """Read the place of a list that is walked from its newest id on; raises as `read_place`."""
    if not cursor:
        return LAST
    try:
        return uuid.UUID(str(read_place(cursor, str)[0]))
    except ValueError as error:
        raise OTHER_QUESTION from error


def read_place(text: str, *kinds: type) -> list[int | str]:
    """Read a keyset's place. Raises InputError `bad_cursor`."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        place = msgspec.msgpack.decode(raw, type=list[int | str])
    except (ValueError, msgspec.DecodeError) as error:
        raise InputError("bad_cursor", "the cursor is not one of ours") from error
    if [type(p) for p in place] != list(kinds) or any(
        isinstance(p, int) and not -1 <= p <= INTEGER_MAX for p in place
    ):
        raise InputError("bad_cursor", "the cursor belongs to another list")
    return place
