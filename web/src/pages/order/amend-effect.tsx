import { useTranslation } from "react-i18next";
import type { AmendmentShown, OrderSheet } from "@/api/types.gen";
import { count, money } from "@/format";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { StatusTag, ToneTag, type PromiseState } from "@/parts/status-tag";
import { asProblem } from "@/problem";
import { pick } from "./words";

interface Props {
  sheet: OrderSheet;
  isAsked: boolean;
  shown: AmendmentShown | undefined;
  error: unknown;
  onRetry: () => void;
}

/** What follows from an amendment: money, stock and warehouses, promises; or why it cannot be. */
export function AmendEffect({ sheet, isAsked, shown, error, onRetry }: Props) {
  const { t } = useTranslation("amendments");
  if (!isAsked) return <p className="note">{t("nothing")}</p>;
  if (error) return <ProblemNote problem={asProblem(error)} onRetry={onRetry} />;
  if (!shown) return <Skeleton kind="card" rows={3} />;
  const fen = (minor: number) => money(minor, shown.currency);
  const moves = movesOf(shown);
  const names = new Map(sheet.promises.map((one) => [one.code, pick(one.name)]));
  return (
    <section className="amend-effect" aria-live="polite" aria-label={t("effect")}>
      <h3>{t("effect")}</h3>
      <dl>
        <div>
          <dt>{t("money")}</dt>
          <dd>
            {shown.total === shown.total_was ? (
              t("sameTotal", { total: fen(shown.total) })
            ) : (
              <>
                <s className="muted">{fen(shown.total_was)}</s> → <b>{fen(shown.total)}</b>
              </>
            )}{" "}
            {shown.owed > 0 && <ToneTag tone="risk">{t("owed", { amount: fen(shown.owed) })}</ToneTag>}
            {shown.due > 0 && <ToneTag tone="risk">{t("due", { amount: fen(shown.due) })}</ToneTag>}
          </dd>
        </div>
        <div>
          <dt>{t("stock")}</dt>
          <dd>
            {moves.length === 0 && t("sameStock")}
            {moves.length > 0 && (
              <span className="amend-moves">
                {moves.map((one) => (
                  <span key={one.name}>
                    {t(one.word, {
                      name: one.name,
                      units: count(one.to || one.from),
                      from: count(one.from),
                    })}
                  </span>
                ))}
              </span>
            )}
            {shown.open_units > 0 && (
              <ToneTag tone="risk">{t("open", { units: count(shown.open_units) })}</ToneTag>
            )}
          </dd>
        </div>
        {shown.region !== shown.region_was && (
          <div>
            <dt>{t("region")}</dt>
            <dd>{t("moved")}</dd>
          </div>
        )}
        {shown.promises.length > 0 && (
          <div>
            <dt>{t("promises")}</dt>
            <dd>
              {shown.promises.map((one) => (
                <span key={one.code}>
                  {names.get(one.code) ?? one.code} <StatusTag state={one.before as PromiseState} /> →{" "}
                  <StatusTag state={one.after as PromiseState} />
                </span>
              ))}
            </dd>
          </div>
        )}
      </dl>
    </section>
  );
}

interface Move {
  name: string;
  from: number;
  to: number;
  word: "freed" | "stop" | "planned" | "instead";
}

/** What each warehouse gives back and ships instead; what it keeps as it was is left out. */
function movesOf(shown: AmendmentShown): Move[] {
  const found = new Map<string, Move>();
  for (const { name, units, stop } of shown.freed) {
    const before = found.get(name)?.from ?? 0;
    found.set(name, { name, from: before + units, to: 0, word: stop ? "stop" : "freed" });
  }
  for (const { name, units } of shown.planned) {
    const { from = 0, to = 0 } = found.get(name) ?? {};
    found.set(name, { name, from, to: to + units, word: from > 0 ? "instead" : "planned" });
  }
  return [...found.values()].filter((one) => one.from !== one.to);
}
