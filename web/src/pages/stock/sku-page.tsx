import { useQuery } from "@tanstack/react-query";
import { Switch } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { SkuPlace, SkuStock } from "@/api/types.gen";
import { count, countTile, dated } from "@/format";
import { PageHead } from "@/frame/page-head";
import { Card } from "@/parts/card";
import { Figure } from "@/parts/figure";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { useMay } from "@/session";
import { asProblem } from "@/problem";
import { EditFigure } from "./edit-figure";
import { MovesCard } from "./moves-card";
import { QuotasCard } from "./quotas-card";
import { FIGURES, skuQuery } from "./stock";

/** All of one SKU: each warehouse with figures that can be set, quotas, what was moved. */
export function SkuPage({ sku }: { sku: string }) {
  const { t } = useTranslation(["stock", "common"]);
  const found = useQuery(skuQuery(sku));
  if (found.error) {
    return (
      <>
        <PageHead title={sku} back="/stock" isCode />
        <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />
      </>
    );
  }
  const data = found.data;
  return (
    <>
      <PageHead
        title={data?.sku ?? sku}
        back="/stock"
        isCode
        fact={
          data && [data.name, t(`storage.${data.storage}`), data.barcode].filter(Boolean).join(" · ")
        }
      />
      {data ? <Sheet data={data} /> : <Skeleton kind="page" />}
    </>
  );
}

function Sheet({ data }: { data: SkuStock }) {
  const { t } = useTranslation(["stock", "common"]);
  const sum = (key: "on_hand" | "reserved" | "safety" | "in_transit" | "atp") =>
    data.places.reduce((all, place) => all + place[key], 0);
  const missing = Math.max(0, data.waiting - sum("atp"));
  return (
    <>
      <div className="figures stock-figures">
        <Figure
          label={t("columns.atp")}
          tile={countTile(sum("atp"), t("units"))}
          note={t("sku.inPlaces", { n: data.places.filter((p) => p.atp > 0).length })}
        />
        <Figure
          label={t("columns.on_hand")}
          tile={countTile(sum("on_hand"), t("units"))}
          note={t("figures.reserved", { n: count(sum("reserved")) })}
        />
        <Figure
          label={t("columns.in_transit")}
          tile={countTile(sum("in_transit"), t("units"))}
          note={t("sku.safety", { n: count(sum("safety")) })}
        />
        <Figure
          label={t("columns.waiting")}
          tile={countTile(data.waiting, t("units"))}
          tone={missing ? "broken" : "plain"}
          note={
            data.waiting === 0
              ? t("sku.noneWaiting")
              : missing
                ? t("sku.missing", { n: count(missing), orders: count(data.waiting_orders) })
                : t("sku.enough", { orders: count(data.waiting_orders) })
          }
        />
      </div>
      {data.waiting_due && (
        <p className="note">{t("sku.due", { at: dated(data.waiting_due) })}</p>
      )}
      <div className="stock-columns">
        <PlacesCard data={data} />
        <div className="stock-side">
          <QuotasCard sku={data.sku} quotas={data.quotas} places={data.places} />
          <MovesCard sku={data.sku} places={data.places} />
        </div>
      </div>
    </>
  );
}

function PlacesCard({ data }: { data: SkuStock }) {
  const { t } = useTranslation(["stock", "common"]);
  const mayWrite = useMay("stock.write");
  const [isAll, setAll] = useState(false);
  const kept = data.places.filter((place) => place.kept);
  const shown = isAll ? data.places : kept;
  return (
    <Card
      title={t("sku.places")}
      note={mayWrite ? t("sku.placesNote") : undefined}
      extra={
        kept.length < data.places.length && (
          <label className="stock-switch">
            <Switch size="small" checked={isAll} onChange={setAll} /> {t("sku.all")}
          </label>
        )
      }
      isFlush
    >
      <div className="stock-scroll">
        <table>
          <caption className="visually-hidden">{t("sku.places")}</caption>
          <thead>
            <tr>
              <th>{t("columns.warehouse")}</th>
              <th className="num">{t("columns.atp")}</th>
              <th className="num">{t("columns.reserved")}</th>
              {FIGURES.map((figure) => (
                <th key={figure} className="num">
                  {t(`columns.${figure}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((place) => (
              <Place key={place.warehouse} place={place} sku={data.sku} mayWrite={mayWrite} />
            ))}
          </tbody>
        </table>
        {shown.length === 0 && <p className="muted stock-none">{t("sku.nowhere")}</p>}
      </div>
    </Card>
  );
}

function Place({ place, sku, mayWrite }: { place: SkuPlace; sku: string; mayWrite: boolean }) {
  const { t } = useTranslation("stock");
  const free = place.on_hand - place.reserved;
  const tone = free <= 0 ? "broken" : free < place.safety ? "risk" : undefined;
  return (
    <tr>
      <th scope="row">
        <span className="mono">{place.warehouse}</span> {place.name}
      </th>
      <td className="num">
        <b data-tone={place.kept ? tone : undefined} className={tone && "stock-alarm"}>
          {count(place.atp)}
        </b>
        {place.kept && tone && (
          <span className="note"> {t(tone === "broken" ? "sku.out" : "sku.low")}</span>
        )}
      </td>
      <td className="num">{count(place.reserved)}</td>
      {FIGURES.map((figure) => (
        <td key={figure} className="num">
          {mayWrite ? (
            <EditFigure sku={sku} place={place} figure={figure} />
          ) : (
            count(place[figure])
          )}
        </td>
      ))}
    </tr>
  );
}
