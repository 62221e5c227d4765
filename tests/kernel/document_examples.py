"""Examples of the fact types of templates of documents."""

from __future__ import annotations

from msgspec import Struct

from danshu.hub import document_facts as facts

EXAMPLES: list[Struct] = [
    facts.DocumentTemplatePublished(
        code="WC-PO",
        digest="c7" * 32,
        sample="019aa9d3-6b80-7000-8000-00000000000c",
        version=2,
    ),
    facts.DocumentTemplateRetired(code="WC-PO", version=2),
]
