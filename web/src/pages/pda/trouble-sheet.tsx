import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Task } from "./model";
import { Sheet } from "./shell";

export type Trouble = "damaged" | "short" | "help";

export interface Told {
  kind: Trouble;
  sku: string;
  found: number;
  detail: string;
}

interface Props {
  kind: Trouble;
  task: Task;
  onTell: (told: Told) => void;
  onClose: () => void;
}

/** Says what is wrong with which goods, and what will follow from saying it. */
export function TroubleSheet({ kind, task, onTell, onClose }: Props) {
  const { t } = useTranslation("pda");
  const open = task.lines.find((line) => line.scanned < line.quantity) ?? task.lines[0];
  const [sku, setSku] = useState(open?.sku ?? "");
  const line = task.lines.find((one) => one.sku === sku);
  const most = Math.max(0, (line?.quantity ?? 1) - 1);
  const [found, setFound] = useState(Math.min(open?.scanned ?? 0, most));
  const [detail, setDetail] = useState("");
  const isHelp = kind === "help";
  return (
    <Sheet title={t(`trouble.${kind}`)} onClose={onClose}>
      <form
        className="pda-form"
        onSubmit={(event) => {
          event.preventDefault();
          onTell({ kind, sku: isHelp ? "" : sku, found: isHelp ? 0 : found, detail });
        }}
      >
        {!isHelp && (
          <fieldset>
            <legend>{t("whichGoods")}</legend>
            {task.lines.map((one) => (
              <label key={one.sku} className="pda-choice">
                <input
                  type="radio"
                  name="sku"
                  checked={one.sku === sku}
                  onChange={() => {
                    setSku(one.sku);
                    setFound(Math.min(one.scanned, one.quantity - 1));
                  }}
                />
                <span>{one.name}</span>
                <b>
                  {one.scanned} / {one.quantity}
                </b>
              </label>
            ))}
          </fieldset>
        )}
        {!isHelp && (
          <div className="pda-stepper" role="group" aria-label={t(`found.${kind}`)}>
            <span>{t(`found.${kind}`)}</span>
            <button
              type="button"
              aria-label={t("less")}
              disabled={found <= 0}
              onClick={() => setFound(found - 1)}
            >
              −
            </button>
            <output>{found}</output>
            <button
              type="button"
              aria-label={t("moreUnits")}
              disabled={found >= most}
              onClick={() => setFound(found + 1)}
            >
              +
            </button>
          </div>
        )}
        <label>
          {t("detail")}
          <input
            value={detail}
            maxLength={200}
            onChange={(event) => setDetail(event.target.value)}
          />
        </label>
        <p className="pda-note">{t(`follows.${kind}`)}</p>
        <button type="submit" className="pda-button" data-main="true">
          {t(`tell.${kind}`)}
        </button>
      </form>
    </Sheet>
  );
}
