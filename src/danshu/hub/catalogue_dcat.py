"""The catalogue as DCAT 3 (W3C Recommendation, 2024-08-22), in the profile DCAT-AP 3.0: its
datasets with their ways in, who answers for them, how good and how sensitive they are, and what
licences allow (ODRL 2.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from danshu.hub.asset_catalogue import CatalogueEntry

_EU: Final = "http://publications.europa.eu/resource/authority/"
_LANGUAGES: Final = ("ZHO", "ENG")
_DQV: Final = "http://www.w3.org/ns/dqv#"
_VCARD: Final = "http://www.w3.org/2006/vcard/ns#"
# How often, at most so many seconds apart: the authority table `frequency`.
_FREQUENCIES: Final = (
    (300, "UPDATE_CONT"),
    (5_400, "HOURLY"),
    (129_600, "DAILY"),
    (907_200, "WEEKLY"),
    (3_196_800, "MONTHLY"),
)
_ACCESS: Final = {1: "PUBLIC", 2: "RESTRICTED"}


class Offered(Struct, frozen=True, kw_only=True):
    """A licence in force: on which asset, for which purpose, until which day (ISO 8601)."""

    no: int
    asset: str
    purpose: str
    until: str
    resale: bool


class Merchant(Struct, frozen=True, kw_only=True):
    """Whose catalogue it is, and where it is found (https://host, without a final slash)."""

    code: str
    name: str
    base: str


def write(
    merchant: Merchant, entries: Sequence[CatalogueEntry], offers: Iterable[Offered], form: str
) -> bytes:
    """Write the catalogue; `form` is `turtle` or `json-ld`. Loads rdflib, so it is called in a
    thread.
    """
    graph = draw(merchant, entries, offers)
    told: str = graph.serialize(format=form, **({"indent": 1} if form == "json-ld" else {}))
    return told.encode()


def draw(merchant: Merchant, entries: Sequence[CatalogueEntry], offers: Iterable[Offered]) -> Any:
    """Draw the graph (rdflib.Graph)."""
    return _Drawing(merchant).whole(entries, list(offers))


class _Drawing:
    """One graph in the making."""

    def __init__(self, merchant: Merchant) -> None:
        from rdflib import Graph, Namespace, URIRef
        from rdflib.namespace import DCAT, DCTERMS, FOAF, ODRL2, PROV, RDF, RDFS, SKOS, XSD

        self.graph = Graph()
        self.dcat, self.dct, self.foaf, self.odrl = DCAT, DCTERMS, FOAF, ODRL2
        self.prov, self.rdf, self.rdfs, self.skos, self.xsd = PROV, RDF, RDFS, SKOS, XSD
        self.dqv, self.vcard = Namespace(_DQV), Namespace(_VCARD)
        for prefix, space in (("dqv", self.dqv), ("vcard", self.vcard), ("odrl", ODRL2)):
            self.graph.bind(prefix, space)
        self.merchant = merchant
        self.iri = URIRef
        self.catalogue = URIRef(f"{merchant.base}/v1/catalogue")
        self.owner = URIRef(f"{self.catalogue}#{quote(merchant.code)}")
        self.service = URIRef(f"{merchant.base}/v1")

    def add(self, subject: Any, *pairs: tuple[Any, Any]) -> Any:
        """Say something of a node; what is None is not said."""
        for predicate, value in pairs:
            if value is not None:
                self.graph.add((subject, predicate, value))
        return subject

    def blank(self, kind: Any, *pairs: tuple[Any, Any]) -> Any:
        """Add a node without a name."""
        from rdflib import BNode

        return self.add(BNode(), (self.rdf.type, kind), *pairs)

    def text(self, zh: str, en: str = "") -> list[Any]:
        """Give words in both languages."""
        from rdflib import Literal

        return [Literal(zh, lang="zh"), *([Literal(en, lang="en")] if en and en != zh else [])]

    def authority(self, table: str, code: str, kind: Any) -> Any:
        """Name an entry of an authority table of the EU's Publications Office."""
        found = self.iri(f"{_EU}{table}/{code}")
        return self.add(found, (self.rdf.type, kind))

    def whole(self, entries: Sequence[CatalogueEntry], offers: Sequence[Offered]) -> Any:
        """Draw the catalogue with everything in it."""
        from rdflib import Literal

        dcat, dct = self.dcat, self.dct
        self.add(
            self.owner,
            (self.rdf.type, self.foaf.Agent),
            (self.foaf.name, Literal(self.merchant.name, lang="zh")),
        )
        self.add(
            self.catalogue,
            (self.rdf.type, dcat.Catalog),
            (dct.publisher, self.owner),
            (dcat.service, self.service),
        )
        for word in self.text(
            f"{self.merchant.name} 数据资产目录", f"Data assets: {self.merchant.name}"
        ):
            self.add(self.catalogue, (dct.title, word))
        for word in self.text(
            "由订单日志生成并可追到原始报文的数据资产", "Data assets made from the log of orders"
        ):
            self.add(self.catalogue, (dct.description, word))
        for code in _LANGUAGES:
            spoken = self.authority("language", code, dct.LinguisticSystem)
            self.add(self.catalogue, (dct.language, spoken))
        self.add(
            self.service,
            (self.rdf.type, dcat.DataService),
            (dct.title, Literal("Danshu API", lang="en")),
            (dct.publisher, self.owner),
            (dcat.endpointURL, self.service),
            (dcat.endpointDescription, self.iri(f"{self.merchant.base}/openapi.json")),
        )
        for entry in entries:
            given = [offer for offer in offers if offer.asset == entry.name]
            self.add(self.catalogue, (dcat.dataset, self.dataset(entry, given)))
        return self.graph

    def dataset(self, entry: CatalogueEntry, offers: Sequence[Offered]) -> Any:
        """Draw an asset."""
        from rdflib import Literal

        dcat, dct, note = self.dcat, self.dct, entry.note
        made = self.iri(f"{self.catalogue}/{entry.name}")
        contact = self.blank(
            self.vcard.Organization,
            (self.vcard.fn, Literal(note.owner or entry.role or self.merchant.name)),
        )
        self.add(
            made,
            (self.rdf.type, dcat.Dataset),
            (dct.identifier, Literal(entry.name)),
            (self.iri(f"{dcat}version"), Literal(str(entry.version))),
            (dct.publisher, self.owner),
            (dcat.contactPoint, contact),
            (dcat.theme, self.theme(entry.purpose)),
            (dct.accessRights, self.access(entry.level)),
            (dct.accrualPeriodicity, self.frequency(entry.refresh_s)),
        )
        for word in self.text(entry.title.zh, entry.title.en):
            self.add(made, (dct.title, word))
        about = self.text(entry.about.zh or entry.title.zh, entry.about.en or entry.title.en)
        for word in about:
            self.add(made, (dct.description, word))
        for tag in (*note.tags, entry.title.zh):
            self.add(made, (dcat.keyword, Literal(tag, lang="zh")))
        self.add(made, (dcat.keyword, Literal(entry.title.en, lang="en")))
        if entry.kind == "built":
            self.built(made, entry)
        for offer in offers:
            self.add(made, (self.odrl.hasPolicy, self.policy(made, offer)))
        return made

    def built(self, made: Any, entry: CatalogueEntry) -> None:
        """Say what only an asset of the log has: its origin, quality, age, and ways in."""
        from rdflib import Literal

        dct, prov, rdfs = self.dct, self.prov, self.rdfs
        label = f"{', '.join(entry.sources)} <- the merchant's log of facts"
        origin = self.blank(dct.ProvenanceStatement, (rdfs.label, Literal(label, lang="en")))
        self.add(made, (dct.provenance, origin))
        for source in entry.sources:
            node = self.iri(f"{self.catalogue}#source-{source}")
            self.add(node, (self.rdf.type, prov.Entity), (rdfs.label, Literal(source)))
            self.add(made, (prov.wasDerivedFrom, node))
        if entry.refreshed:
            at = Literal(entry.refreshed, datatype=self.xsd.dateTime)
            period = self.blank(dct.PeriodOfTime, (self.dcat.endDate, at))
            self.add(made, (dct.modified, at), (dct.temporal, period))
        if entry.score >= 0:
            score = Literal(entry.score, datatype=self.xsd.integer)
            measured = self.blank(
                self.dqv.QualityMeasurement,
                (self.dqv.value, score),
                (self.dqv.isMeasurementOf, self.metric()),
            )
            self.add(made, (self.dqv.hasQualityMeasurement, measured))
        kinds = (("cells", "JSON", f"/v1/assets/{entry.name}/cells"),)
        for way, form, path in (*kinds, ("page", "HTML", f"/assets/{entry.name}")):
            given = self.iri(f"{made}#{way}")
            self.add(
                given,
                (self.rdf.type, self.dcat.Distribution),
                (self.dcat.accessURL, self.iri(f"{self.merchant.base}{path}")),
                (dct.format, self.authority("file-type", form, dct.MediaTypeOrExtent)),
                (dct.rights, self.rights(entry.level)),
                (self.dcat.accessService, self.service if way == "cells" else None),
            )
            self.add(made, (self.dcat.distribution, given))
        self.add(self.service, (self.dcat.servesDataset, made))

    def metric(self) -> Any:
        """Name the measure of quality: checks that hold, of 100."""
        from rdflib import Literal

        node = self.iri(f"{self.catalogue}#quality")
        return self.add(
            node,
            (self.rdf.type, self.dqv.Metric),
            (self.skos.definition, Literal("Quality of the last build, 0 to 100", lang="en")),
            (self.dqv.expectedDataType, self.xsd.integer),
        )

    def theme(self, purpose: str) -> Any:
        """Name what an asset may be used for."""
        from rdflib import Literal

        node = self.iri(f"{self.catalogue}#purpose-{quote(purpose or 'operations')}")
        return self.add(
            node,
            (self.rdf.type, self.skos.Concept),
            (self.skos.prefLabel, Literal(purpose or "operations", lang="en")),
        )

    def frequency(self, refresh_s: int) -> Any:
        """Say how often it is brought up to date; None where nobody knows."""
        if not refresh_s:
            return None
        code = next((c for most, c in _FREQUENCIES if refresh_s <= most), "IRREG")
        return self.authority("frequency", code, self.dct.Frequency)

    def access(self, level: int) -> Any:
        """Say who may come in: level 1 everybody, 2 whoever has the right, above by the gate."""
        code = _ACCESS.get(level, "NON_PUBLIC")
        return self.authority("access-right", code, self.dct.RightsStatement)

    def rights(self, level: int) -> Any:
        """Say the level of sensitivity (JR/T 0197)."""
        from rdflib import Literal

        label = Literal(f"L{level} (JR/T 0197)", lang="en")
        node = self.iri(f"{self.catalogue}#level-{level}")
        return self.add(node, (self.rdf.type, self.dct.RightsStatement), (self.rdfs.label, label))

    def policy(self, made: Any, offer: Offered) -> Any:
        """Draw what a licence in force allows; to whom is not told."""
        from rdflib import Literal

        odrl = self.odrl
        until = self.blank(
            odrl.Constraint,
            (odrl.leftOperand, odrl.dateTime),
            (odrl.operator, odrl.lteq),
            (odrl.rightOperand, Literal(offer.until, datatype=self.xsd.date)),
        )
        purpose = self.blank(
            odrl.Constraint,
            (odrl.leftOperand, odrl.purpose),
            (odrl.operator, odrl.eq),
            (odrl.rightOperand, self.theme(offer.purpose)),
        )
        use = self.blank(
            odrl.Permission,
            (odrl.action, odrl.use),
            (odrl.target, made),
            (odrl.constraint, until),
            (odrl.constraint, purpose),
        )
        resale = None
        if not offer.resale:
            resale = self.blank(
                odrl.Prohibition, (odrl.action, odrl.distribute), (odrl.target, made)
            )
        node = self.iri(f"{self.catalogue}#licence-{offer.no}")
        return self.add(
            node,
            (self.rdf.type, odrl.Policy),
            (self.rdf.type, odrl.Set),
            (odrl.uid, node),
            (odrl.permission, use),
            (odrl.prohibition, resale),
        )
