"""Limits of the agent: what it looks at and what it may leave waiting."""

from __future__ import annotations

from typing import Final

AGENT_DRAFTS: Final = 200
"""Drafts that are taken of a skill each time it looks, the best first."""

AGENT_VIEW_ROWS: Final = 2_000
"""Rows of a view that a skill is given."""

AGENT_OPEN: Final = 2_000
"""Proposals of a merchant that wait or are being carried out."""

AGENT_KEY_CHARS: Final = 200
"""Characters of a draft's key."""

AGENT_TITLE_CHARS: Final = 200
"""Characters of a draft's title in a language."""

AGENT_TEXT_CHARS: Final = 1_000
"""Characters of a reason, a note or a quotation."""

AGENT_CITES: Final = 400
"""Citations of a proposal, in all its reasons."""

AGENT_EVIDENCE_BYTES: Final = 131_072
"""Bytes of a proposal's evidence: reasons, alternatives and the chart."""

AGENT_PARAMETER_BYTES: Final = 16_384
"""Bytes of a proposal's parameters."""

AGENT_WORTH_FEN: Final = 100_000_000_00
"""分 that an action may be said to bring, cost or lose; whoever says more is not believed."""

AGENT_LIFE_MS: Final = 30 * 86_400_000
"""Milliseconds that a proposal may wait at most."""

AGENT_SKILL_S: Final = 30
"""Seconds that a skill may think; its process is ended then."""

AGENT_SKILL_BYTES: Final = 1 << 31
"""Bytes of memory that a skill's process may take."""

AGENT_REST_S: Final = 3_600
"""Seconds that a skill rests after it failed; every failure in a row doubles it, up to a day."""

AGENT_LEASE_S: Final = 300
"""Seconds after which an act that was begun and not ended is taken up again."""

AGENT_TRIES: Final = 12
"""Times that an act is taken up again before it counts as failed."""

AGENT_DUE: Final = 50
"""Proposals that the room ends, carries out or measures in one step."""

AGENT_EARNED: Final = 20
"""Accepted and measured proposals after which a kind of action may become automatic, unless the
merchant asks for more."""
