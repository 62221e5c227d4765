"""What the routes of the API weaver take and give."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from danshu.capabilities.weave.inferring import Inferred
from danshu.capabilities.weave.mapping import Received, WovenFault
from danshu.capabilities.weave.woven import Kind, Woven
from danshu.capabilities.weave.woven_lint import WovenFinding
from danshu.faces.http.drafts import DraftNo, DraftRoad
from danshu.hub.drafts import State
from danshu.hub.weaving import RequestShown
from danshu.kernel.limits import SAFE_VALUE_CHARS, WOVEN_SAMPLE_CHARS, WOVEN_SOURCE_BYTES

Sample = Annotated[str, Meta(max_length=WOVEN_SAMPLE_CHARS)]


class WovenShown(Struct, frozen=True, kw_only=True):
    """A published version, with people by their numbers, and what it was called with today (UTC);
    `has_secret`: the safe keeps a secret for its address.
    """

    woven: Woven
    digest: str
    active: bool
    drafted_by: str
    approved_by: str
    published: str
    retired: str
    calls: int = 0
    refused: int = 0
    failed: int = 0
    spent_ms: int = 0
    trouble: str = ""


class WovenDraftItem(Struct, frozen=True, kw_only=True):
    """A draft in the list: its state and how many findings stand in the way."""

    id: str
    woven: Woven
    state: State
    revision: int
    edited_by: str
    edited: str
    errors: int
    warnings: int


class WovenBook(Struct, frozen=True, kw_only=True):
    """All there is: versions, open drafts, and templates to begin from."""

    versions: tuple[WovenShown, ...]
    drafts: tuple[WovenDraftItem, ...]
    templates: tuple[Woven, ...]


class WovenAsked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A capability as it should be; its own samples are what it is tried with."""

    woven: Woven


class WovenPreview(Struct, frozen=True, kw_only=True):
    """What a capability would do with its samples, nothing sent: the request as it would leave
    (secrets masked), what each expression became by its pointer (as JSON; rows of a list, the
    first five, under the pointer and #), the answer, and what stands in the way.
    """

    digest: str
    sound: bool
    findings: tuple[WovenFinding, ...]
    request: RequestShown
    values: dict[str, str]
    faults: tuple[WovenFault, ...]
    verdict: str
    code: str
    reason: str
    answer: dict[str, Any]
    readings: tuple[str, ...]
    origin: str
    has_secret: bool


class WovenSource(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a proposal is made from: an OpenAPI 3 document (JSON or YAML) and one of its operations
    ("" lists them), or a sample of a request's body and of a response.
    """

    kind: Kind = "generic"
    document: Annotated[str, Meta(max_length=WOVEN_SOURCE_BYTES)] = ""
    operation: Annotated[str, Meta(max_length=500)] = ""
    question: Sample = ""
    response: Sample = ""


class WovenInferred(Inferred, frozen=True, kw_only=True):
    """What was read from a document or samples, and the proposal."""


class WovenSecret(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The secret of a far side; "" throws it away. It is kept for the addresses of `woven` alone,
    for all versions of its code, and never shown.
    """

    woven: Woven
    secret: Annotated[str, Meta(max_length=SAFE_VALUE_CHARS)]


class WovenKept(Struct, frozen=True, kw_only=True):
    """For which addresses a secret is kept now, and whether there is one."""

    origin: str
    has_secret: bool


class WovenTried(Struct, frozen=True, kw_only=True):
    """What the far side answered to a trial: the request with secrets masked, the response, and
    what it means.
    """

    verdict: str
    code: str
    reason: str
    answer: dict[str, Any]
    faults: tuple[WovenFault, ...]
    spent_ms: int
    request: RequestShown
    response: Received


class WovenAnswer(Struct, frozen=True, kw_only=True):
    """The answer of a capability: done with `answer`, refused with `code` and `reason`, or pending:
    taken over.
    """

    verdict: str
    code: str = ""
    reason: str = ""
    answer: dict[str, Any] = {}


class WovenDraftNew(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A capability to be drafted: a new one, or the next version of one that is there."""

    woven: Woven


class WovenDraftSaved(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The draft as it should be, written over `revision`."""

    revision: int
    woven: Woven


class WovenDraftShown(DraftRoad, frozen=True, kw_only=True):
    """A draft. People by their numbers; `approvers` are those who could approve it, `mine`: the
    caller wrote some of it, so cannot.
    """

    woven: Woven


class WovenProblem(DraftNo, frozen=True, kw_only=True):
    """A no: `woven_changed` (`now` is what the draft is, saved by somebody else meanwhile),
    `woven_unsound` (`findings` stand in the way), or the refusal that `code` names.
    """

    now: WovenDraftShown | None = None
    findings: tuple[WovenFinding, ...] = ()
