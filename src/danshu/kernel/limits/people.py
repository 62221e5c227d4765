"""Limits of people, their keys and their attempts."""

from __future__ import annotations

from typing import Final

# Callers that a process remembers, and for how long a revoked key may live on in another process
CALLERS: Final = 4_096
CALLER_S: Final = 30

# People and how they prove themselves
PEOPLE: Final = 2_000
PERSON_WAREHOUSES: Final = 64
PERSON_PASSKEYS: Final = 10
PERSON_SESSIONS: Final = 20
LOGIN_CHARS: Final = 200
PASSWORD_CHARS_MIN: Final = 10
PASSWORD_CHARS: Final = 128
RECOVERY_CODES: Final = 10
AGENT_CHARS: Final = 200
SESSION_IDLE_S: Final = 28_800
SESSION_S: Final = 604_800
SESSION_SEEN_S: Final = 60
PROOF_S: Final = 600
CHALLENGE_S: Final = 300
CHALLENGES: Final = 10_000
INVITATION_S: Final = 604_800
LINK_S: Final = 600

# Attempts to sign in: free ones, then growing delays; passwords checked at once, and waiting
ATTEMPTS_KEPT: Final = 10_000
ATTEMPTS_FORGET_S: Final = 3_600
ATTEMPTS_PAIR: Final = 5
ATTEMPTS_PAIR_S: Final = 900
ATTEMPTS_LOGIN: Final = 50
ATTEMPTS_LOGIN_S: Final = 10
ATTEMPTS_ADDRESS: Final = 30
ATTEMPTS_ADDRESS_S: Final = 60
ATTEMPTS_CODE: Final = 5
ATTEMPTS_CODE_S: Final = 300
PASSWORDS_AT_ONCE: Final = 2
PASSWORDS_WAITING: Final = 32

# Policies of a merchant, its OpenID provider
POLICY_BYTES: Final = 65_536
POLICIES: Final = 200
OIDC_BYTES: Final = 262_144
OIDC_TIMEOUT_S: Final = 5
OIDC_KEYS_S: Final = 300
OIDC_DOMAINS: Final = 20
OIDC_MAPPINGS: Final = 50
