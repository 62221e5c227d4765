"""The catalogue of event types: those that the hub tells, and those that it hears."""

from __future__ import annotations

import functools
import inspect
from typing import Final

from msgspec import Struct

from danshu.hub import event_forms, hearing

OUT: Final = "out"
IN: Final = "in"


class Entry(Struct, frozen=True, kw_only=True):
    """A type: `fact` and `topic` are "" where it comes in, `right` (beside event.send) where it
    goes out; `note` says what it means.
    """

    name: str
    direction: str
    topic: str
    fact: str
    title: str
    title_en: str
    note: str
    data: type[Struct]
    right: str = ""


@functools.cache
def catalogue() -> dict[str, Entry]:
    """Give all types by their name. The first that asks imports them."""
    told = [
        Entry(
            name=each.name,
            direction=OUT,
            topic=each.topic,
            fact=each.fact,
            title=each.title,
            title_en=each.title_en,
            note=note_of(each.data),
            data=each.data,
        )
        for each in event_forms.event_types().values()
    ]
    heard = [
        Entry(
            name=each.name,
            direction=IN,
            topic="",
            fact="",
            title=each.title,
            title_en=each.title_en,
            note=note_of(each.data),
            data=each.data,
            right=each.right,
        )
        for each in hearing.KINDS.values()
    ]
    return {each.name: each for each in sorted([*told, *heard], key=lambda each: each.name)}


def note_of(data: type[Struct]) -> str:
    """Give what a Struct says of itself, in one line."""
    return " ".join((inspect.getdoc(data) or "").split())
