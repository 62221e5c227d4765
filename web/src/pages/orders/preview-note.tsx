import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Preview } from "@/api/types.gen";
import { count, money } from "@/format";
import { byLocale } from "@/i18n";
import type { Act } from "./model";

interface Props {
  act: Act;
  preview: Preview | undefined;
  isLooking: boolean;
}

/** 将挂起 47,902 单；314 单不能，原因……；将退款 ¥1,204.00，不可撤回。 */
export function PreviewNote({ act, preview, isLooking }: Props) {
  const { t } = useTranslation(["orders", "common"]);
  if (!preview) return <p className="note">{isLooking ? t("looking") : ""}</p>;
  const refused = preview.refused.reduce((sum, one) => sum + one.count, 0);
  const refund = Object.entries(preview.refund).map(([currency, amount]) =>
    money(amount, currency),
  );
  return (
    <section className="orders-preview" aria-label={t("preview")} aria-busy={isLooking}>
      <p role="status">
        {t("would", { act: t(`acts.${act}`), number: count(preview.able) })}
        {refused > 0 && t("wouldNot", { number: count(refused) })}
      </p>
      {!preview.exact && (
        <p className="note">
          {t("examined", {
            examined: count(preview.examined),
            total: `${preview.total_exact ? "" : t("about")}${count(preview.total)}`,
          })}
        </p>
      )}
      {preview.refused.length > 0 && (
        <ul>
          {preview.refused.map((one) => (
            <li key={`${one.code} ${one.reason}`}>
              <b>{count(one.count)}</b> {byLocale(one.reason, one.reason_en)}
              {one.orders[0] && (
                <Link to={`/orders/${one.orders[0]}`} target="_blank">
                  {t("anExample")}
                </Link>
              )}
            </li>
          ))}
        </ul>
      )}
      {refund.length > 0 && <p className="orders-cost">{t("refund", { amount: refund.join(t("comma")) })}</p>}
      <p className="note">{t(preview.undo ? "canUndo" : `cannotUndo.${act === "cancel" || act === "readdress" ? act : "reroute"}`)}</p>
    </section>
  );
}
