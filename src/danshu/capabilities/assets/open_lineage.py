"""OpenLineage 2.0.2 RunEvents of a run: what was read, by which query, what came of it, how good.

Every run says START, then COMPLETE or FAIL. Data sets are `sources.<name>` and `assets.<name>` in
the namespace `danshu://<merchant>`; how far each book was read is the version of an input.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.capabilities.assets.quality import Quality
from danshu.kernel.fact import rfc3339

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


Event = dict[str, Any]
Lineage = dict[str, tuple[tuple[str, str], ...]]
"""For each column of the asset the (source, column) that it is made of."""
PRODUCER: Final = "urn:danshu:assets"
_SPEC: Final = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
_FACETS: Final = {
    "columnLineage": "1-2-0/ColumnLineageDatasetFacet",
    "dataQualityAssertions": "1-0-1/DataQualityAssertionsDatasetFacet",
    "dataQualityMetrics": "1-0-2/DataQualityMetricsInputDatasetFacet",
    "dataSource": "1-0-1/DatasourceDatasetFacet",
    "documentation": "1-0-1/DocumentationJobFacet",
    "errorMessage": "1-0-1/ErrorMessageRunFacet",
    "jobType": "2-0-3/JobTypeJobFacet",
    "outputStatistics": "1-0-2/OutputStatisticsOutputDatasetFacet",
    "processing_engine": "1-1-1/ProcessingEngineRunFacet",
    "schema": "1-1-1/SchemaDatasetFacet",
    "sql": "1-0-1/SQLJobFacet",
    "version": "1-0-1/DatasetVersionDatasetFacet",
}


class Input(Struct, frozen=True, kw_only=True):
    """A source that was read: its columns with their kinds, rows, bytes, files; `version` says how
    far the books were read.
    """

    name: str
    columns: dict[str, str]
    rows: int
    size: int
    files: int
    version: str


class Told(Struct, frozen=True, kw_only=True):
    """What the events of a run are made of. Times in epoch ms; `columns` of the asset are (name,
    kind, what it is); `trouble` "" for a run that did it.
    """

    merchant: str
    run: str
    asset: str
    about: str
    version: int
    engine: str
    began_ms: int
    ended_ms: int
    sql: str
    inputs: tuple[Input, ...]
    columns: tuple[tuple[str, str, str], ...]
    lineage: Lineage
    rows: int
    size: int
    digest: str
    quality: Quality
    trouble: str = ""


def make_events(told: Told) -> tuple[Event, Event]:
    """Give the events of a run: START, then COMPLETE or FAIL."""
    ended = "FAIL" if told.trouble else "COMPLETE"
    return _event(told, "START", told.began_ms), _event(told, ended, told.ended_ms)


def _event(told: Told, kind: str, at_ms: int) -> Event:
    run_facets = [_facet("processing_engine", name="DuckDB", version=told.engine)]
    if kind == "FAIL":
        run_facets.append(
            _facet("errorMessage", message=told.trouble, programmingLanguage="Python")
        )
    job_facets = [
        _facet("jobType", processingType="BATCH", integration="DANSHU", jobType="QUERY"),
        _facet("documentation", description=told.about),
        *([_facet("sql", query=told.sql, dialect="duckdb")] if told.sql else []),
    ]
    return {
        "eventType": kind,
        "eventTime": rfc3339(at_ms),
        "run": {"runId": told.run, "facets": dict(run_facets)},
        "job": {
            "namespace": _namespace(told.merchant),
            "name": f"assets.{told.asset}.build",
            "facets": dict(job_facets),
        },
        "inputs": [_input(told, each) for each in told.inputs],
        "outputs": [_output(told, is_made=kind == "COMPLETE")],
        "producer": PRODUCER,
        "schemaURL": _SPEC,
    }


def _input(told: Told, source: Input) -> Event:
    """Write a source as an input data set."""
    metrics = _facet(
        "dataQualityMetrics",
        rowCount=source.rows,
        bytes=source.size,
        fileCount=source.files,
        columnMetrics={},
    )
    return {
        "namespace": _namespace(told.merchant),
        "name": f"sources.{source.name}",
        "facets": dict(
            [
                _facet(
                    "schema", fields=[{"name": n, "type": k} for n, k in source.columns.items()]
                ),
                _data_source(told.merchant),
                _facet("version", datasetVersion=source.version),
            ]
        ),
        "inputFacets": dict([metrics]),
    }


def _output(told: Told, *, is_made: bool) -> Event:
    """Write the asset as the output data set; what is known once it is made only then."""
    name = f"assets.{told.asset}"
    fields = [{"name": n, "type": kind, "description": what} for n, kind, what in told.columns]
    facets = [_facet("schema", fields=fields), _data_source(told.merchant)]
    if told.lineage:
        facets.append(_facet("columnLineage", fields=_column_lineage(told)))
    output: Event = {"namespace": _namespace(told.merchant), "name": name}
    if is_made:
        facets += [
            _facet("version", datasetVersion=f"{told.version}:{told.digest}"),
            _facet("dataQualityAssertions", assertions=_assertions(told.quality)),
        ]
        statistics = _facet("outputStatistics", rowCount=told.rows, size=told.size, fileCount=1)
        output["outputFacets"] = dict([statistics])
    output["facets"] = dict(facets)
    return output


def _column_lineage(told: Told) -> Mapping[str, Any]:
    namespace = _namespace(told.merchant)
    return {
        column: {
            "inputFields": [
                {"namespace": namespace, "name": f"sources.{source}", "field": field}
                for source, field in of
            ]
        }
        for column, of in told.lineage.items()
    }


def _assertions(quality: Quality) -> Sequence[Event]:
    return [
        {"assertion": f.code, "success": f.passed, **({"column": f.column} if f.column else {})}
        for f in quality.findings
    ]


def _data_source(merchant: str) -> tuple[str, Event]:
    return _facet("dataSource", name="danshu", uri=f"{_namespace(merchant)}/log")


def _facet(key: str, **said: Any) -> tuple[str, Event]:
    """Write a facet under its key, with who made it and by which schema."""
    path = _FACETS[key]
    url = f"https://openlineage.io/spec/facets/{path}.json#/$defs/{path.partition('/')[2]}"
    return key, {"_producer": PRODUCER, "_schemaURL": url, **said}


def _namespace(merchant: str) -> str:
    return f"danshu://{merchant}"
