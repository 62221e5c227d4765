"""Limits of the order COE: goals, backlog, experiments, reviews."""

from __future__ import annotations

from typing import Final

# Goals of a merchant that hold; items of the backlog that are open or being done
COE_GOALS: Final = 200
COE_ITEMS: Final = 2_000
# Characters of a title, of what is said of it
COE_TITLE_CHARS: Final = 120
COE_TEXT_CHARS: Final = 1_000
# Sentences of a section of a review, things that a sentence cites; branches of a tree
COE_SENTENCES: Final = 12
COE_CITES: Final = 5
COE_BRANCHES: Final = 40
# Notes of a review; versions of one that are kept
COE_NOTES: Final = 200
COE_VERSIONS: Final = 100
# Weeks that the curve of a review goes back
COE_WEEKS: Final = 8
# Points of an experiment's curve; guardrails; orders that it counts, the newest; seconds between
# two looks at it
COE_TRIAL_POINTS: Final = 200
COE_GUARDRAILS: Final = 4
COE_TRIAL_ORDERS: Final = 200_000
COE_LOOK_S: Final = 600
