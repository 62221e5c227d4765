import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import type { TwinWarehouse, Twins } from "@/api/types.gen";
import { ask } from "@/client";
import { count, countTile, decimal, duration } from "@/format";
import { PageHead } from "@/frame/page-head";
import { useLive } from "@/live/use-live";
import { Card } from "@/parts/card";
import { Figure } from "@/parts/figure";
import { type MapNode, NodeMap } from "@/parts/node-map";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { ToneTag } from "@/parts/status-tag";
import { asProblem } from "@/problem";
import { LOOK_MS, NODES, TONES, TWIN_KEY } from "./twin";
import { useSparing } from "./use-sparing";
import "./twin.css";

/** 数字孪生: all warehouses on the map, and which of them is in trouble. */
export default function TwinMap() {
  const { t } = useTranslation("twin");
  const go = useNavigate();
  const found = useQuery({
    queryKey: TWIN_KEY,
    queryFn: ({ signal }) => ask<Twins>("/v1/twin", { signal }),
    refetchInterval: 15_000,
  });
  useLive("twin", useSparing(() => void found.refetch(), LOOK_MS));
  const items = useMemo(() => found.data?.items ?? [], [found.data]);
  const nodes = useMemo<MapNode[]>(
    () =>
      items.map((one) => ({
        id: one.code,
        name: one.name,
        lon: one.lng,
        lat: one.lat,
        kind: NODES[one.state] ?? "usable",
        size: one.open_orders,
        state: t(`states.${one.state}`),
      })),
    [items, t],
  );
  const number = (state: string) => items.filter((one) => one.state === state).length;
  const link = (code: string) => `/twin/${encodeURIComponent(code)}`;
  const columns: SmallColumn<TwinWarehouse>[] = [
    {
      key: "name",
      title: t("columns.warehouse"),
      render: (one) => <Link to={link(one.code)}>{one.name}</Link>,
    },
    {
      key: "state",
      title: t("columns.state"),
      render: (one) => <ToneTag tone={TONES[one.state] ?? "plain"}>{t(`states.${one.state}`)}</ToneTag>,
    },
    {
      key: "zones",
      title: t("coldZones"),
      isNumber: true,
      render: (one) => (one.zones ? `${one.zones_fine} / ${one.zones}` : "—"),
    },
    {
      key: "worst",
      title: t("columns.worst"),
      render: (one) => (one.worst_zone ? `${one.worst_zone} ${t(`sensors.${one.worst_sensors}`)}` : "—"),
    },
    {
      key: "hours",
      title: t("columns.hours"),
      isNumber: true,
      render: (one) => (one.worst_hours < 0 ? "—" : decimal(one.worst_hours, 1)),
    },
    { key: "open", title: t("open"), isNumber: true, render: (one) => count(one.open_orders) },
    {
      key: "age",
      title: t("columns.age"),
      render: (one) => (one.age_s < 0 ? "—" : duration(one.age_s * 1000)),
    },
  ];
  return (
    <>
      <PageHead
        fact={
          found.data &&
          t("fact", { count: items.length, limited: number("limited"), trouble: number("trouble") })
        }
      />
      {found.error && (
        <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />
      )}
      {found.isLoading && <Skeleton kind="page" rows={8} />}
      {found.data && (
        <div className="twin-all">
          <div className="figures">
            <Figure
              label={t("states.limited")}
              tile={countTile(number("limited"))}
              tone={number("limited") ? "broken" : "plain"}
              note={t("limitedNote")}
            />
            <Figure
              label={t("states.trouble")}
              tile={countTile(number("trouble"))}
              tone={number("trouble") ? "pend" : "plain"}
              note={t("troubleNote")}
            />
            <Figure label={t("states.normal")} tile={countTile(number("normal"))} note={t("normalNote")} />
            <Figure label={t("states.dark")} tile={countTile(number("dark"))} note={t("darkNote")} />
          </div>
          <div className="twin-two">
            <Card title={t("map")}>
              <NodeMap
                nodes={nodes}
                label={t("map")}
                height_px={420}
                onSelect={(code) => void go(link(code))}
              />
            </Card>
            <Card title={t("warehouses")} note={t("worstFirst")} isFlush>
              <SmallTable
                caption={t("warehouses")}
                columns={columns}
                rows={items}
                keyOf={(one) => one.code}
                empty={t("empty")}
              />
            </Card>
          </div>
        </div>
      )}
    </>
  );
}
