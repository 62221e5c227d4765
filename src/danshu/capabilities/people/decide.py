"""What may be done to a person, and what their facts make of them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from danshu.capabilities.people import facts
from danshu.capabilities.people.model import ACTIVE, DISABLED, INVITED, Person
from danshu.kernel.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from msgspec import Struct

DISABLED_PERSON: Final = Refusal(
    code="person_disabled",
    reason="此人已停用",
    reason_en="This person is disabled",
    clause="people.state",
)
LAST_ADMIN: Final = Refusal(
    code="last_admin",
    reason="至少要留一位在用的管理员",
    reason_en="At least one active admin must remain",
    clause="people.last_admin",
)
LAST_WAY_IN: Final = Refusal(
    code="last_way_in",
    reason="这是最后一种登录方式,先添加另一种",
    reason_en="This is the last way to sign in; add another one first",
    clause="people.last_way_in",
)
JOINED: Final = Refusal(
    code="joined",
    reason="此人已加入,不再需要邀请",
    reason_en="This person has joined already",
    clause="people.state",
)
CODES_REQUIRED: Final = Refusal(
    code="codes_required",
    reason="商户要求密码加动态码,不能停用动态码",
    reason_en="The merchant requires a code beside the password",
    clause="people.totp",
)


def invite(
    named: str, number: str, roles: tuple[str, ...], warehouses: tuple[str, ...]
) -> list[Struct]:
    """Invite somebody new."""
    return [
        facts.PersonInvited(named=named, number=number, roles=roles, warehouses=warehouses),
    ]


def join(person: Person, by: str) -> list[Struct] | Refusal:
    """Accept an invitation by whatever way in; who has joined already says nothing new."""
    if person.state == DISABLED:
        return DISABLED_PERSON
    return [facts.PersonJoined(by=by)] if person.state == INVITED else []


def change(
    person: Person,
    named: str,
    number: str,
    roles: tuple[str, ...],
    warehouses: tuple[str, ...],
    *,
    other_admins: int,
) -> list[Struct] | Refusal:
    """Change name, number, roles and warehouses; `other_admins` are the active ones beside them."""
    if loses_admin(person, roles) and not other_admins:
        return LAST_ADMIN
    told = facts.PersonChanged(named=named, number=number, roles=roles, warehouses=warehouses)
    same = (person.named, person.number, person.roles, person.warehouses)
    return [] if same == (named, number, roles, warehouses) else [told]


def disable(person: Person, reason: str, *, other_admins: int) -> list[Struct] | Refusal:
    """Disable a person; once is enough."""
    if person.state == DISABLED:
        return []
    if loses_admin(person, ()) and not other_admins:
        return LAST_ADMIN
    return [facts.PersonDisabled(reason=reason)]


def enable(person: Person, reason: str) -> list[Struct]:
    """Let a disabled person act again."""
    return [facts.PersonEnabled(reason=reason)] if person.state == DISABLED else []


def loses_admin(person: Person, roles: tuple[str, ...]) -> bool:
    """Tell whether an active admin would be one no more."""
    return person.state == ACTIVE and "admin" in person.roles and "admin" not in roles


def remove_passkey(
    person: Person, credential: str, *, has_provider: bool
) -> list[Struct] | Refusal:
    """Remove a passkey, unless nothing else would let the person in."""
    others = [c for c in person.passkeys if c != credential]
    if not others and not person.password and not has_provider:
        return LAST_WAY_IN
    return [facts.PasskeyRemoved(credential=credential)]


def evolve(person: Person, told: Iterable[Struct]) -> Person:
    """Fold facts into a person; the first fact of all is told by `begin`."""
    for fact in told:
        person = _evolve(person, fact)
    return person


def begin(told: facts.PersonInvited) -> Person:
    """Give the person that an invitation begins."""
    return Person(
        named=told.named, number=told.number, roles=told.roles, warehouses=told.warehouses
    )


def _evolve(person: Person, fact: Struct) -> Person:
    match fact:
        case facts.PersonChanged():
            return replace(
                person,
                named=fact.named,
                number=fact.number,
                roles=fact.roles,
                warehouses=fact.warehouses,
            )
        case facts.PersonJoined():
            return replace(person, state=ACTIVE, joined=True)
        case facts.PersonDisabled():
            return replace(person, state=DISABLED)
        case facts.PersonEnabled():
            return replace(person, state=ACTIVE if person.joined else INVITED)
        case facts.PasswordSet():
            return replace(person, password=True)
        case facts.PasskeyAdded():
            return replace(person, passkeys=(*person.passkeys, fact.credential))
        case facts.PasskeyRemoved():
            rest = tuple([c for c in person.passkeys if c != fact.credential])
            return replace(person, passkeys=rest)
        case facts.TotpEnrolled():
            return replace(person, totp=True)
        case facts.TotpRemoved():
            return replace(person, totp=False)
    return person
