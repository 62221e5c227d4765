"""The fact types of sheets that were brought in, of calendars, and of promises taken back."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("sheet.applied")
class SheetApplied(Struct, frozen=True, kw_only=True):
    """导入: the rows of a file of master data were written.

    `rows` = `added` + `changed` + `same` + `rejected`.
    `file` is the digest of its bytes, `columns` of what its columns were taken for, `content` of
    the rows as written.
    """

    added: int
    changed: int
    columns: str
    content: str
    file: str
    kind: str
    mode: str
    rejected: int
    rows: int
    same: int
    sheet: str


@fact_type("sheet.undone")
class SheetUndone(Struct, frozen=True, kw_only=True):
    """撤销导入: `restored` rows have the values from before; the others were changed since, or new
    with a number that stays. `content` is the digest of the rows as restored.
    """

    changed_since: int
    content: str
    kept: int
    kind: str
    restored: int
    sheet: str


@fact_type("promise.retired")
class PromiseRetired(Struct, frozen=True, kw_only=True):
    """停用承诺: new orders no longer carry the promise; orders that have it keep it."""

    code: str
    digest: str
    reason: str
    version: int


@fact_type("calendar.published")
class CalendarPublished(Struct, frozen=True, kw_only=True):
    """发布日历: a version of the merchant's own working days, made of `base` with `days` other."""

    base: str
    days: int
    digest: str
    id: str
    version: str
