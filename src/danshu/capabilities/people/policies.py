"""Who may do what, by Cedar policies: the shipped ones and a merchant's own. Pure.

Nothing matches = no; a forbid beats every permit. The shipped texts and the schema are files in
danshu/data/policies; an action that the schema does not name is nobody's.
"""

from __future__ import annotations

import functools
import json
import re
from importlib import resources
from typing import Any, Final

import cedarpy
from msgspec import Struct

from danshu.kernel.errors import InputError
from danshu.kernel.limits import POLICIES, POLICY_BYTES

_FOLDER: Final = "policies"
_SCHEMA: Final = "danshu.cedarschema"
_ACTION: Final = re.compile(r'"([a-z_]+\.[a-z_]+)"')
_BAD_CHARS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
Context = dict[str, str | int]


class Principal(Struct, frozen=True, kw_only=True):
    """Who asks: kind Person or Key, and what policies may look at."""

    kind: str
    id: str
    name: str = ""
    number: str = ""
    roles: tuple[str, ...] = ()
    warehouses: tuple[str, ...] = ()


class Verdict(Struct, frozen=True, kw_only=True):
    """The answer, and the names (@id) of the policies that gave it."""

    allowed: bool
    reasons: tuple[str, ...] = ()


@functools.cache
def schema_text() -> str:
    """Read the schema."""
    return _read(_SCHEMA)


@functools.cache
def actions() -> tuple[str, ...]:
    """Name every action that can be asked about, in order."""
    text = re.sub(r"//[^\n]*", "", schema_text())
    return tuple(sorted(set(_ACTION.findall(text))))


@functools.cache
def shipped() -> dict[str, str]:
    """Read the shipped policies by name."""
    folder = resources.files("danshu") / "data" / _FOLDER
    names = sorted(f.name for f in folder.iterdir() if f.name.endswith(".cedar"))
    return {name.removesuffix(".cedar"): _read(name) for name in names}


def _read(name: str) -> str:
    return (resources.files("danshu") / "data" / _FOLDER / name).read_text("utf-8")


@functools.cache
def _schema() -> cedarpy.Schema:
    return cedarpy.Schema.from_str(schema_text())


def check(text: str) -> None:
    """Check a merchant's own policies against the schema. Raises InputError `bad_policy`."""
    if len(text.encode()) > POLICY_BYTES:
        raise InputError("too_large", f"policies are at most {POLICY_BYTES} bytes", "/text")
    if _BAD_CHARS.search(text):
        raise InputError("bad_policy", "a control character", "/text")
    try:
        parsed = json.loads(cedarpy.policies_to_json_str(text))
    except ValueError as error:
        raise InputError("bad_policy", str(error)[:2000], "/text") from error
    if len(parsed["staticPolicies"]) > POLICIES:
        raise InputError("bad_policy", f"at most {POLICIES} policies", "/text")
    if parsed["templates"]:
        raise InputError("bad_policy", "templates are not linked here", "/text")
    done = cedarpy.validate_policies(text, _schema())
    if not done.validation_passed:
        raise InputError("bad_policy", "; ".join(str(e) for e in done.errors)[:2000], "/text")


class Rules:
    """The shipped policies with a merchant's own, ready to be asked."""

    def __init__(self, own: str = "", *, texts: dict[str, str] | None = None) -> None:
        """`texts` replaces the shipped policies (tests).

        Raises InputError `bad_policy` for text that is none.
        """
        text = "\n".join([*(shipped() if texts is None else texts).values(), own])
        try:
            self._policies = cedarpy.PolicySet.from_str(text)
            parsed = json.loads(cedarpy.policies_to_json_str(text))
        except ValueError as error:
            raise InputError("bad_policy", str(error)[:2000], "/text") from error
        self._wanting = _wanting(parsed["staticPolicies"])
        self._text = text

    def names(self, id_: str) -> bool:
        """Tell whether the text speaks of one principal: by id, or by what only some share."""
        by_trait = ".number" in self._text or ".name" in self._text
        return by_trait or f'"{id_}"' in self._text

    def seat(self, principal: Principal, merchant: str) -> Seat:
        """Prepare a principal for questions."""
        return Seat(self._policies, self._wanting, principal, merchant)


class Seat:
    """A principal with the rules: what is asked of them is answered here."""

    def __init__(
        self,
        policies: cedarpy.PolicySet,
        wanting: frozenset[tuple[str, str]],
        principal: Principal,
        merchant: str,
    ) -> None:
        self.principal = principal
        self._policies = policies
        self._wanting = wanting
        self._merchant = merchant
        self._entities = cedarpy.Entities.from_json_str(json.dumps(_entities(principal)), _schema())

    def ask(self, action: str, context: Context) -> Verdict:
        """Answer one question; an action that nobody knows is a no."""
        return self._ask([action], context)[0]

    def granted(self, context: Context) -> frozenset[str]:
        """Give every action that is allowed in this context."""
        answers = self._ask(actions(), context)
        return frozenset(a for a, v in zip(actions(), answers, strict=True) if v.allowed)

    def settled(self, context: Context) -> frozenset[str]:
        """Give the actions that are allowed whatever the context: no policy on them looks at it."""
        return frozenset(a for a in self.granted(context) if not self.wants_context(a))

    def wants_context(self, action: str) -> bool:
        """Tell whether some policy about this action looks at the context."""
        kind = self.principal.kind
        return (kind, action) in self._wanting or (kind, "") in self._wanting

    def _ask(self, asked: tuple[str, ...] | list[str], context: Context) -> list[Verdict]:
        who = {"type": self.principal.kind, "id": self.principal.id}
        requests = [
            {
                "principal": who,
                "action": {"type": "Action", "id": action},
                "resource": {"type": "Merchant", "id": self._merchant},
                "context": {"tenant": self._merchant, **context},
            }
            for action in asked
        ]
        answers = cedarpy.is_authorized_batch(requests, self._policies, self._entities, _schema())
        return [_verdict(a) for a in answers]


def _verdict(answer: cedarpy.AuthzResult) -> Verdict:
    names = answer.diagnostics.id_annotations_by_reason
    reasons = tuple(sorted({str(names.get(r, r)) for r in answer.diagnostics.reasons}))
    return Verdict(allowed=answer.allowed, reasons=reasons)


def _entities(principal: Principal) -> list[dict[str, Any]]:
    attributes: dict[str, Any] = {"name": principal.name}
    if principal.kind == "Person":
        attributes = {"number": principal.number, "warehouses": list(principal.warehouses)}
    parents = [{"type": "Role", "id": role} for role in principal.roles]
    who = {"type": principal.kind, "id": principal.id}
    roles = [{"uid": parent, "attrs": {}, "parents": []} for parent in parents]
    return [{"uid": who, "attrs": attributes, "parents": parents}, *roles]


def _wanting(policies: dict[str, Any]) -> frozenset[tuple[str, str]]:
    """Name (kind, action) where some policy looks at the context; action "" stands for every one.

    Whoever reads a scope too widely asks once too often, never once too seldom.
    """
    known = set(actions())
    found: set[tuple[str, str]] = set()
    for policy in policies.values():
        if '"Var": "context"' not in json.dumps(policy["conditions"]):
            continue
        kind = policy["principal"].get("entity_type")
        kinds = (kind,) if policy["principal"]["op"] == "is" and kind else ("Person", "Key")
        scope = policy["action"]
        entities = scope.get("entities") or ([scope["entity"]] if "entity" in scope else [])
        names = [str(e["id"]) for e in entities]
        if not names or not known.issuperset(names):
            names = [""]
        found.update((k, n) for k in kinds for n in names)
    return frozenset(found)
