import { useTranslation } from "react-i18next";
import type { ImportCounts } from "@/api/types.gen";
import { fetchHub } from "@/client";
import { countTile } from "@/format";
import { Figure } from "@/parts/figure";
import i18next from "i18next";
import type { Import } from "./imports";

/** Rows = new + changed + same + rejected, always. */
export function Counts({ counts }: { counts: ImportCounts }) {
  const { t } = useTranslation("imports");
  const unit = t("rows");
  return (
    <div className="figures imports-figures">
      <Figure label={t("columns.rows")} tile={countTile(counts.rows, unit)} note={t("sum")} />
      <Figure label={t("outcomes.new")} tile={countTile(counts.new, unit)} />
      <Figure label={t("outcomes.changed")} tile={countTile(counts.changed, unit)} />
      <Figure label={t("outcomes.same")} tile={countTile(counts.same, unit)} />
      <Figure
        label={t("outcomes.rejected")}
        tile={countTile(counts.rejected, unit)}
        tone={counts.rejected ? "broken" : "plain"}
      />
    </div>
  );
}

/** Save the rejected rows as a file, with the reasons in the person's language. */
export async function saveRejects(made: Import): Promise<void> {
  const lang = i18next.language === "en" ? "en" : "zh";
  const path = `/v1/imports/${made.id}/rejects?lang=${lang}`;
  const answer = await fetchHub(new URL(path, window.location.origin));
  const url = URL.createObjectURL(await answer.blob());
  const link = document.createElement("a");
  link.href = url;
  link.download = `${(made.name || made.kind).replace(/\.\w+$/, "")}-rejects.csv`;
  link.click();
  URL.revokeObjectURL(url);
}
