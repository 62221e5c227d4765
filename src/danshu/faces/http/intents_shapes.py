"""What the routes of the intent graph take and give."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from danshu.capabilities.intents.comparing import IntentChange
from danshu.capabilities.intents.deciding import Directed
from danshu.capabilities.intents.model import IntentFinding, IntentGraph, NodeCode
from danshu.capabilities.intents.wording import IntentNear, IntentWord
from danshu.faces.http.drafts import DraftNo, DraftRoad
from danshu.hub.drafts import State
from danshu.hub.intent_book import IntentVersion
from danshu.kernel.limits import (
    INTENT_QUERY_CHARS,
    INTENT_SYMPTOMS,
    INTENT_TURTLE_BYTES,
    INTENT_WORDS_CHARS,
)

Turtle = Annotated[str, Meta(max_length=INTENT_TURTLE_BYTES)]


class IntentDraftItem(Struct, frozen=True, kw_only=True):
    """The open draft in the list."""

    id: str
    state: State
    revision: int
    edited_by: str
    edited: str


class IntentBook(Struct, frozen=True, kw_only=True):
    """What is followed: the whole `graph`, the shipped one `base`, what the merchant adds, `own`;
    versions (0, the shipped one, is not listed), people by their numbers; the open draft.
    """

    version: int
    digest: str
    shipped: str
    graph: IntentGraph
    base: IntentGraph
    own: IntentGraph
    versions: tuple[IntentVersion, ...]
    drafts: tuple[IntentDraftItem, ...]


class IntentAsked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a merchant's graph adds, or that as Turtle."""

    graph: IntentGraph | None = None
    turtle: Turtle = ""


class IntentChecked(Struct, frozen=True, kw_only=True):
    """What stands in the way, what would become different from what is followed, and the graph as
    read and as Turtle; `whole` is the shipped graph with it.
    """

    graph: IntentGraph
    whole: IntentGraph
    turtle: str
    findings: tuple[IntentFinding, ...]
    changes: tuple[IntentChange, ...]


class IntentTrial(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Equipment by its code or a spelling, or by a `device` of the archive; symptoms by their codes
    or, without any, in words, which also say what is asked for; `graph` is what a merchant's draft
    adds, None = what is followed.
    """

    device: Annotated[str, Meta(max_length=100)] = ""
    equipment: Annotated[str, Meta(max_length=100)] = ""
    symptoms: Annotated[tuple[NodeCode, ...], Meta(max_length=INTENT_SYMPTOMS)] = ()
    words: Annotated[str, Meta(max_length=INTENT_WORDS_CHARS)] = ""
    graph: IntentGraph | None = None


class IntentTried(Struct, frozen=True, kw_only=True):
    """What would be done; what the words name; what they may mean where they name no symptom."""

    directed: Directed
    words: tuple[IntentWord, ...]
    near: tuple[IntentNear, ...]


class IntentQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A SPARQL 1.1 SELECT; the prefixes k, e, s, r, a are known."""

    query: Annotated[str, Meta(min_length=1, max_length=INTENT_QUERY_CHARS)]


class IntentAnswer(Struct, frozen=True, kw_only=True):
    """Names and rows of a SELECT; `more`: rows were left out."""

    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    more: bool


class IntentDiff(Struct, frozen=True, kw_only=True):
    """What became different from one version to another."""

    changes: tuple[IntentChange, ...]


class IntentDraftNew(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the merchant's graph should add to the shipped one."""

    graph: IntentGraph


class IntentDraftSaved(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The draft as it should be, written over `revision`."""

    revision: int
    graph: IntentGraph


class IntentDraftShown(DraftRoad, frozen=True, kw_only=True):
    """A draft and what would become different. People by their numbers; `approvers` are those who
    could approve it, `mine`: the caller wrote some of it, so cannot.
    """

    graph: IntentGraph
    changes: tuple[IntentChange, ...]


class IntentProblem(DraftNo, frozen=True, kw_only=True):
    """A no: `intent_changed` (`now` is what the draft is, saved by somebody else meanwhile),
    `intent_unsound` (`findings` stand in the way), or the refusal that `code` names.
    """

    now: IntentDraftShown | None = None
    findings: tuple[IntentFinding, ...] = ()
