"""Examples of the fact types of the data dictionary."""

from __future__ import annotations

from msgspec import Struct

from danshu.hub import dictionary_facts as dictionary

EXAMPLES: list[Struct] = [
    dictionary.AuthoritySet(field="weight_g", kind="skus", rule="authority", source="wms"),
    dictionary.ConflictSettled(
        field="weight_g", kept="520", key=("A1",), kind="skus", reason="复秤", source="wms"
    ),
]
