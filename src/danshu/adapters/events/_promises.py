"""Promises, as several events tell them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class Pinned(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A promise that the order carries."""

    code: Annotated[str, Meta(description="Code of the promise.")]
    definition: Annotated[str, Meta(description="SHA-256 (hex) of its definition.")]
    due: Annotated[str, Meta(description='When it falls due (RFC 3339, UTC); "" not yet.')] = ""
    lang: Annotated[str, Meta(description="Language that the buyer was shown.")] = "zh"
    ship_by: Annotated[
        str, Meta(description='The platform\'s own deadline (RFC 3339, UTC); "" for none.')
    ] = ""
    started: Annotated[
        str, Meta(description='When its clock started (RFC 3339, UTC); "" 未起表.')
    ] = ""
    version: Annotated[int, Meta(description="Number of the version.")]


class Marked(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An event that a promise heard."""

    err_ms: Annotated[int, Meta(description="Bound on the error of the clock, milliseconds.")] = 0
    event: Annotated[str, Meta(description="Name of the event.")]
    occurred: Annotated[
        str, Meta(description="When it came about, as its source claims (RFC 3339, UTC).")
    ]
    recorded: Annotated[str, Meta(description="When the hub took it in (RFC 3339, UTC).")]
    self_declared: Annotated[
        bool, Meta(description="Whether it is the beneficiary's own word.")
    ] = False
    source: Annotated[str, Meta(description="Whose word it is.")] = ""
