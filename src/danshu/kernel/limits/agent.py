"""Limits of the agent: what it looks at and what it may leave waiting."""

from __future__ import annotations

from typing import Final

AGENT_DRAFTS: Final = 200
"""Drafts that are taken of a skill each time it looks, the best first."""

AGENT_VIEW_ROWS: Final = 2_000
"""Rows of a view that a skill is given."""
