"""Who may do what: the policies in force, a draft tried dry, versions published."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from danshu.capabilities.people import policies as texts
from danshu.capabilities.people.policies import Context, Principal, Rules
from danshu.faces.http import problems
from danshu.faces.http.auth import Keyring
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    only_json,
    respond,
)
from danshu.hub import rights, ruling
from danshu.hub.fields import PLAIN
from danshu.kernel.errors import Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import AMOUNT_MINOR, POLICY_BYTES, SKU_CHARS

_CONTEXTS: Final = 8
Text = Annotated[str, Meta(max_length=POLICY_BYTES, description="Cedar policies")]
Note = Annotated[str, Meta(max_length=200, pattern=PLAIN)]
Amount = Annotated[int | None, QueryParameter(ge=0, le=AMOUNT_MINOR)]
Place = Annotated[str | None, QueryParameter(max_length=SKU_CHARS)]


class ShippedPolicy(Struct, frozen=True, kw_only=True):
    """A file of policies that comes with Danshu: one a role, one for everybody, one for keys."""

    name: str
    text: str


class PolicyVersion(Struct, frozen=True, kw_only=True):
    """A version of the merchant's own policies; the highest is in force."""

    version: int
    digest: Annotated[str, Meta(description="SHA-256 of the text, hex")]
    note: str
    made: str
    number: str
    name: str


class Policies(Struct, frozen=True, kw_only=True):
    """What is in force: the shipped policies and version `version` of the merchant's own."""

    version: int
    text: str
    shipped: tuple[ShippedPolicy, ...]
    schema_text: str
    actions: tuple[str, ...]
    versions: Annotated[tuple[PolicyVersion, ...], Meta(description="newest first, 50 at most")]


class PolicyText(Struct, frozen=True, kw_only=True):
    """The text of one version."""

    version: int
    text: str


