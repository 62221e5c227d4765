"""The fact types of contract actions: versions that are published and taken back."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("action.published")
class ActionPublished(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """发布契约动作: the version of an action type that holds from now on; its digest is that of its
    canonical bytes, `promise` that of the promise definition published with it.

    Nobody approved what comes with the hub: there `approved_by` is empty.
    """

    approved_by: str = ""
    code: str
    digest: str
    drafted_by: str
    promise: str = ""
    version: int


@fact_type("action.retired")
class ActionRetired(Struct, frozen=True, kw_only=True):
    """停用契约动作: nobody begins it any more; what was done and promised under it stays."""

    code: str
    digest: str
    reason: str
    version: int
