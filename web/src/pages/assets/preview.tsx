import { AreaChartOutlined, EditOutlined, NodeIndexOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { CatalogueEntry } from "@/api/types.gen";
import { ask } from "@/client";
import { AssetExport } from "@/parts/asset-export";
import { Chart } from "@/parts/chart";
import { ToneTag } from "@/parts/status-tag";
import { useLook } from "@/theme/look";
import { useMay } from "@/session";
import "../asset/asset.css";
import { draw } from "../asset/chart-option";
import { useAsset, useChart, useValueWords } from "../asset/model";
import { Mine } from "../asset/side";
import { span, useValues } from "../asset-value/model";
import { KEY, LEVELS, nameOf, ownerOf } from "./model";

const HEIGHT_PX = 240;

interface Props {
  entry: CatalogueEntry;
  onDescribe: () => void;
}

/** The chosen asset: its chart, where it is from, whose it is, what this person may do with it. */
export function Preview({ entry, onDescribe }: Props) {
  const { t } = useTranslation(["assets", "common"]);
  const mayWrite = useMay("asset.write");
  const mayValue = useMay("licence.read");
  const { note } = entry;
  // That it was looked at is counted, without a name.
  useQuery({
    queryKey: [...KEY, "entry", entry.name],
    queryFn: ({ signal }) => ask<CatalogueEntry>(`/v1/catalogue/${entry.name}`, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const owner = ownerOf(entry);
  const facts: [string, string][] = [
    [t("facts.source"), entry.kind === "built" ? t("facts.sources", { n: entry.sources.length }) : entry.note.registered?.place || "—"],
    [t("facts.formulas"), entry.metrics.length ? t("facts.metrics", { n: entry.metrics.length }) : "—"],
    [t("facts.owner"), owner ? t(`common:roles.${owner}`, { defaultValue: owner }) : t("facts.nobody")],
    [t("facts.purpose"), t(`purposes.${entry.purpose}`, { defaultValue: entry.purpose })],
    ...(mayValue ? [] : [[t("facts.value"), t(entry.is_valued ? "facts.valued" : "facts.notValued")] as [string, string]]),
  ];
  return (
    <section className="card assets-preview" aria-label={nameOf(entry.title)}>
      <header>
        <h2>{nameOf(entry.title)}</h2>
        <span className="note">v{entry.version}</span>
        <span className="card-extra">
          {note.standing && (
            <ToneTag tone={note.standing === "certified" ? "kept" : "risk"}>{t(`standing.${note.standing}`)}</ToneTag>
          )}
          <ToneTag tone={LEVELS[entry.level] ?? "plain"}>{t(`levels.${entry.level}`)}</ToneTag>
        </span>
      </header>
      <div className="card-body">
        {entry.kind === "built" ? <Drawn name={entry.name} /> : null}
        <p>{note.description || nameOf(entry.about)}</p>
        <dl className="assets-facts">
          {facts.map(([name, text]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{text}</dd>
            </div>
          ))}
          {mayValue && entry.kind === "built" && <Worth name={entry.name} />}
        </dl>
        {(note.questions ?? []).length > 0 && (
          <ul className="assets-questions">
            {note.questions?.map((one) => (
              <li key={one}>{one}</li>
            ))}
          </ul>
        )}
        {entry.kind === "built" && <Rights name={entry.name} />}
        <p className="assets-acts">
          {entry.kind === "built" && (
            <Link to={`/assets/${entry.name}`}>
              <Button type="primary" icon={<AreaChartOutlined />} tabIndex={-1}>
                {t("open")}
              </Button>
            </Link>
          )}
          {entry.kind === "built" && <AssetExport asset={entry.name} title={nameOf(entry.title)} />}
          <Link to={`/assets/map?at=asset:${entry.name}`}>
            <Button icon={<NodeIndexOutlined />} tabIndex={-1}>
              {t("lineage")}
            </Button>
          </Link>
          {mayWrite && (
            <Button icon={<EditOutlined />} onClick={onDescribe}>
              {t("describe")}
            </Button>
          )}
        </p>
      </div>
    </section>
  );
}

/** Whose it is and what it is worth, as far as somebody registered and approved that. */
function Worth({ name }: { name: string }) {
  const { t } = useTranslation("assets");
  const found = useValues().data?.items.find((one) => one.asset === name);
  const worth = found?.version ? span(found.low_fen, found.high_fen) : t("facts.notValued");
  return (
    <>
      <div>
        <dt>{t("facts.right")}</dt>
        <dd>{found?.holder || t("facts.noRight")}</dd>
      </div>
      <div>
        <dt>{t("facts.value")}</dt>
        <dd>
          <Link to="/assets/value">{worth}</Link>
        </dd>
      </div>
    </>
  );
}

function Rights({ name }: { name: string }) {
  const found = useAsset(name);
  return found.data ? <Mine page={found.data} /> : null;
}

/** The asset's own chart, small; nothing before its first build, or where the gate says no. */
function Drawn({ name }: { name: string }) {
  const { look } = useLook();
  const words = useValueWords();
  const page = useAsset(name).data;
  const by = useMemo(() => (page ? [page.chart.x, page.chart.y].filter(Boolean) : []), [page]);
  const cells = useChart(page, by, {}, page && page.chart.drawn !== "heatmap" ? `-${page.chart.value}` : "");
  const drawing = useMemo(
    () =>
      page && cells.data
        ? draw({ page, cells: cells.data, by, value: page.chart.value, words, look })
        : null,
    [page, cells.data, by, words, look],
  );
  if (!drawing || drawing.marks.length === 0) return null;
  return (
    <Chart
      label={name}
      option={drawing.option}
      table={drawing.table}
      height_px={HEIGHT_PX}
      marks={drawing.marks.length}
    />
  );
}
