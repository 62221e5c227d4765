"""An intent graph 业务意图知识图谱 as data: equipment, symptoms, regulations, actions.

A merchant's graph adds to the shipped one. An entry with the code of a shipped one adds to that
entry: its spellings, links and prohibitions are united with what stands there.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from danshu.kernel import canonical
from danshu.kernel.errors import InputError
from danshu.kernel.limits import (
    INTENT_BYTES,
    INTENT_LINKS,
    INTENT_NODES,
    INTENT_TEXT_CHARS,
    INTENT_TITLE_CHARS,
    SKU_CHARS,
)

# Letters of a code are ASCII or Chinese: such a name needs no escape in Turtle.
CODE: Final = r"^[A-Za-z0-9\u4e00-\u9fff_][A-Za-z0-9\u4e00-\u9fff_-]{0,39}(?![\s\S])"
_PLAIN: Final = r"^[^\x00-\x1f\x7f]*(?![\s\S])"
NodeCode = Annotated[str, Meta(pattern=CODE)]
Title = Annotated[str, Meta(max_length=INTENT_TITLE_CHARS, pattern=_PLAIN)]
Text = Annotated[str, Meta(max_length=INTENT_TEXT_CHARS, pattern=_PLAIN)]
Links = Annotated[tuple[NodeCode, ...], Meta(max_length=INTENT_LINKS)]
Spellings = Annotated[tuple[Title, ...], Meta(max_length=INTENT_LINKS)]
Level = Annotated[int, Meta(ge=0, le=3)]


class IntentEquipment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A class of equipment."""

    code: NodeCode
    title: Title = ""
    title_en: Title = ""
    spellings: Spellings = ()


class IntentSymptom(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What equipment shows, and which regulations govern it; no equipment named = any."""

    code: NodeCode
    title: Title = ""
    title_en: Title = ""
    spellings: Spellings = ()
    equipment: Links = ()
    regulations: Links = ()


class IntentRegulation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A regulation 规程: what it requires, in order, and forbids; no equipment named = any.

    `number` is its official one, `verified_by` who laid it beside its text, "" = 条款未核. One that
    `replaces` another is followed instead of it; what the other forbids stays forbidden.
    """

    code: NodeCode
    number: Title = ""
    title: Title = ""
    title_en: Title = ""
    clause: Title = ""
    text: Text = ""
    source: Title = ""
    verified_by: Title = ""
    equipment: Links = ()
    requires: Links = ()
    forbids: Links = ()
    replaces: Links = ()


class IntentAction(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be done. `level` 1: anybody on duty; 2: who is authorised; 3: by work permit; 0: as
    shipped. `service` is what is ordered for it, `parts` SKUs, `release` who lets it be done.
    """

    code: NodeCode
    title: Title = ""
    title_en: Title = ""
    spellings: Spellings = ()
    level: Level = 0
    service: Annotated[str, Meta(pattern=r"^(repair|inspect|refill|none|)(?![\s\S])")] = ""
    parts: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=SKU_CHARS, pattern=_PLAIN)], ...],
        Meta(max_length=INTENT_LINKS),
    ] = ()
    release: Title = ""
    contradicts: Links = ()


Node = IntentEquipment | IntentSymptom | IntentRegulation | IntentAction


class IntentGraph(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A graph, or what a merchant adds to one."""

    equipment: Annotated[tuple[IntentEquipment, ...], Meta(max_length=INTENT_NODES)] = ()
    symptoms: Annotated[tuple[IntentSymptom, ...], Meta(max_length=INTENT_NODES)] = ()
    regulations: Annotated[tuple[IntentRegulation, ...], Meta(max_length=INTENT_NODES)] = ()
    actions: Annotated[tuple[IntentAction, ...], Meta(max_length=INTENT_NODES)] = ()


class IntentFinding(Struct, frozen=True, kw_only=True):
    """What is wrong with a graph. `code` names the shape or rule (docs/how-to/
    teach-the-intent-graph.md); `kind` and `node` where; `value` what of it; `detail` in English.
    """

    code: str
    kind: str = ""
    node: str = ""
    value: str = ""
    detail: str = ""


KINDS: Final = {
    "equipment": IntentEquipment,
    "symptom": IntentSymptom,
    "regulation": IntentRegulation,
    "action": IntentAction,
}
MEMBERS: Final = {
    "equipment": "equipment",
    "symptom": "symptoms",
    "regulation": "regulations",
    "action": "actions",
}


def encode(graph: IntentGraph) -> bytes:
    """Give a graph's canonical bytes. Raises InputError `too_large`."""
    body = canonical.encode_struct(graph)
    if len(body) > INTENT_BYTES:
        raise InputError("too_large", f"an intent graph is at most {INTENT_BYTES} bytes")
    return body


def digest(graph: IntentGraph) -> str:
    """SHA-256 (hex) of a graph's canonical bytes."""
    return hashlib.sha256(encode(graph)).hexdigest()


def read(body: bytes) -> IntentGraph:
    """Read a graph from its canonical bytes."""
    return msgspec.json.decode(body, type=IntentGraph)
