"""What the routes of order types take and give."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from danshu.capabilities.order_types.findings import TypeFinding
from danshu.capabilities.order_types.model import OrderType, TypeTexts
from danshu.capabilities.order_types.simulate import SimulatedCase
from danshu.faces.http.drafts import DraftNo, DraftRoad
from danshu.hub.drafts import State
from danshu.hub.group_buys import GroupShown
from danshu.kernel.limits import AMOUNT_MINOR, LINE_QUANTITY


class ActOffered(Struct, frozen=True, kw_only=True):
    """An act that a stage may open; `paid`: only once all is paid."""

    code: str
    words: TypeTexts
    paid: bool


class TypeShown(Struct, frozen=True, kw_only=True):
    """A published version, with people by their numbers, and how many orders live by it now, by
    stage.
    """

    type: OrderType
    digest: str
    active: bool
    drafted_by: str
    approved_by: str
    published: str
    retired: str
    orders: dict[str, int]


class TypeDraftItem(Struct, frozen=True, kw_only=True):
    """A draft in the list: its state and how many findings stand in the way."""

    id: str
    type: OrderType
    state: State
    revision: int
    edited_by: str
    edited: str
    errors: int
    warnings: int


class TypeBook(Struct, frozen=True, kw_only=True):
    """All there is: versions, open drafts, templates, and the acts of the catalogue."""

    versions: tuple[TypeShown, ...]
    drafts: tuple[TypeDraftItem, ...]
    templates: tuple[OrderType, ...]
    acts: tuple[ActOffered, ...]


class TypeAsked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A type as it should be, and one order to try it with: price of a unit in minor units."""

    type: OrderType
    price_fen: Annotated[int, Meta(ge=1, le=AMOUNT_MINOR)] = 9_900
    units: Annotated[int, Meta(ge=1, le=LINE_QUANTITY)] = 1


class TypeProof(Struct, frozen=True, kw_only=True):
    """What a type would be: its digest, what stands in the way, read out, and one order through
    time in each of its courses.
    """

    digest: str
    sound: bool
    findings: tuple[TypeFinding, ...]
    sentence: TypeTexts
    cases: tuple[SimulatedCase, ...]


class TypeDraftNew(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A type to be drafted: a new one, or the next version of one that is there."""

    type: OrderType


class TypeDraftSaved(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The draft as it should be, written over `revision`."""

    revision: int
    type: OrderType


class TypeDraftShown(DraftRoad, frozen=True, kw_only=True):
    """A draft. People by their numbers; `approvers` are those who could approve it, `mine`: the
    caller wrote some of it, so cannot.
    """

    type: OrderType


class TypeProblem(DraftNo, frozen=True, kw_only=True):
    """A no: `type_changed` (`now` is what the draft is, saved by somebody else meanwhile),
    `type_unsound` (`findings` stand in the way), or the refusal that `code` names.
    """

    now: TypeDraftShown | None = None
    findings: tuple[TypeFinding, ...] = ()


class Groups(Struct, frozen=True, kw_only=True):
    """The groups of a type, the newest first."""

    items: tuple[GroupShown, ...]
