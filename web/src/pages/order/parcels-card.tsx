import { DownOutlined } from "@ant-design/icons";
import { Button, Dropdown } from "antd";
import { useTranslation } from "react-i18next";
import type { Offer, OrderSheet, Parcel } from "@/api/types.gen";
import { count, exact, near } from "@/format";
import { Card } from "@/parts/card";
import { ToneTag } from "@/parts/status-tag";
import { useMay } from "@/session";
import { Icon } from "./icons";
import type { Act } from "./use-acts";
import { langOf } from "./words";

const ON_FLOOR = new Set(["released", "picked", "packed"]);
const TAIL = 4;

/** Fulfilment orders and their parcels, each with what may be done with it alone. */
export function ParcelsCard({
  sheet,
  offers,
  onAct,
}: {
  sheet: OrderSheet;
  offers: readonly Offer[];
  onAct: Act;
}) {
  const { t, i18n } = useTranslation("order");
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
                  />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Card>
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
}: {
  parcel: Parcel;
  offers: readonly Offer[];
  onAct: Act;
}) {
  const { t } = useTranslation(["order", "common"]);
  const word = t(`common:stages.${parcel.state}`);
  const tone = parcel.state === "delivered" ? "kept" : "primary";
  const tag = <ToneTag tone={parcel.state === "cancelled" ? "excused" : tone}>{word}</ToneTag>;
  if (offers.length === 0) return tag;
  const items = offers.map((one) => ({
    key: one.event,
    icon: <Icon name={one.icon} />,
    label: one.title,
    onClick: () => onAct(one),
  }));
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
