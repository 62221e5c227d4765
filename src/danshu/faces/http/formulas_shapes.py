"""What the routes of metrics take and give."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from danshu.capabilities.metrics.model import Metric, MetricFinding, MetricTitle
from danshu.capabilities.metrics.reading import FormulaSaid
from danshu.capabilities.metrics.shipped import MetricTable
from danshu.faces.http.drafts import DraftNo, DraftRoad
from danshu.hub.drafts import State
from danshu.hub.metric_book import MetricVersion
from danshu.hub.metric_checks import Differing
from danshu.hub.metric_drafts import MetricPlan
from danshu.hub.metric_reports import Name, ReportAsked, ReportKept
from danshu.hub.metrics import MetricRow
from danshu.kernel.limits import METRIC_BY, METRIC_DAYS


class MetricItem(Struct, frozen=True, kw_only=True):
    """A metric in the list, as it holds now. `approved_by` is a person's number, "" as shipped."""

    code: str
    title: MetricTitle
    about: dict[str, str]
    words: tuple[str, ...]
    unit: str
    better: str
    version: int
    effective: str
    approved_by: str
    owner: str
    purpose: str
    asset: str
    on: str
    dimensions: tuple[str, ...]
    rule: str
    clause: str
    verified_by: str
    is_shipped: bool


class MetricDraftItem(Struct, frozen=True, kw_only=True):
    """An open draft in the list."""

    id: str
    code: str
    title: MetricTitle
    state: State
    edited_by: str
    edited: str


class MetricBook(Struct, frozen=True, kw_only=True):
    """What holds now, and the open drafts."""

    metrics: tuple[MetricItem, ...]
    drafts: tuple[MetricDraftItem, ...]


class MetricShown(Struct, frozen=True, kw_only=True):
    """A metric: what holds now, read aloud; every version, the newest first; the open draft's id.

    People by their numbers. `columns` are what those of its table are called; `may_see`: the caller
    may see figures, else `clause` says by which rule not.
    """

    version: int
    metric: Metric
    versions: tuple[MetricVersion, ...]
    said: FormulaSaid | None
    said_filter: FormulaSaid | None
    columns: dict[str, MetricTitle]
    names: dict[str, dict[str, MetricTitle]]
    draft: str
    may_see: bool
    clause: str


class MetricTables(Struct, frozen=True, kw_only=True):
    """What formulas may count: tables of the library, sources, assets; tables to look things up
    in.
    """

    tables: tuple[MetricTable, ...]
    sources: dict[str, dict[str, str]]
    assets: tuple[str, ...]
    lookups: dict[str, dict[str, str]]


class MetricAsked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A formula to be tried over the last `days`, split by dimensions."""

    metric: Metric
    by: Annotated[tuple[str, ...], Meta(max_length=METRIC_BY)] = ()
    days: Annotated[int, Meta(ge=0, le=METRIC_DAYS)] = 30


class MetricTried(Struct, frozen=True, kw_only=True):
    """What trying a formula gave; without `total` and `rows` where something stands in the way."""

    findings: tuple[MetricFinding, ...]
    total: int | None
    rows: tuple[MetricRow, ...]
    sql: str
    difference: Differing | None
    said: FormulaSaid | None
    said_filter: FormulaSaid | None


class MetricDraftNew(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A metric as it should be; the code of a shipped one makes a version of it."""

    plan: MetricPlan


class MetricDraftSaved(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The draft as it should be, written over `revision`."""

    revision: int
    plan: MetricPlan


class MetricDraftShown(DraftRoad, frozen=True, kw_only=True):
    """A draft. People by their numbers; `approvers` are those who could approve it, `mine`: the
    caller wrote some of it, so cannot.
    """

    plan: MetricPlan


class MetricProblem(DraftNo, frozen=True, kw_only=True):
    """A no: `metric_changed` (`now` is what the draft is, saved by somebody else meanwhile),
    `metric_unsound` (`findings` stand in the way), or the refusal that `code` names.
    """

    now: MetricDraftShown | None = None
    findings: tuple[MetricFinding, ...] = ()


class ReportNew(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A report to be kept."""

    name: Name
    asked: ReportAsked


class MetricReports(Struct, frozen=True, kw_only=True):
    """A page of kept reports, the newest first; `next` begins the next one, "" = none."""

    rows: tuple[ReportKept, ...]
    next: str
