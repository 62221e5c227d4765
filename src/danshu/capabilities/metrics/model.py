"""A metric 口径 as data: a formula over a table, how it may be split, by which rule it counts."""

from __future__ import annotations

import hashlib
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from danshu.kernel import canonical
from danshu.kernel.errors import InputError
from danshu.kernel.limits import (
    METRIC_ABOUT_CHARS,
    METRIC_CHARS,
    METRIC_DIMENSIONS,
    METRIC_TITLE_CHARS,
    METRIC_WORDS,
)

CODE: Final = r"^[a-z][a-z0-9_]{1,39}(?![\s\S])"
_PLAIN: Final = r"^[^\x00-\x1f\x7f]*(?![\s\S])"
_NAME: Final = r"^[a-z][a-z0-9_]{0,39}(?![\s\S])"
TABLE: Final = r"^((source|asset|cells):)?[a-z][a-z0-9_-]{0,59}(?![\s\S])"

MetricCode = Annotated[str, Meta(pattern=CODE)]
Words = Annotated[str, Meta(max_length=METRIC_TITLE_CHARS, pattern=_PLAIN)]
About = Annotated[str, Meta(max_length=METRIC_ABOUT_CHARS, pattern=_PLAIN)]
Formula = Annotated[str, Meta(max_length=METRIC_CHARS)]
Unit = Literal["", "fen", "thousandths", "minutes", "ms", "units", "orders", "days", "customers"]
Better = Literal["", "more", "less"]
Grain = Literal["", "text", "time", "number"]


class MetricTitle(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a thing is called in Chinese and English."""

    zh: Words = ""
    en: Words = ""


class MetricRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """By which rule of accounting or of the house it counts. `verified_by` names who laid the
    formula beside the rule's text; "" is shown as 条款未核.
    """

    source: Words = ""
    clause: Words = ""
    verified_by: Words = ""


class Dimension(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """By what a metric may be split or filtered: a column, or an `expression` of columns."""

    name: Annotated[str, Meta(pattern=_NAME)]
    title: MetricTitle = MetricTitle()
    expression: Formula = ""
    words: Annotated[tuple[Words, ...], Meta(max_length=METRIC_WORDS)] = ()

    @property
    def formula(self) -> str:
        """What is counted by."""
        return self.expression or self.name


class Metric(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A metric. `on` names its table (docs/reference/metrics.md): a table of the shipped library,
    `source:` a source, `asset:` the rows of detail of an asset, `cells:` its cells; "" where the
    formula joins other metrics alone. `time` is the column (epoch ms) of its window, "" for what
    stands now; of a stand (存量) everything before the window's end counts. `asset` is the entry of
    the catalogue that shows the same.
    """

    code: MetricCode
    title: MetricTitle
    about: Annotated[dict[Literal["zh", "en"], About], Meta(max_length=2)] = {}
    words: Annotated[tuple[Words, ...], Meta(max_length=METRIC_WORDS)] = ()
    on: Annotated[str, Meta(pattern=r"^$|" + TABLE)] = ""
    expression: Formula
    filter: Formula = ""
    time: Annotated[str, Meta(pattern=r"^$|" + _NAME)] = ""
    is_stand: bool = False
    dimensions: Annotated[tuple[Dimension, ...], Meta(max_length=METRIC_DIMENSIONS)] = ()
    unit: Unit = ""
    better: Better = ""
    rule: MetricRule = MetricRule()
    owner: Words = ""
    purpose: Words = ""
    asset: Words = ""


class MetricFinding(Struct, frozen=True, kw_only=True):
    """What stands in the way of a formula. `code` is one of docs/reference/metrics.md, `field`
    names the member of the metric; `start` and `end` are places of characters in it, -1 = all of
    it; `value` what of it, `detail` in English.
    """

    code: str
    field: str = "expression"
    start: int = -1
    end: int = -1
    value: str = ""
    detail: str = ""


_decode: Final = msgspec.json.Decoder(Metric).decode
_encode: Final = msgspec.json.Encoder().encode


def encode(metric: Metric) -> bytes:
    """Give the canonical bytes of a metric, of which its digest is. Raises InputError."""
    return canonical.encode(msgspec.to_builtins(metric))


def read(body: bytes) -> Metric:
    """Read a metric as stored. Raises InputError `bad_metric`."""
    try:
        return _decode(body)
    except msgspec.MsgspecError as e:
        raise InputError("bad_metric", str(e)) from None


def digest(metric: Metric) -> str:
    """Give the SHA-256 (hex) of a metric's canonical bytes."""
    return hashlib.sha256(encode(metric)).hexdigest()
