"""What is asked and shown of files of assets."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from msgspec import Meta, Struct

from danshu.capabilities.protection.model import (
    Basis,
    ExportNeed,
    Form,
    Mechanism,
    Purpose,
    Strength,
)
from danshu.faces.http.data_gates import AssetName, ColumnName
from danshu.faces.http.placing import PLAIN
from danshu.hub.asset_request_rows import Wish
from danshu.hub.export_files import Format
from danshu.kernel.limits import PRIVACY_ONCE_MILLE

Why = Annotated[str, Meta(min_length=1, max_length=200, pattern=PLAIN)]
Code = Annotated[str, Meta(max_length=64, pattern=PLAIN)]


class AssetExportAsked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is wanted of an asset as a file, for which purpose and why.

    `act` share gives it to the `recipient`, in `country`, on a `basis` of law; `mechanism` with its
    number carries it over the border. `noise_mille` publishes counts of people with noise for
    that epsilon (thousandths). `where` keeps cells of one value of a grain column.
    """

    asset: AssetName
    purpose: Purpose
    why: Why
    act: Literal["export", "share"] = "export"
    form: Form = "cells"
    file: Format = "csv"
    columns: Annotated[tuple[ColumnName, ...], Meta(max_length=64)] = ()
    where: Annotated[dict[str, str | int], Meta(max_length=8)] = {}
    lang: Literal["zh-CN", "en"] = "zh-CN"
    recipient: Code = ""
    country: Annotated[str, Meta(pattern="^[A-Z]{2}$")] = "CN"
    basis: Basis = ""
    mechanism: Mechanism = ""
    mechanism_no: Code = ""
    is_exempt: bool = False
    generalise: bool = False
    noise_mille: Annotated[int, Meta(ge=0, le=PRIVACY_ONCE_MILLE)] = 0


class ApprovalShown(Struct, frozen=True, kw_only=True):
    """A step that somebody agreed to."""

    step: str
    by: str


class AssetExportShown(Struct, frozen=True, kw_only=True):
    """A request. `state`: waiting, started, made, refused, failed. `needs` is what is still wanted;
    `code` and `clause` why it was refused. `can`: approve, refuse, withdraw, download.
    """

    id: uuid.UUID
    asset: str
    act: str
    form: str
    file: str
    purpose: str
    why: str
    columns: tuple[str, ...]
    recipient: str
    country: str
    state: str
    asked_by: str
    created: str
    decided: str
    needs: tuple[ExportNeed, ...]
    code: str
    clause: str
    note: str
    border: str
    level: int
    people: int
    strength: Strength | None
    approvals: tuple[ApprovalShown, ...]
    job: uuid.UUID | None
    can: tuple[str, ...]


class AssetExportPage(Struct, frozen=True, kw_only=True):
    """Requests, the newest first; `next` is "" at the end."""

    items: tuple[AssetExportShown, ...]
    next: str


class ExportNote(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to say beside an approval."""

    note: Annotated[str, Meta(max_length=200, pattern=PLAIN)] = ""


class AssetPreview(Struct, frozen=True, kw_only=True):
    """The first rows of a file as they would leave: masked, generalised, thinned."""

    columns: tuple[str, ...]
    masked: tuple[str, ...]
    rows: tuple[tuple[str | int | None, ...], ...]
    people: int
    left_out: int
    strength: Strength | None
    levels: dict[str, int]


def wish_of(data: AssetExportAsked) -> Wish:
    """Give the wish of a request's body."""
    return Wish(
        asset=data.asset,
        act=data.act,
        form=data.form,
        file=data.file,
        purpose=data.purpose,
        why=data.why,
        columns=data.columns,
        where=data.where,
        lang=data.lang,
        recipient=data.recipient,
        country=data.country,
        basis=data.basis,
        mechanism=data.mechanism,
        mechanism_no=data.mechanism_no,
        is_exempt=data.is_exempt,
        generalise=data.generalise,
        noise_mille=data.noise_mille,
    )
