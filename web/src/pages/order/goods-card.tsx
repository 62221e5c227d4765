import { useTranslation } from "react-i18next";
import type { OrderSheet } from "@/api/types.gen";
import { count, dated, exact, money, near, weight } from "@/format";
import { Card } from "@/parts/card";
import { ToneTag } from "@/parts/status-tag";

/** Lines with what was paid for each, and the money that moved. */
export function GoodsCard({ sheet }: { sheet: OrderSheet }) {
  const { t } = useTranslation("order");
  const fen = (minor: number) => money(minor, sheet.currency);
  const taxes = sheet.total - (sheet.goods - sheet.discount + sheet.postage);
  const parcel = (no: number) => t("parcels.no", { no });
  return (
    <Card
      title={t("goods.title")}
      note={t("goods.note", {
        lines: count(sheet.lines.length),
        units: count(sheet.units),
        weight: weight(sheet.weight_g),
      })}
      extra={
        <span className="note">
          {t("goods.money", {
            goods: fen(sheet.goods + sheet.postage),
            discount: fen(-sheet.discount),
          })}{" "}
          {taxes !== 0 && `${t("goods.taxes", { taxes: fen(taxes) })} `}
          <b className="order-paid">{t("goods.paid", { paid: fen(sheet.paid) })}</b>
        </span>
      }
      isFlush
    >
      <table>
        <caption className="visually-hidden">{t("goods.title")}</caption>
        <thead>
          <tr>
            <th scope="col">{t("goods.item")}</th>
            <th scope="col" className="num">
              {t("goods.quantity")}
            </th>
            <th scope="col" className="num">
              {t("goods.price")}
            </th>
            <th scope="col" className="num">
              {t("goods.share")}
            </th>
            <th scope="col">{t("goods.where")}</th>
          </tr>
        </thead>
        <tbody>
          {sheet.lines.map((line) => (
            <tr key={line.no}>
              <td title={[line.title, line.attributes].filter(Boolean).join(" ")}>
                {line.name || line.title} <code className="muted">{line.sku}</code>{" "}
                {!line.known && <ToneTag tone="risk">{t("goods.unknown")}</ToneTag>}
                {line.gift && <ToneTag tone="info">{t(line.gift === "platform" ? "goods.platformGift" : "goods.gift")}</ToneTag>}
                {line.bundle && (
                  <div className="note">
                    {t("goods.bundle", {
                      name: line.bundle.title || line.bundle.sku,
                      units: count(line.bundle.units),
                      price: fen(line.bundle.price),
                    })}
                  </div>
                )}
                {line.arrives && <div className="note">{t("goods.arrives", { at: dated(line.arrives) })}</div>}
              </td>
              <td className="num">{count(line.quantity)}</td>
              <td className="num">{fen(line.price)}</td>
              <td className="num">
                <b>{fen(line.paid)}</b>
              </td>
              <td>
                {line.cancelled > 0 && `${t("goods.cancelled", { units: count(line.cancelled) })} `}
                {line.open_units > 0 && `${t("goods.open", { units: count(line.open_units) })} `}
                {line.fulfilments.map(parcel).join(t("comma"))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {sheet.payments.length > 0 && (
        <ul className="order-payments">
          {sheet.payments.map((one) => (
            <li key={one.fact}>
              <span>{t(`goods.${one.kind}`)}</span> <b>{fen(one.amount)}</b>{" "}
              <span className="note" title={exact(one.at)}>
                {near(one.at)}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
