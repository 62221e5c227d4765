import { DownOutlined } from "@ant-design/icons";
import { Button, Dropdown } from "antd";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Offer, OrderSheet } from "@/api/types.gen";
import { count, exact, leftWords, near } from "@/format";
import { useNow } from "@/live/use-live";
import { Card } from "@/parts/card";
import { ToneTag } from "@/parts/status-tag";
import { useMay } from "@/session";
import { Icon } from "./icons";
import { actsOf, type Parcel, type ParcelAct } from "./parcel-acts";
import type { Act } from "./use-acts";
import { langOf } from "./words";

const ON_FLOOR = new Set(["released", "picked", "packed"]);
const TAIL = 4;
const ICONS: Record<ParcelAct, string> = { split: "branches", reship: "truck", answer: "pause" };
const ParcelDialog = lazy(() => import("./parcel-dialog"));

/** Fulfilment orders and their parcels, each with what may be done with it alone. */
export function ParcelsCard({
  sheet,
  offers,
  onAct,
  onDone,
}: {
  sheet: OrderSheet;
  offers: readonly Offer[];
  onAct: Act;
  onDone: () => Promise<void>;
}) {
  const { t, i18n } = useTranslation("order");
  const mays: Record<string, boolean> = {
    "order.split": useMay("order.split"),
    "order.reship": useMay("order.reship"),
    "order.recall": useMay("order.recall"),
  };
  const may = (right: string) => mays[right] ?? false;
  const [doing, setDoing] = useState<{ act: ParcelAct; parcel: Parcel } | null>(null);
  const mayPrint = useMay("print.picking");
  const live = sheet.parcels.filter((parcel) => parcel.state !== "cancelled");
  const refs = live
    .filter((parcel) => ON_FLOOR.has(parcel.state))
    .map((parcel) => `${sheet.order}.${parcel.fulfilment}`)
    .join(",");
  return (
    <Card
      title={t("parcels.title")}
      note={t("parcels.note", { count: live.length })}
      isFlush
      extra={
        mayPrint && refs ? (
          <a
            href={`/print/picking/${refs}?lang=${langOf(i18n.language)}`}
            target="_blank"
            rel="noreferrer"
          >
            {t("parcels.print")}
          </a>
        ) : undefined
      }
    >
      {sheet.parcels.length === 0 ? (
        <p className="order-empty">{t("parcels.none")}</p>
      ) : (
        <table>
          <caption className="visually-hidden">{t("parcels.title")}</caption>
          <thead>
            <tr>
              <th scope="col">{t("parcels.parcel")}</th>
              <th scope="col">{t("parcels.warehouse")}</th>
              <th scope="col">{t("parcels.carrier")}</th>
              <th scope="col">{t("parcels.waybill")}</th>
              <th scope="col">{t("parcels.cold")}</th>
              <th scope="col">{t("parcels.last")}</th>
              <th scope="col" aria-label={t("parcels.state")} />
            </tr>
          </thead>
          <tbody>
            {sheet.parcels.map((parcel) => (
              <tr key={parcel.fulfilment} data-gone={parcel.state === "cancelled"}>
                <td>
                  {t("parcels.row", {
                    no: t("parcels.no", { no: parcel.fulfilment }),
                    units: count(parcel.units),
                  })}
                  <Marks parcel={parcel} />
                </td>
                <td>{parcel.name}</td>
                <td>{parcel.carrier || "—"}</td>
                <td>
                  <code title={parcel.waybill || undefined}>{shortened(parcel.waybill)}</code>
                </td>
                <td>{t(parcel.cold ? "parcels.needed" : "parcels.notNeeded")}</td>
                <Last parcel={parcel} />
                <td className="num">
                  <State
                    parcel={parcel}
                    offers={live.length > 1 ? allowedFor(offers, parcel) : []}
                    onAct={onAct}
                    own={actsOf(parcel, may)}
                    onOwn={(act) => setDoing({ act, parcel })}
                  />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {doing && (
        <Suspense>
          <ParcelDialog
            {...doing}
            sheet={sheet}
            onClose={() => setDoing(null)}
            onDone={onDone}
          />
        </Suspense>
      )}
    </Card>
  );
}

/** What became of a parcel beside its state: split, merged, sent again, to be stopped. */
function Marks({ parcel }: { parcel: Parcel }) {
  const { t } = useTranslation("order");
  const again = parcel.sent_again.reduce((sum, line) => sum + line.quantity, 0);
  const asked = parcel.intercept;
  const now = useNow(asked?.due_ms);
  const isLate = asked?.state === "asked" && asked.due_ms !== undefined && asked.due_ms > 0 && asked.due_ms < now;
  return (
    <span className="order-marks">
      {parcel.of > 0 && (
        <ToneTag tone="excused">{t("parcelActs.of", { no: t("parcels.no", { no: parcel.of }) })}</ToneTag>
      )}
      {parcel.group && (
        <Link to="/orders/merging?tab=merged" title={t("parcelActs.mergedOpen")}>
          <ToneTag tone="primary">{t("parcelActs.merged")}</ToneTag>
        </Link>
      )}
      {again > 0 && (
        <ToneTag tone="excused">{t("parcelActs.sentAgain", { n: count(again) })}</ToneTag>
      )}
      {asked && (
        <span
          title={
            asked.due_ms
              ? t("parcelActs.answerDue", { due: exact(new Date(asked.due_ms).toISOString()), reason: asked.reason ?? "" })
              : undefined
          }
        >
          <ToneTag tone={asked.state === "asked" ? "broken" : "excused"}>
            {isLate
              ? t("parcelActs.late", { over: leftWords(new Date(asked.due_ms ?? 0).toISOString(), now) })
              : t(`parcelActs.${asked.state}`)}
          </ToneTag>
        </span>
      )}
    </span>
  );
}

function allowedFor(offers: readonly Offer[], parcel: Parcel): Offer[] {
  return offers.filter((one) => one.fulfilment === parcel.fulfilment && one.state === "allowed");
}

/** 7530…0418: enough to recognise; the whole number is in the tooltip. */
function shortened(waybill: string): string {
  if (!waybill) return "—";
  if (waybill.length <= TAIL * 2 + 2) return waybill;
  return `${waybill.slice(0, TAIL)}…${waybill.slice(-TAIL)}`;
}

function Last({ parcel }: { parcel: Parcel }) {
  const at = parcel.delivered || parcel.shipped || parcel.packed || parcel.picked || parcel.released;
  return <td title={at ? exact(at) : undefined}>{at ? near(at) : "—"}</td>;
}

function State({
  parcel,
  offers,
  onAct,
  own,
  onOwn,
}: {
  parcel: Parcel;
  offers: readonly Offer[];
  onAct: Act;
  own: readonly ParcelAct[];
  onOwn: (act: ParcelAct) => void;
}) {
  const { t } = useTranslation(["order", "common"]);
  const word = t(`common:stages.${parcel.state}`);
  const tone = parcel.state === "delivered" ? "kept" : "primary";
  const tag = <ToneTag tone={parcel.state === "cancelled" ? "excused" : tone}>{word}</ToneTag>;
  if (offers.length + own.length === 0) return tag;
  const items = [
    ...offers.map((one) => ({
      key: one.event,
      icon: <Icon name={one.icon} />,
      label: one.title,
      onClick: () => onAct(one),
    })),
    ...own.map((act) => ({
      key: act,
      icon: <Icon name={ICONS[act]} />,
      label: t(`parcelActs.${act}.menu`),
      onClick: () => onOwn(act),
    })),
  ];
  return (
    <span className="order-links">
      {tag}
      <Dropdown menu={{ items }} trigger={["click"]} placement="bottomRight">
        <Button
          size="small"
          type="text"
          icon={<DownOutlined />}
          aria-label={t("parcels.acts", { no: t("parcels.no", { no: parcel.fulfilment }) })}
        />
      </Dropdown>
    </span>
  );
}
