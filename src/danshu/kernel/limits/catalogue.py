"""Limits of the catalogue of assets and of questions in business words."""

from __future__ import annotations

from typing import Final

# Characters of a question; names of master data that one may name, of each kind; merchants whose
# words a process keeps ready; rows of an answer; questions without an answer that are kept
QUESTION_CHARS: Final = 200
QUESTION_VALUES: Final = 5_000
QUESTION_MERCHANTS: Final = 32
QUESTION_ROWS: Final = 50
UNANSWERED: Final = 1_000
# Assets that a merchant registers or says something of; of one: characters of what is said, tags,
# questions that it answers, columns
CATALOGUE_ENTRIES: Final = 2_000
CATALOGUE_CHARS: Final = 2_000
CATALOGUE_TAGS: Final = 20
CATALOGUE_QUESTIONS: Final = 20
CATALOGUE_COLUMNS: Final = 200
