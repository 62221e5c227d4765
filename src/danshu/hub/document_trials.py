"""A template of documents is tried on an original that was read before, and published when it
knows its own sample.

What the sample showed was kept with the original: trying costs no model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from msgspec import Struct

from danshu.hub import document_templates, original_context, original_rows
from danshu.kernel.errors import InputError, Refusal
from danshu.ports import registry
from danshu.ports.modality import Original, Parsed

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping

    from danshu.hub.compose import Hub
    from danshu.hub.document_templates import DocumentTemplate, DocumentTemplateVersion
    from danshu.kernel.fact import Actor
    from danshu.ports.modality import Assessment, Candidate, Context, Modality, Span
    from danshu.ports.perceiver import Perception

Connection = Any
NOT_KNOWN: Final = Refusal(
    code="sample_not_known",
    reason="模板认不出自己的样本:特征词太少,或被别的模板抢先",
    reason_en="The template does not know its own sample: too few anchors, or another one fits too",
    clause="document_templates.sample",
)
NO_SAMPLE: Final = InputError("no_sample", "the sample has not been read as a document", "/sample")


class DocumentTrial(Struct, frozen=True, kw_only=True):
    """How a template reads an original: whether it knows it by its anchors, and what it reads."""

    known: bool
    parsed: Parsed


async def publish(
    hub: Hub,
    tenant: int,
    code: str,
    template: DocumentTemplate,
    *,
    seen: int,
    sample: uuid.UUID,
    actor: Actor,
) -> DocumentTemplateVersion | Refusal:
    """Publish the next version of a template after it knew its own sample among the others in use;
    `seen` is the version that was looked at, 0 = none. Raises InputError `no_sample`,
    `no_customer`, `too_many`.
    """
    trial = await attempt(hub, tenant, code, template, sample, among_others=True)
    if not trial.known:
        return NOT_KNOWN
    async with hub.connection() as connection:
        return await document_templates.add(
            connection, tenant, code, template, seen=seen, sample=sample, actor=actor
        )


class _Seen:
    """A context whose services are not asked again: what they saw of the sample is given."""

    def __init__(
        self, held: Context, seen: Perception, source: Mapping[str, str], templates: object
    ) -> None:
        self.source, self.now_ms = source, held.now_ms
        self._held, self._seen, self._templates = held, seen, templates

    async def perceive(
        self, kind: str, original: Original, hints: Mapping[str, object] | None = None
    ) -> Perception:
        """Give what was seen."""
        return self._seen

    def understand(self, text: str, pieces: tuple[Span, ...] = ()) -> Parsed:
        """Read words by the merchant's master data."""
        return self._held.understand(text, pieces)

    def resolve(self, kind: str, words: str, of: str = "") -> tuple[Candidate, ...]:
        """Find words in the merchant's master data."""
        return self._held.resolve(kind, words, of)

    def assess(self, device: str, seen: Perception) -> Assessment:
        """Compare what was measured with a device's own normal state."""
        return self._held.assess(device, seen)

    def look_up(self, kind: str, code: str) -> Mapping[str, object]:
        """Give a row; the templates are those of the trial."""
        if kind == "template":
            return {"templates": self._templates}
        return self._held.look_up(kind, code)


async def attempt(
    hub: Hub,
    tenant: int,
    code: str,
    template: DocumentTemplate,
    sample: uuid.UUID,
    *,
    among_others: bool = False,
) -> DocumentTrial:
    """Read an original by a template, published or not. `known` says that its anchors are there,
    and with `among_others` that no template in use fits as well. Raises InputError.
    """
    lent = document_templates.lend(code, 0, template)
    world = await hub.worlds.ensure(tenant)
    async with hub.connection() as connection:
        row = await original_rows.find(connection, tenant, sample)
        parsed = await original_rows.read_parsed(connection, tenant, sample)
        seen = [p for p in parsed.perceptions if p.kind == "document"] if parsed else []
        if not seen:
            raise NO_SAMPLE
        held = await original_context.lend(hub, connection, world, row.source, hub.clock())
        others = [t for t in await document_templates.load(connection, tenant) if t["code"] != code]
    if template.customer and not held.resolve("customer", template.customer):
        raise InputError("no_customer", "no customer has this code", "/template/customer")
    photo = cast("Modality", registry.load("modality", "photo"))
    source = {n: v for n, v in row.source.items() if n != "template"}
    # What its bytes showed is known; the plug-in looks at no byte itself
    original = Original(body=b"", media_type=row.media_type, digest=row.digest, name=row.name)
    rivals = [lent, *others] if among_others else [lent]
    by_anchor = await photo.parse(original, cast("Context", _Seen(held, seen[0], source, rivals)))
    known = lent["digest"] in by_anchor.models
    if known:
        return DocumentTrial(known=True, parsed=by_anchor)
    named = {**source, "template": code}
    forced = await photo.parse(original, cast("Context", _Seen(held, seen[0], named, [lent])))
    return DocumentTrial(known=False, parsed=forced)
