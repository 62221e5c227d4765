"""What is shown of imports: kinds, sheets, their rows."""

from __future__ import annotations

import uuid
from typing import Final, Literal

from msgspec import Struct

from danshu.hub.intake_sheets import Sheet
from danshu.hub.sheet_check import Outcome
from danshu.hub.sheet_columns import Source
from danshu.hub.sheet_files import Form
from danshu.hub.sheet_kinds import Field, Kind
from danshu.hub.sheet_views import SeenRow
from danshu.kernel.errors import InputError
from danshu.kernel.fact import rfc3339

_ACTS: Final[dict[str, tuple[str, ...]]] = {
    "uploaded": ("map", "drop"),
    "mapped": ("map", "apply", "drop"),
    "refused": ("map", "apply", "drop"),
    "failed": ("apply",),
    "applied": ("undo",),
}


class ImportUnit(Struct, frozen=True, kw_only=True):
    """A unit that a column may be in, and what people call it."""

    name: str
    words: tuple[str, ...]


class ImportField(Struct, frozen=True, kw_only=True):
    """A field that a column may be taken for; `of` names the kind whose code it is."""

    name: str
    zh: str
    en: str
    type: str
    required: bool
    is_key: bool
    units: tuple[ImportUnit, ...]
    unit: str
    of: str


class ImportKind(Struct, frozen=True, kw_only=True):
    """A kind of master data that can be brought in as a sheet."""

    kind: str
    zh: str
    en: str
    fields: tuple[ImportField, ...]


class ImportKinds(Struct, frozen=True, kw_only=True):
    """Every kind with its fields, and the storage classes by their words."""

    items: tuple[ImportKind, ...]
    storage: dict[int, str]


class ImportCounts(Struct, frozen=True, kw_only=True):
    """Rows by what becomes of them: rows = new + changed + same + rejected, always.

    After undoing: new + changed = restored + changed_since + kept.
    """

    rows: int
    new: int
    changed: int
    same: int
    rejected: int
    restored: int
    changed_since: int
    kept: int


class Import(Struct, frozen=True, kw_only=True):
    """A sheet on its way in. `columns` are proposed until the state is `mapped`; `line` is how far
    the writing has come; `acts` are what can be done now. `expires` is "" once it was started.
    """

    id: uuid.UUID
    kind: str
    name: str
    digest: str
    size: int
    form: Form
    tabs: tuple[str, ...]
    header: tuple[str, ...]
    samples: tuple[tuple[str, ...], ...]
    first: tuple[tuple[str, ...], ...]
    columns: dict[str, Source]
    state: str
    mode: str
    counts: ImportCounts
    line: int
    trouble: str
    by: str
    made: str
    changed: str
    expires: str
    acts: tuple[str, ...]


class ImportPage(Struct, frozen=True, kw_only=True):
    """Imports, newest first; `next` is "" at the end."""

    items: tuple[Import, ...]
    next: str


class ImportRows(Struct, frozen=True, kw_only=True):
    """Rows of a sheet in their order; `next` is "" at the end."""

    items: tuple[SeenRow, ...]
    next: str


class ImportMode(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`all`: every row, or none if one cannot be taken; `good`: those that can be taken."""

    mode: Literal["all", "good"]


def show_kind(kind: Kind) -> ImportKind:
    return ImportKind(
        kind=kind.name,
        zh=kind.zh,
        en=kind.en,
        fields=tuple([show_field(kind, f) for f in kind.fields]),
    )


def show_field(kind: Kind, f: Field) -> ImportField:
    return ImportField(
        name=f.name,
        zh=f.zh,
        en=f.en,
        type=f.type,
        required=f.required,
        is_key=f.name in kind.key,
        units=tuple([ImportUnit(name=u.name, words=u.words) for u in f.units]),
        unit=f.unit,
        of=f.of,
    )


def show(s: Sheet) -> Import:
    counts = {o.word: s.counts.get(o.word, 0) for o in Outcome}
    try:
        header = s.header
    except InputError:
        header = ()
    return Import(
        id=s.id,
        kind=s.kind.name,
        name=s.name,
        digest=s.digest,
        size=s.size,
        form=s.form,
        tabs=s.tabs,
        header=header,
        samples=s.first[s.form.header_row : s.form.header_row + 5],
        first=s.first,
        columns=s.proposed,
        state=s.state,
        mode=s.mode,
        counts=ImportCounts(
            rows=sum(counts.values()),
            **counts,
            restored=s.counts.get("restored", 0),
            changed_since=s.counts.get("changed_since", 0),
            kept=s.counts.get("kept", 0),
        ),
        line=s.line,
        trouble=s.trouble,
        by=s.by,
        made=rfc3339(s.made_ms),
        changed=rfc3339(s.changed_ms),
        expires=rfc3339(s.expires_ms) if s.expires_ms else "",
        acts=_ACTS.get(s.state, ()),
    )
