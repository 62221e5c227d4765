"""Data of the assistant: a question understood, what is to be looked up, an answer with cites."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

Kind = Literal[
    "order", "late_order", "on_time", "short", "due", "saved", "anomalies", "overview", "figure"
]


class AnswerCite(Struct, frozen=True, kw_only=True):
    """What a sentence rests on: `ref` is its id, `path` opens it in the console."""

    kind: str
    ref: str
    label: str
    path: str


class Span(Struct, frozen=True, kw_only=True):
    """A span of time, epoch ms, end excluded; and how it is called."""

    since_ms: int
    until_ms: int
    zh: str
    en: str


class Asked(Struct, frozen=True, kw_only=True):
    """A question as it was understood. `ref` is the number or id that it names."""

    kind: Kind
    text: str
    span: Span
    ref: str = ""
    days: int = 7


class Look(Struct, frozen=True, kw_only=True):
    """A tool that is to be called; `name` is how the answer calls what came."""

    name: str
    tool: str
    args: dict[str, Any]


class Seen(Struct, frozen=True, kw_only=True):
    """What a look gave: `data` as the API answers, or the code of a problem."""

    data: Any = None
    cites: tuple[AnswerCite, ...] = ()
    problem: str = ""


class CitedSentence(Struct, frozen=True, kw_only=True):
    """One sentence of an answer, with numbers of citations, from 1. Without one it is not said."""

    zh: str
    en: str
    cites: tuple[int, ...]


class CitedAnswer(Struct, frozen=True, kw_only=True):
    """An answer. Without sentences it is a refusal, and `lacks_zh`, `lacks_en` say what is missing.

    `way` is `rules` or `model`.
    """

    kind: str
    sentences: tuple[CitedSentence, ...]
    cites: tuple[AnswerCite, ...]
    lacks_zh: str = ""
    lacks_en: str = ""
    way: str = "rules"
    follow_zh: tuple[str, ...] = ()
    follow_en: tuple[str, ...] = ()
