import { useTranslation } from "react-i18next";
import type { MoneyLine, Reckoning } from "@/api/types.gen";
import { money } from "@/format";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import "./after-sales.css";

/** What was paid, refunded before, and is paid now: line by line, to the fen. */
export function Arithmetic({ found }: { found: Reckoning }) {
  const { t } = useTranslation("after-sales");
  const fen = (value: number) => money(value, found.currency);
  const number = (key: string, of: (n: MoneyLine) => string): SmallColumn<MoneyLine> => ({
    key,
    title: t(`money.${key}`),
    isNumber: true,
    render: of,
  });
  const columns: SmallColumn<MoneyLine>[] = [
    {
      key: "line",
      title: t("money.line"),
      render: (n) => (
        <span title={n.sku}>
          {n.title || n.sku} × {n.quantity}
        </span>
      ),
    },
    number("paid", (n) => fen(n.paid)),
    number("refunded", (n) => (n.refunded ? fen(-n.refunded) : "—")),
    number("units", (n) => (n.units ? String(n.units) : "—")),
    {
      ...number("now", () => ""),
      render: (n) => (n.now ? <b>{fen(n.now)}</b> : "—"),
    },
    number("after", (n) => fen(n.paid - n.refunded - n.now)),
  ];
  const parts: [string, number, number, number][] = [
    ["postage", found.postage, found.postage_refunded, found.postage_now],
    ["over", found.over, 0, found.over_now],
  ];
  return (
    <div className="arithmetic">
      <SmallTable
        caption={t("money.title")}
        columns={columns}
        rows={found.lines}
        keyOf={(n) => String(n.line)}
        empty=""
      />
      <dl className="arithmetic-sums">
        {parts
          .filter(([, paid, before, now]) => paid || before || now)
          .map(([name, paid, before, now]) => (
            <div key={name}>
              <dt>{t(`money.${name}`)}</dt>
              <dd>
                {t("money.part", { paid: fen(paid), before: fen(before), now: fen(now) })}
              </dd>
            </div>
          ))}
        {found.forfeited > 0 && (
          <div>
            <dt>{t("money.forfeited")}</dt>
            <dd>{fen(found.forfeited)}</dd>
          </div>
        )}
        {found.own_now > 0 && (
          <div>
            <dt>{t("money.own")}</dt>
            <dd>{fen(found.own_now)}</dd>
          </div>
        )}
        <div>
          <dt>{t("money.all")}</dt>
          <dd>
            {t("money.sum", {
              paid: fen(found.paid),
              before: fen(found.refunded),
              left: fen(found.left - found.now + found.own_now),
            })}
          </dd>
        </div>
        <div className="arithmetic-now">
          <dt>{t("money.now")}</dt>
          <dd>{fen(found.now)}</dd>
        </div>
      </dl>
    </div>
  );
}
