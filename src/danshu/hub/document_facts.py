"""The fact types of templates of documents."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("document_template.published")
class DocumentTemplatePublished(Struct, frozen=True, kw_only=True):
    """单据模板发布: from now on documents of this layout are read by it. `digest` is the
    SHA-256 (hex) of the version's bytes, `sample` the original that it was trained and tried on.
    """

    code: str
    digest: str
    sample: str
    version: int


@fact_type("document_template.retired")
class DocumentTemplateRetired(Struct, frozen=True, kw_only=True):
    """单据模板停用: its documents are read by the general reader again."""

    code: str
    version: int
