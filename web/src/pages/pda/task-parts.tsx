import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { count as counted } from "@/format";
import type { Line, Task } from "./model";
import { Sheet } from "./shell";
import { usePda } from "./use-pda";

/** 00:41 since the claim, by this device's clock. */
export function Passed({ since }: { since: string }) {
  const { clock } = usePda();
  const [now, setNow] = useState(() => Date.now());
  const began = useRef(since ? new Date(since).getTime() - (clock.offset_ms ?? 0) : Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.max(0, Math.floor((now - began.current) / 1000));
  const two = (n: number) => String(n).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  return (
    <time>
      {hours > 0 ? `${hours}:` : ""}
      {two(Math.floor(seconds / 60) % 60)}:{two(seconds % 60)}
    </time>
  );
}

/** Goods to scan, in the order of the walk; the next one comes into view by itself. */
export function Lines({ lines }: { lines: readonly Line[] }) {
  const { t } = useTranslation("pda");
  const next = lines.find((line) => line.scanned < line.quantity)?.sku;
  const shown = useRef<HTMLLIElement>(null);
  useEffect(() => {
    void shown.current?.scrollIntoView({ block: "nearest" });
  }, [next]);
  return (
    <ul className="pda-lines">
      {lines.map((line) => (
        <li
          key={line.sku}
          ref={line.sku === next ? shown : undefined}
          data-is={line.scanned >= line.quantity ? "done" : line.sku === next ? "now" : "next"}
        >
          <div>
            <b>{line.name}</b>
            <span className="pda-code">
              {line.sku}
              {line.barcode && ` · ${line.barcode}`}
            </span>
            {line.lots?.map((one) => (
              <span key={`${one.lot} ${one.expiry}`} className="pda-code">
                {t("lotShown", one)}
              </span>
            ))}
            {line.storage !== 1 && (
              <span className="pda-storage">{t(`storage.${line.storage}`)}</span>
            )}
          </div>
          <b className="pda-count">
            {counted(line.scanned)} / {counted(line.quantity)}
          </b>
        </li>
      ))}
    </ul>
  );
}

export function Parcel({
  task,
  carrier,
  box,
  onCarrier,
}: {
  task: Task;
  carrier: string;
  box: string;
  onCarrier: () => void;
}) {
  const { t } = useTranslation("pda");
  return (
    <dl className="pda-parcel">
      <dt>{t("waybill")}</dt>
      <dd data-is={task.scanned_waybill ? "done" : "now"}>
        {task.scanned_waybill || (task.waybill ? t("expects", { waybill: task.waybill }) : t("notScanned"))}
      </dd>
      {task.equipment && (
        <>
          <dt>{t("box")}</dt>
          <dd data-is={box ? "done" : "now"}>{box || t("notScanned")}</dd>
        </>
      )}
      <dt>{t("carrier")}</dt>
      <dd>
        {carrier || t("notNamed")}{" "}
        <button type="button" className="pda-plain" onClick={onCarrier}>
          {t("change")}
        </button>
      </dd>
      <dt>{t("review")}</dt>
      <dd>{t(`reviewed.${task.item.review}`)}</dd>
    </dl>
  );
}

export function CarrierSheet({
  names,
  chosen,
  onChoose,
  onClose,
}: {
  names: readonly string[];
  chosen: string;
  onChoose: (name: string) => void;
  onClose: () => void;
}) {
  const { t } = useTranslation("pda");
  const [name, setName] = useState(chosen);
  return (
    <Sheet title={t("carrier")} onClose={onClose}>
      <form
        className="pda-form"
        onSubmit={(event) => {
          event.preventDefault();
          onChoose(name.trim());
        }}
      >
        {names.map((one) => (
          <label key={one} className="pda-choice">
            <input type="radio" name="carrier" checked={one === name} onChange={() => setName(one)} />
            <span>{one}</span>
          </label>
        ))}
        <label>
          {t("carrierName")}
          <input value={name} maxLength={64} onChange={(event) => setName(event.target.value)} />
        </label>
        <button type="submit" className="pda-button" data-main="true">
          {t("choose")}
        </button>
      </form>
    </Sheet>
  );
}

export function Photos({ count, onAdd }: { count: number; onAdd: () => void }) {
  const { t } = useTranslation("pda");
  return (
    <div className="pda-photos">
      <span>{count === 0 ? t("noPhoto") : t("photos", { count })}</span>
      <button type="button" className="pda-plain" onClick={onAdd}>
        {t("photo")}
      </button>
    </div>
  );
}
