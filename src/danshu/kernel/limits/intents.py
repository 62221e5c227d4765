"""Limits of intent graphs and of gauges that are read by a fixed camera."""

from __future__ import annotations

from typing import Final

# A merchant's intent graph, canonical, and as Turtle; nodes of each kind; links and spellings of
# a node; versions; characters of a title and of a regulation's text
INTENT_BYTES: Final = 65_535
INTENT_TURTLE_BYTES: Final = 262_144
INTENT_NODES: Final = 500
INTENT_LINKS: Final = 32
INTENT_VERSIONS: Final = 500
INTENT_TITLE_CHARS: Final = 100
INTENT_TEXT_CHARS: Final = 2_000
# Rules that follow from a graph: symptom by regulation by equipment
INTENT_RULES: Final = 10_000
# Symptoms that one decision takes; words of which symptoms and actions are looked for
INTENT_SYMPTOMS: Final = 16
INTENT_WORDS_CHARS: Final = 2_000
# A SPARQL query of the page, its time and its rows; an errand that checks a graph and its memory
INTENT_QUERY_CHARS: Final = 4_000
INTENT_QUERY_MS: Final = 2_000
INTENT_QUERY_ROWS: Final = 500
INTENT_CHECK_MS: Final = 20_000
INTENT_MEMORY_BYTES: Final = 1_073_741_824
# Gauges that fixed cameras see, a merchant
GAUGES: Final = 1_000
