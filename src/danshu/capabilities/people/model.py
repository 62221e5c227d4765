"""People: who works for a merchant, in which roles, and how they prove that it is them."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

# From the most to the least trusted with others' things; the first that a person has is the role
# that their acts name.
ROLES: Final = (
    "admin",
    "legal",
    "policy",
    "finance",
    "sre",
    "steward",
    "planner",
    "reviewer",
    "warehouse",
    "service",
)
Role = Literal[
    "admin",
    "legal",
    "policy",
    "finance",
    "sre",
    "steward",
    "planner",
    "reviewer",
    "warehouse",
    "service",
]
INVITED: Final = "invited"
ACTIVE: Final = "active"
DISABLED: Final = "disabled"


class Person(Struct, frozen=True, kw_only=True):
    """A person as their facts say. `warehouses` empty means all; `named` commits to name and login.

    `passkeys` are SHA-256 digests (hex) of credential ids, in the order in which they were added.
    """

    joined: bool = False
    named: str
    number: str
    passkeys: tuple[str, ...] = ()
    password: bool = False
    roles: tuple[str, ...]
    state: str = INVITED
    totp: bool = False
    warehouses: tuple[str, ...] = ()

    @property
    def role(self) -> str:
        """The role that their acts name; "" without any."""
        return next((r for r in ROLES if r in self.roles), "")


class Preferences(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a person likes to see the console; kept on the server, so each device shows the same."""

    locale: Literal["zh-CN", "en"] = "zh-CN"
    theme: Literal["light", "dark", "auto"] = "auto"
    density: Literal["loose", "compact", "dense"] = "compact"
    single_keys: bool = True
