"""The fact types of the sentinel: what people did about findings, and the shops that are pulled."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("finding.handled")
class FindingHandled(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """处置异常: a person assigned, closed, suppressed or opened again a finding, and said why.

    `kind` and `subject` name it for ever, `no` on the pages; `act` is assign, close, suppress or
    reopen; `owner` the person's id (assign), `until` RFC 3339 (suppress).
    """

    act: str
    kind: str
    no: int
    owner: str = ""
    reason: str = ""
    subject: str
    until: str = ""


@fact_type("pull.changed")
class PullChanged(Struct, frozen=True, kw_only=True):
    """补单检查设置: a shop's orders are listed at its platform every so often, to find what is
    missing here (`state` connected); rests for now (resting), or is no more (disconnected). Its
    secrets are told by nothing.
    """

    adapter: str
    channel: str
    every_s: int
    is_sequence: bool
    shop: str
    state: str
    url: str
