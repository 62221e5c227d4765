import { useTranslation } from "react-i18next";
import type { Task } from "./model";
import { Sheet } from "./shell";

export interface Short {
  found: { sku: string; found: number }[];
}

/** 短拣: what was scanned is all there is; the missing units come from elsewhere. */
export function ShortSheet({
  task,
  onTell,
  onHold,
  onClose,
}: {
  task: Task;
  onTell: (told: Short) => void;
  /** The other way: somebody is to look at it first. */
  onHold: () => void;
  onClose: () => void;
}) {
  const { t } = useTranslation("pda");
  const short = task.lines.filter((line) => line.scanned < line.quantity);
  return (
    <Sheet title={t("short.title")} onClose={onClose}>
      <form
        className="pda-form"
        onSubmit={(event) => {
          event.preventDefault();
          onTell({ found: short.map(({ sku, scanned }) => ({ sku, found: scanned })) });
        }}
      >
        <ul className="pda-short">
          {short.map((line) => (
            <li key={line.sku}>
              <span>{line.name}</span>
              <b>{t("short.line", { found: line.scanned, of: line.quantity })}</b>
            </li>
          ))}
        </ul>
        <p className="pda-note">{t("short.follows")}</p>
        <button type="submit" className="pda-button" data-main="true" disabled={short.length === 0}>
          {t("short.tell")}
        </button>
        <button type="button" className="pda-plain" onClick={onHold}>
          {t("short.hold")}
        </button>
      </form>
    </Sheet>
  );
}
