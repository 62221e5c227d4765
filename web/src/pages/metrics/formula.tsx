import { useTranslation } from "react-i18next";
import type { FormulaSaid, MetricFinding, MetricTitle } from "@/api/types.gen";
import { titleOf } from "./model";
import { useSaid } from "./said";

const TOKEN = /'(?:[^']|'')*'|metric\.\w+|\w+(?=\s*\()|[A-Za-z_]\w*|\d+|\s+|./gs;
const WORDS = /^(and|or|not|in|is|null|case|when|then|else|end|between|filter|where|distinct)$/i;

function kindOf(token: string, next: string): string {
  if (token.startsWith("'")) return "text";
  if (token.startsWith("metric.")) return "metric";
  if (WORDS.test(token)) return "word";
  if (/^[A-Za-z_]/.test(token)) return next === "(" ? "function" : "column";
  return /^\d/.test(token) ? "number" : "";
}

/** A formula as it is written, its parts told apart; what the hub found is underlined. */
export function FormulaText({
  text,
  columns,
  findings = [],
}: {
  text: string;
  columns: Readonly<Record<string, MetricTitle>>;
  findings?: readonly MetricFinding[];
}) {
  const tokens = [...text.matchAll(TOKEN)];
  const isWrong = (at: number) =>
    findings.some((one) => (one.start ?? -1) <= at && at < (one.end ?? -1));
  return (
    <pre className="metric-formula">
      <code>
        {tokens.map((token, no) => {
          const after = tokens.slice(no + 1).find((one) => one[0].trim() !== "")?.[0] ?? "";
          const kind = kindOf(token[0], after);
          const title = kind === "column" ? titleOf(columns[token[0]]) : "";
          return (
            <span
              key={token.index}
              data-kind={kind || undefined}
              data-wrong={isWrong(token.index) || undefined}
              title={title || undefined}
            >
              {token[0]}
            </span>
          );
        })}
      </code>
    </pre>
  );
}

/** The same in words. */
export function FormulaSentence({
  said,
  filter,
}: {
  said: FormulaSaid | null | undefined;
  filter: FormulaSaid | null | undefined;
}) {
  const { t } = useTranslation("metrics");
  const word = useSaid();
  if (!said) return null;
  return (
    <p className="metric-said">
      {t("reads")}
      {word(said)}
      {filter && t("onlyWhere", { filter: word(filter) })}
      {t("stop")}
    </p>
  );
}
