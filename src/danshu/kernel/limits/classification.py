"""Limits of classification: how much is looked at, how much is answered at once."""

from __future__ import annotations

from typing import Final

# A look: values of a column, messages of each kind, bytes of a message, paths of a kind of
# message, values of a path, rows of facts; memory of its database
CLASSIFY_VALUES: Final = 300
CLASSIFY_MESSAGES: Final = 300
CLASSIFY_MESSAGE_BYTES: Final = 65_536
CLASSIFY_PATHS: Final = 400
CLASSIFY_PATH_VALUES: Final = 100
CLASSIFY_FACTS: Final = 1_000
CLASSIFY_MB: Final = 256
# Fields that one answer of a steward covers; characters of a field's name
CLASSIFY_ANSWERS: Final = 500
CLASSIFY_FIELD_CHARS: Final = 300
