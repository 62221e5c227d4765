"""The fact types of the data dictionary."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("authority.set")
class AuthoritySet(Struct, frozen=True, kw_only=True):
    """设定权威系统: whose word holds for a field of a kind of master data, and by which rule;
    `source` and `rule` are "" where none is set any more.
    """

    field: str
    kind: str
    rule: str
    source: str


@fact_type("conflict.settled")
class ConflictSettled(Struct, frozen=True, kw_only=True):
    """裁定冲突: a person chose what holds for one field of one row. `key` names the row; `kept` is
    the value that holds, `source` the system whose word it is.
    """

    field: str
    kept: str
    key: tuple[str, ...]
    kind: str
    reason: str
    source: str
