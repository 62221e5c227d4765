import { useTranslation } from "react-i18next";
import type { Losses } from "@/api/types.gen";
import { money } from "@/format";

const MOST = 10;

/** What losing two warehouses costs; on the diagonal one alone. Pairs that share no region are the
 * sum of both and are shown as a dot. */
export function Heat({ losses, names }: { losses: Losses; names: Map<string, string> }) {
  const { t } = useTranslation("resilience");
  const codes = losses.singles.slice(0, MOST).map((one) => one.warehouses[0] ?? "");
  const sums = new Map<string, number>();
  for (const one of [...losses.singles, ...losses.pairs]) {
    sums.set([...one.warehouses].sort().join(" "), one.total_fen);
  }
  const most = Math.max(1, ...sums.values());
  const cell = (a: string, b: string) => sums.get(a === b ? a : [a, b].sort().join(" "));
  return (
    <section className="resilience-heat" tabIndex={0} aria-label={t("pairs")}>
      <table>
        <caption className="visually-hidden">{t("pairs")}</caption>
        <thead>
          <tr>
            <td />
            {codes.map((code) => (
              <th key={code} scope="col">
                {names.get(code) ?? code}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {codes.map((row) => (
            <tr key={row}>
              <th scope="row">{names.get(row) ?? row}</th>
              {codes.map((column) => {
                const fen = cell(row, column);
                return (
                  <td
                    key={column}
                    data-alone={row === column}
                    style={{
                      background: `color-mix(in srgb, var(--riskbg) ${Math.round(
                        (Math.max(0, fen ?? 0) / most) * 100,
                      )}%, var(--surface))`,
                    }}
                  >
                    {fen === undefined ? "·" : money(fen)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      {losses.pairs_left_out > 0 && <p className="note">{t("leftOut", { count: losses.pairs_left_out })}</p>}
    </section>
  );
}
