import { SafetyOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { AssetColumns, AssetMap, AssetMapNode } from "@/api/types.gen";
import { ask } from "@/client";
import { PageHead } from "@/frame/page-head";
import { byLocale } from "@/i18n";
import { useKeys } from "@/keys/use-keys";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { type Tone, ToneTag } from "@/parts/status-tag";
import { useAsked } from "@/parts/use-asked";
import { asProblem } from "@/problem";
import "./asset-map.css";
import { COLUMNS, kin, NODE_HEIGHT_PX, NODE_WIDTH_PX, place } from "./layout";

const LEVELS: readonly Tone[] = ["plain", "kept", "info", "risk", "broken", "broken"];
const SENSITIVE = 3;

/** 资产地图: what is made of what, from facts to what leaves the house; sensitive fields are marked. */
export default function AssetMapPage() {
  const { t } = useTranslation("asset-map");
  const { asked, ask: tellAddress } = useAsked();
  const found = useQuery({
    queryKey: ["catalogue", "map"],
    queryFn: ({ signal }) => ask<AssetMap>("/v1/catalogue/map", { signal }),
  });
  const at = asked("at");
  const layout = useMemo(() => (found.data ? place(found.data) : null), [found.data]);
  const near = useMemo(
    () => (found.data && at ? kin(found.data.edges, at) : null),
    [found.data, at],
  );
  const chosen = found.data?.nodes.find((one) => one.id === at);
  useKeys([{ keys: "Escape", label: t("clear"), run: () => tellAddress({ at: "" }) }], at !== "");
  const marked = found.data?.nodes.filter((one) => (one.sensitive ?? []).length > 0).length ?? 0;
  return (
    <>
      <PageHead
        back="/assets"
        fact={
          found.data &&
          t("fact", {
            sources: found.data.nodes.filter((one) => one.kind === "source").length,
            assets: found.data.nodes.filter((one) => one.kind === "asset" || one.kind === "registered").length,
            metrics: found.data.nodes.filter((one) => one.kind === "metric").length,
            marked,
          })
        }
      />
      {found.error && <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />}
      {found.isPending && <Skeleton kind="card" />}
      {layout && (
        <div className="asset-map-page" data-chosen={chosen !== undefined}>
          <section className="card asset-map" aria-label={t("map")} tabIndex={0}>
            <div style={{ width: layout.width_px, height: layout.height_px }}>
              <svg width={layout.width_px} height={layout.height_px} aria-hidden="true">
                {layout.lines.map((line) => (
                  <path
                    key={line.key}
                    d={line.path}
                    data-near={near ? near.has(line.from) && near.has(line.to) : undefined}
                  />
                ))}
              </svg>
              {COLUMNS.map((name, column) => (
                <h2 key={name} style={{ left: layout.nodes.find((one) => one.column === name)?.x ?? column * 280 }}>
                  {t(`columns.${name}`)}
                </h2>
              ))}
              <ul>
                {layout.nodes.map(({ node, x, y }) => (
                  <li key={node.id} style={{ left: x, top: y, width: NODE_WIDTH_PX, height: NODE_HEIGHT_PX }}>
                    <button
                      type="button"
                      data-kind={node.kind}
                      data-near={near ? near.has(node.id) : undefined}
                      aria-pressed={node.id === at}
                      onClick={() => tellAddress({ at: node.id === at ? "" : node.id })}
                    >
                      <span>{titleOf(node, t)}</span>
                      {node.sensitive.length > 0 && (
                        <span className="asset-map-mark" title={t("sensitive", { count: node.sensitive.length })}>
                          <SafetyOutlined aria-label={t("sensitive", { count: node.sensitive.length })} />
                          {node.sensitive.length}
                        </span>
                      )}
                    </button>
                  </li>
                ))}
              </ul>
            </div>
          </section>
          {chosen && <Chosen node={chosen} map={found.data as AssetMap} onChoose={(id) => tellAddress({ at: id })} />}
        </div>
      )}
    </>
  );
}

function titleOf(node: AssetMapNode, t: (key: string, values: Record<string, unknown>) => string): string {
  if (node.kind === "source") return t(`sources.${node.title.zh}`, { defaultValue: node.title.zh });
  if (node.kind === "export") return t("exported", { n: node.note });
  return byLocale(node.title.zh, node.title.en);
}

interface ChosenProps {
  node: AssetMapNode;
  map: AssetMap;
  onChoose: (id: string) => void;
}

/** What is known of a place: its columns and of what they are made; what it is joined to. */
function Chosen({ node, map, onChoose }: ChosenProps) {
  const { t } = useTranslation("asset-map");
  const joined = (side: "source" | "target") =>
    map.edges
      .filter((one) => one[side === "source" ? "target" : "source"] === node.id)
      .flatMap((one) => map.nodes.filter((each) => each.id === one[side]));
  const name = node.id.slice(node.id.indexOf(":") + 1);
  return (
    <aside className="asset-map-side">
      <Card
        title={titleOf(node, t)}
        note={t(`kinds.${node.kind}`)}
        extra={node.level > 0 && <ToneTag tone={LEVELS[node.level] ?? "plain"}>{t("level", { n: node.level })}</ToneTag>}
      >
        {node.kind === "source" && node.note && <p className="note">{node.note}</p>}
        {node.kind === "asset" && <Link to={`/assets/${name}`}>{t("open")}</Link>}
        {node.kind === "metric" && <Link to={`/assets/metrics?code=${name}`}>{t("formula")}</Link>}
        {node.kind === "licence" && <Link to="/assets/value">{t("licences")}</Link>}
        {node.kind === "export" && <Link to="/assets/shares">{t("exports")}</Link>}
        {(["source", "target"] as const).map((side) => {
          const near = joined(side);
          return near.length > 0 ? (
            <div key={side}>
              <h3>{t(side === "source" ? "madeOf" : "goesInto")}</h3>
              <ul className="asset-map-near">
                {near.map((one) => (
                  <li key={one.id}>
                    <button type="button" onClick={() => onChoose(one.id)}>
                      {titleOf(one, t)}
                    </button>
                  </li>
                ))}
              </ul>
            </div>
          ) : null;
        })}
      </Card>
      {node.kind === "asset" && <Columns name={name} />}
    </aside>
  );
}

function Columns({ name }: { name: string }) {
  const { t } = useTranslation("asset-map");
  const found = useQuery({
    queryKey: ["catalogue", name, "columns"],
    queryFn: ({ signal }) => ask<AssetColumns>(`/v1/catalogue/${name}/columns`, { signal }),
  });
  if (found.error) {
    return <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />;
  }
  if (!found.data) return <Skeleton kind="rows" rows={5} />;
  return (
    <Card title={t("columnLineage")} note={t("columnNote", { count: found.data.columns.length })}>
      <dl className="asset-map-columns">
        {found.data.columns.map((one) => (
          <div key={one.column} data-sensitive={one.level >= SENSITIVE}>
            <dt>
              {byLocale(one.title.zh, one.title.en)} <code>{one.column}</code>
              {one.level >= SENSITIVE && <ToneTag tone={LEVELS[one.level] ?? "plain"}>{`L${one.level}`}</ToneTag>}
            </dt>
            <dd>
              {one.origins.length === 0
                ? t("counted")
                : one.origins.map((origin) => (
                    <span key={`${origin.source}.${origin.column}`}>
                      <code>
                        {origin.source}.{origin.column}
                      </code>
                      {origin.is_aggregated && t("added")}
                    </span>
                  ))}
            </dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}
