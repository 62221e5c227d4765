"""Policies that are shipped to begin from, each with the cases that it is held to."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

import msgspec
from msgspec import Struct

from danshu.capabilities.routing.policy.model import (
    INTERCEPT,
    ROUTING,
    Case,
    Graph,
    PolicyKind,
    PolicySet,
)

CODES = (
    "rainstorm", "lockdown", "overload", "cold_evidence", "promotion", "negotiate",
    "address_risk", "abnormal_price", "abnormal_quantity", "blacklist", "test_order",
)  # fmt: skip


class Template(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of data/policy_templates: what it is for, its graphs and cases."""

    code: str
    zh: str
    en: str
    purpose_zh: str
    purpose_en: str
    graphs: tuple[Graph, ...]
    cases: tuple[Case, ...]
    kind: PolicyKind = ROUTING

    def policy(self) -> PolicySet:
        """Give the template as a set of its own."""
        return PolicySet(graphs=self.graphs, cases=self.cases, kind=self.kind)


def all_intercepts() -> PolicySet:
    """Give the five families of intercept rules as one set."""
    mine = [each for each in shipped() if each.kind == INTERCEPT]
    return PolicySet(
        graphs=tuple(graph for each in mine for graph in each.graphs),
        cases=tuple(case for each in mine for case in each.cases),
        kind=INTERCEPT,
    )


@lru_cache(maxsize=1)
def shipped() -> tuple[Template, ...]:
    """Read the templates, in the order of CODES."""
    folder = resources.files("danshu") / "data" / "policy_templates"
    return tuple(
        msgspec.json.decode((folder / f"{code}.json").read_bytes(), type=Template) for code in CODES
    )
