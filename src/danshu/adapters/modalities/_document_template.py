"""Templates of documents: how one is known again, and where on it which field stands.

A template is a mapping as hub/document_templates lends it: `code`, `version`, `digest`, `title`,
`customer`, `anchors` [{text, x, y}], `fields` [{role, label, box}], `columns` [{role, header}].
Places are thousandths of the upright page's width; a field's `box` counts from its label's upper
left corner where it has a label, else from the page's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from rapidfuzz import fuzz

from danshu.adapters.modalities import _document_table as tables
from danshu.adapters.modalities import _document_words as words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.adapters.modalities._document_page import Sheet, Token
    from danshu.adapters.modalities._document_table import Value

_LIKE: Final = 84  # of 100: a letter or two misread
_FAR: Final = 140  # thousandths of the width that an anchor may have moved
_KNOWN: Final = 0.74  # of the anchors
_SPILL: Final = 6


class Known(Struct, frozen=True):
    """A template that fits, and how well (thousandths of its anchors found)."""

    template: Mapping[str, Any]
    sure: int


def recognise(
    sheets: Sequence[Sheet], templates: Sequence[Mapping[str, Any]], named: str = ""
) -> Known | None:
    """Give the template that a document was made by: the one that is named, else the best that
    fits; None where none does or two do equally well.
    """
    if not sheets:
        return None
    scored = []
    for template in templates:
        if named and template.get("code") == named:
            return Known(template, 1000)
        anchors = _rows(template, "anchors")
        if not anchors:
            continue
        found = sum([_stands(sheets[0], anchor) for anchor in anchors])
        if found / len(anchors) >= _KNOWN:
            scored.append((found / len(anchors), len(anchors), template))
    scored.sort(key=lambda s: (-s[0], -s[1]))
    if not scored or (len(scored) > 1 and scored[0][:2] == scored[1][:2]):
        return None
    return Known(scored[0][2], round(1000 * scored[0][0]))


def _rows(template: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    rows: list[Mapping[str, Any]] = list(template.get(name) or ())
    return rows


def _stands(sheet: Sheet, anchor: Mapping[str, Any]) -> bool:
    place = (float(anchor.get("x", 0)), float(anchor.get("y", 0)))
    return any(
        _alike(token.text, str(anchor["text"])) and math.dist(place, (token.x0, token.y0)) <= _FAR
        for token in sheet.tokens
    )


def _alike(said: str, wanted: str) -> bool:
    a, b = words.fold(said), words.fold(wanted)
    return bool(a and b) and (a == b or fuzz.ratio(a, b) >= _LIKE)


def roles(template: Mapping[str, Any]) -> dict[str, str]:
    """Give the roles of a template's columns by their folded headers."""
    return {words.fold(str(c["header"])): str(c["role"]) for c in _rows(template, "columns")}


def read_fields(sheets: Sequence[Sheet], template: Mapping[str, Any]) -> dict[str, Value]:
    """Read what stands where the template says, by role. A label that is not there gives nothing:
    the place alone would be a guess.
    """
    found: dict[str, Value] = {}
    for field in _rows(template, "fields"):
        role = str(field["role"])
        label, box = str(field.get("label") or ""), [float(v) for v in field["box"]]
        for sheet in sheets:
            at = _find_label(sheet, label) if label else None
            if label and at is None:
                continue
            x, y = (at.x0, at.y0) if at else (0.0, 0.0)
            inside = [
                t for t in sheet.tokens
                if t.kind == "text"
                and x + box[0] - _SPILL <= (t.x0 + t.x1) / 2 <= x + box[2] + _SPILL
                and y + box[1] - _SPILL <= t.middle <= y + box[3] + _SPILL
                and not (at is t and _after_label(t.text, label) == "")
            ]  # fmt: skip
            if inside:
                value = tables.join(inside)
                text = _after_label(value.text, label) if at in inside else value.text
                found[role] = tables.Value(text=text, sure=value.sure, tokens=tuple(inside))
                break
    return found


def _find_label(sheet: Sheet, label: str) -> Token | None:
    for token in sheet.tokens:
        if _alike(token.text, label) or _alike(token.text[: len(label) + 1], label):
            return token
    return None


def _after_label(said: str, label: str) -> str:
    """Take a label away from the words that begin with it."""
    for at in range(len(label) + 3, 0, -1):
        if words.fold(said[:at]) == words.fold(label):
            return said[at:].strip(" :：.")
    head, mark, rest = said.replace("：", ":").partition(":")
    return rest.strip() if mark and _alike(head, label) else said
