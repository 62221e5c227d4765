"""Who does an action: a person with roles, certificates and what was lent to them, or a system."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final, Literal

import psycopg
from msgspec import Struct

from danshu.capabilities.contract.actions.catalogue import OUTSIDERS
from danshu.capabilities.contract.model import Texts
from danshu.capabilities.contract.performing.model import Doer
from danshu.hub import delegating, signing
from danshu.hub.timeline_words import ROLES, WORKS
from danshu.kernel.fact import Actor
from danshu.ledger import write

if TYPE_CHECKING:
    from danshu.capabilities.contract.actions.model import Action

Connection = psycopg.AsyncConnection[Any]
Outsider = Literal["", "system", "carrier", "buyer"]
# What roles and floor work are called where a refusal names them.
WORDS: Final = {
    code: Texts(zh=words.zh, en=words.en) for code, words in (*ROLES.items(), *WORKS.items())
} | {code: Texts(zh=named.zh, en=named.en) for code, named in OUTSIDERS.items()}
_CERTIFICATES: Final = "select code from certificates where tenant=%s and person=%s and until>=%s"


class By(Struct, frozen=True, kw_only=True):
    """Who asks: a person in a session, or a key that speaks as itself or for somebody outside.

    `person` is None for a key; then `outsider` says for whom it speaks and `source` names them.
    `tied` is what a challenge is bound to beside the act.
    """

    actor: Actor
    person: uuid.UUID | None = None
    roles: tuple[str, ...] = ()
    number: str = ""
    outsider: Outsider = ""
    source: str = ""

    @property
    def sub(self) -> str:
        """The subject that facts name: a third party by what it is, not by the key that told."""
        if self.outsider in ("carrier", "buyer"):
            return f"{self.outsider}:{self.source}"
        return self.actor.sub


class Standing(Struct, frozen=True, kw_only=True):
    """What is known of who asks, whatever the action: certificates, whether they can sign, and by
    action what was lent to them, as (giver, the giver's roles).
    """

    by: By
    certificates: tuple[str, ...] = ()
    can_sign: bool = False
    lent: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {}


async def look_up(connection: Connection, tenant: int, by: By, now_ms: int) -> Standing:
    """Look up who asks."""
    if by.person is None:
        return Standing(by=by)
    at = write.instant(now_ms * 1000)
    cursor = await connection.execute(_CERTIFICATES, (tenant, by.person, at))
    return Standing(
        by=by,
        certificates=tuple([code for (code,) in await cursor.fetchall()]),
        can_sign=await signing.has_passkey(connection, tenant, by.person),
        lent=await delegating.find(connection, tenant, by.person, now_ms),
    )


def seat(standing: Standing, action: Action) -> tuple[Doer, str]:
    """Give who does an action, and the role that they act in ("" when none of theirs will do).

    A right that was lent is used only where the person's own roles do not suffice.
    """
    by, wanted = standing.by, action.who.roles
    if by.person is None:
        role = by.outsider or "system"
        grade = "C" if role == "system" else "D"
        doer = Doer(sub=by.sub, roles=(role,), grade=grade)
        return doer, role if role in wanted else ""
    own = next((r for r in by.roles if r in wanted), "")
    giver, lent = "", ""
    if not own:
        for each, roles in standing.lent.get(action.action, ()):
            lent = next((r for r in roles if r in wanted), "")
            if lent:
                giver = each
                break
    doer = Doer(
        sub=by.sub,
        roles=by.roles,
        grade="A" if standing.can_sign else "B",
        certificates=standing.certificates,
        delegated_by=giver,
        lent=(lent,) if lent else (),
    )
    return doer, own or lent