class SampleContext(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Circumstances to ask under; what is left out is not known."""

    amount_fen: Annotated[int, Meta(ge=0, le=AMOUNT_MINOR)] | None = None
    warehouse: Annotated[str, Meta(max_length=SKU_CHARS, pattern=PLAIN)] | None = None
    channel: Annotated[str, Meta(max_length=64, pattern=PLAIN)] | None = None


class PolicyDraft(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A text to try. `contexts` are asked beside the one in which nothing is known."""

    text: Text
    contexts: Annotated[tuple[SampleContext, ...], Meta(max_length=_CONTEXTS)] = ()


class PolicySubject(Struct, frozen=True, kw_only=True):
    """A person or a key."""

    kind: Annotated[str, Meta(description="person or key")]
    id: str
    number: str
    name: str
    roles: tuple[str, ...]
    warehouses: tuple[str, ...]


class PolicyShift(Struct, frozen=True, kw_only=True):
    """What somebody would gain and lose."""

    who: PolicySubject
    gains: tuple[str, ...]
    losses: tuple[str, ...]


class DryRun(Struct, frozen=True, kw_only=True):
    """What a draft would change, compared with what is in force. `locks_out`: the own access."""

    shifts: tuple[PolicyShift, ...]
    unchanged: int
    locks_out: bool


class Entitlement(Struct, frozen=True, kw_only=True):
    """Whether somebody may, and by which policies (their @id)."""

    who: PolicySubject
    allowed: bool
    needs_proof: bool
    reasons: tuple[str, ...]


class Entitlements(Struct, frozen=True, kw_only=True):
    """Who may do an action."""

    action: str
    items: tuple[Entitlement, ...]


class NewPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A text to publish upon version `base`; empty text = the shipped policies alone."""

    text: Text
    note: Note = ""
    base: Annotated[int, Meta(ge=0, le=1_000_000)]


class PublishedPolicy(Struct, frozen=True, kw_only=True):
    """The version that is in force from now on."""

    version: int


def _who(subject: ruling.Subject) -> PolicySubject:
    principal = subject.principal
    return PolicySubject(
        kind=principal.kind.lower(),
        id=principal.id,
        number=principal.number,
        name=subject.name,
        roles=principal.roles,
        warehouses=principal.warehouses,
    )


def _context(sample: SampleContext) -> Context:
    known = {
        "amount_fen": sample.amount_fen,
        "warehouse": sample.warehouse,
        "channel": sample.channel,
    }
    return {name: value for name, value in known.items() if value is not None}


@get(
    "/v1/policies",
    operation_id="readPolicies",
    tags=["policies"],
    responses=READ_PROBLEMS,
    guards=[may("policy.read")],
)
async def read_policies(request: Request[Any, Any, Any]) -> Policies:
    """Read what is in force."""
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        listed = await ruling.versions(connection, tenant, 0, 50)
        version = listed[0].version if listed else 0
        text = await ruling.text_of(connection, tenant, version)
    return Policies(
        version=version,
        text=text,
        shipped=tuple(ShippedPolicy(name=n, text=t) for n, t in texts.shipped().items()),
        schema_text=texts.schema_text(),
        actions=texts.actions(),
        versions=tuple(
            [
                PolicyVersion(
                    version=v.version,
                    digest=v.digest,
                    note=v.note,
                    made=rfc3339(int(v.made.timestamp() * 1000)),
                    number=v.number,
                    name=v.name,
                )
                for v in listed
            ]
        ),
    )


@get(
    "/v1/policies/versions/{version:int}",
    operation_id="readPolicyVersion",
    tags=["policies"],
    responses=READ_PROBLEMS,
    guards=[may("policy.read")],
)
async def read_policy_version(
    version: FromPath[int], request: Request[Any, Any, Any]
) -> PolicyText:
    """Read the text of a version."""
    if not 0 <= version < 2**31:
        raise ruling.NO_POLICY
    async with hub_of(request).connection() as connection:
        text = await ruling.text_of(connection, held_of(request).tenant, version)
    return PolicyText(version=version, text=text)


@get(
    "/v1/policies/who",
    operation_id="askWhoMay",
    tags=["policies"],
    responses=READ_PROBLEMS,
    guards=[may("policy.read")],
)
async def ask_who_may(
    request: Request[Any, Any, Any],
    action: Annotated[str, QueryParameter(min_length=1, max_length=64)],
    amount_fen: Amount = None,
    warehouse: Place = None,
    channel: Place = None,
) -> Entitlements:
    """Answer "who could do X?", under circumstances where some are given."""
    held = held_of(request)
    sample = SampleContext(amount_fen=amount_fen, warehouse=warehouse, channel=channel)
    async with hub_of(request).connection() as connection:
        version = await rights.newest(connection, held.tenant)
        rules = Rules(await ruling.text_of(connection, held.tenant, version))
        asked = await ruling.subjects(connection, held.tenant)
    merchant = held.caller.merchant
    answers = await ruling.who_may(rules, merchant, asked, action, _context(sample))
    return Entitlements(
        action=action,
        items=tuple(
            [
                Entitlement(
                    who=_who(a.subject),
                    allowed=a.allowed,
                    needs_proof=a.needs_proof,
                    reasons=a.reasons,
                )
                for a in answers
            ]
        ),
    )


@post(
    "/v1/policies:dry-run",
    operation_id="tryPolicies",
    tags=["policies"],
    responses=PROBLEMS,
    status_code=200,
    guards=[may("policy.read"), only_json],
)
async def try_policies(data: JSONBody[PolicyDraft], request: Request[Any, Any, Any]) -> DryRun:
    """Tell who would gain or lose what by a draft; nothing is changed. 422 `bad_policy`."""
    held = held_of(request)
    texts.check(data.text)
    after = Rules(data.text)
    async with hub_of(request).connection() as connection:
        version = await rights.newest(connection, held.tenant)
        before = Rules(await ruling.text_of(connection, held.tenant, version))
        asked = await ruling.subjects(connection, held.tenant)
    merchant = held.caller.merchant
    contexts: list[Context] = [{}, *(_context(c) for c in data.contexts)]
    shifts = await ruling.compare(merchant, asked, before, after, contexts)
    return DryRun(
        shifts=tuple(
            [PolicyShift(who=_who(s.subject), gains=s.gains, losses=s.losses) for s in shifts]
        ),
        unchanged=len(asked) - len(shifts),
        locks_out=ruling.locks_out(after, _principal(request), merchant),
    )


def _principal(request: Request[Any, Any, Any]) -> Principal:
    return held_of(request).seated.seat.principal


@post(
    "/v1/policies",
    operation_id="publishPolicies",
    tags=["policies"],
    responses=PROBLEMS,
    guards=[may("policy.write"), only_json],
)
async def publish_policies(
    data: JSONBody[NewPolicy], request: Request[Any, Any, Any]
) -> Response[PublishedPolicy]:
    """Publish the merchant's own policies; 409 `stale_policy`, `locked_out`."""
    held = held_of(request)
    keyring: Keyring = request.app.state.keyring
    async with hub_of(request).connection() as connection:
        done = await ruling.publish(
            connection,
            held.tenant,
            held.caller.merchant,
            _principal(request),
            held.actor,
            held.session.row.id if held.session else None,
            data.text,
            data.note,
            data.base,
        )
    if isinstance(done, Refusal):
        return respond(problems.of(done))
    keyring.forget(held.tenant)
    return Response(PublishedPolicy(version=done), status_code=201)


ROUTES: Final = [
    read_policies,
    read_policy_version,
    ask_who_may,
    try_policies,
    publish_policies,
]
