import { useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { ask } from "@/client";
import { byLocale } from "@/i18n";
import { ProblemNote } from "@/parts/problem-note";
import { answerPasskey, hasPasskeys, isGivenUp, type PasskeyOptions } from "@/passkey";
import { asProblem, type Problem } from "@/problem";
import { langOf } from "../order/words";
import { newId, type Task, type Why } from "./model";
import { PhotoSheet } from "./scan-sheet";
import { Button, Sheet } from "./shell";

const ACTION = "cold_handover";
const SERIES = "temperature_series";
const AGAIN_MS = 3_000;
/** The bit of the storage class of chilled goods. */
const CHILLED = 2;

/** An act under way, as the hub shows it. */
interface Act {
  id: string;
  items: { no: number; kind: string; value: string; at: string }[];
  missing: Why[];
}

/** The action type for this parcel: who may not and why, what it asks for, whether it was done. */
interface Doable {
  action: string;
  why_not: Why[];
  evidence: { kind: string; by: string }[];
  done: { undone: boolean }[];
}

interface Prepared {
  shown: string;
  options: PasskeyOptions | null;
}

export const isCold = (task: Task) => task.lines.some((line) => (line.storage & CHILLED) !== 0);
const actsOf = (task: Task) => `/v1/orders/${task.item.order}/acts`;

interface PartProps {
  task: Task;
  isOpen: boolean;
  onOpen: () => void;
  onClose: () => void;
}

/** 冷链交接 of a parcel with chilled goods: not recorded yet, recorded, or why it cannot be. */
export function ColdPart({ task, isOpen, onOpen, onClose }: PartProps) {
  const { t } = useTranslation("pda");
  const [cold, setCold] = useState<Doable | null>(null);
  const { order, fulfilment } = task.item;
  const load = useCallback(() => {
    ask<{ items: Doable[] }>(`/v1/orders/${order}/acts?fulfilment=${fulfilment}`)
      .then(({ items }) => setCold(items.find((one) => one.action === ACTION) ?? null))
      // Without the network the hand-over goes on; the act needs the hub.
      .catch(() => undefined);
  }, [order, fulfilment]);
  useEffect(load, [load]);
  if (!cold) return null;
  const because = cold.why_not[0];
  const isDone = cold.done.some((one) => !one.undone);
  return (
    <section className="pda-cold" aria-label={t("cold.title")}>
      <h2>{t("cold.title")}</h2>
      <p className="pda-note">
        {isDone
          ? t("cold.done")
          : because
            ? byLocale(because.reason, because.reason_en)
            : t(task.scanned_waybill ? "cold.why" : "scanWaybillFirst")}
      </p>
      {!isDone && !because && task.scanned_waybill && (
        <button type="button" className="pda-button" onClick={onOpen}>
          {t("cold.begin")}
        </button>
      )}
      {isOpen && (
        <ColdSheet
          task={task}
          isUploaded={cold.evidence.some((one) => one.kind === SERIES && one.by === "person")}
          onClose={() => {
            onClose();
            load();
          }}
        />
      )}
    </section>
  );
}

interface Props {
  task: Task;
  /** Whether a person uploads the series; otherwise the probe's own key hands it in. */
  isUploaded: boolean;
  onClose: () => void;
}

/** Collects what the act asks for, then shows the exact statement. */
function ColdSheet({ task, isUploaded, onClose }: Props) {
  const { t, i18n } = useTranslation("pda");
  const [act, setAct] = useState<Act | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isShooting, shoot] = useState(false);
  const [shown, setShown] = useState<Prepared | null>(null);
  const [isBusy, setBusy] = useState(false);
  const acts = actsOf(task);
  const path = act ? `${acts}/${act.id}` : "";

  /** Do something with the act and show what became of it. */
  const run = async (deed: () => Promise<void>) => {
    setBusy(true);
    setProblem(null);
    try {
      await deed();
    } catch (error) {
      if (!isGivenUp(error)) {
        setShown(null);
        setProblem(asProblem(error));
      }
    } finally {
      setBusy(false);
    }
  };
  const look = useCallback(async () => {
    if (path) setAct(await ask<Act>(path));
  }, [path]);
  const begin = () =>
    run(async () => {
      const json = { action: ACTION, fulfilment: task.item.fulfilment };
      const begun = await ask<Act>(acts, { method: "POST", json });
      const code = task.scanned_waybill;
      const scan = { kind: "handover_scan", code, by: "device" };
      await ask(`${acts}/${begun.id}/evidence`, { method: "POST", json: scan });
      setAct(await ask<Act>(`${acts}/${begun.id}`));
    });
  useEffect(() => {
    void begin();
    // It begins once, when the sheet opens.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);
  useEffect(() => {
    if (shown) return undefined;
    // The probe hands in by itself; what is there, the hub says.
    const timer = setInterval(() => void look().catch(() => undefined), AGAIN_MS);
    return () => clearInterval(timer);
  }, [look, shown]);
  const upload = (kind: string, file: Blob) =>
    run(async () => {
      shoot(false);
      const headers = { "Content-Type": file.type || "application/octet-stream" };
      await ask(`${path}/files?kind=${kind}`, { method: "POST", headers, body: file });
      await look();
    });
  const read = () =>
    run(async () => {
      const json = { lang: langOf(i18n.language) };
      setShown(await ask<Prepared>(`${path}/prepare`, { method: "POST", json }));
    });
  const finish = () =>
    run(async () => {
      const credential = shown?.options ? await answerPasskey(shown.options) : null;
      await ask(`${path}/complete`, {
        method: "POST",
        headers: { "Idempotency-Key": newId() },
        json: { credential },
      });
      onClose();
    });

  if (isShooting) {
    return <PhotoSheet onPhoto={(photo) => void upload("photo", photo)} onClose={() => shoot(false)} />;
  }
  const series = act?.items.filter((one) => one.kind === SERIES).at(-1);
  const lacks = act?.missing[0];
  return (
    <Sheet title={t("cold.title")} onClose={onClose}>
      {problem && <ProblemNote problem={problem} {...(act ? {} : { onRetry: () => void begin() })} />}
      {act && !shown && (
        <>
          <p className="pda-note" role="status">
            {t(series ? "cold.seriesIs" : isUploaded ? "cold.seriesUpload" : "cold.seriesWaits")}
          </p>
          {act.missing.length > 0 ? (
            <ul className="pda-lacks" aria-label={t("lacks")}>
              {act.missing.map((one) => (
                <li key={`${one.clause} ${one.reason}`}>{byLocale(one.reason, one.reason_en)}</li>
              ))}
            </ul>
          ) : (
            <p className="pda-note">{t("cold.whole")}</p>
          )}
          {isUploaded && (
            <label className="pda-button pda-file">
              {t("cold.choose")}
              <input
                type="file"
                accept=".csv,text/csv,text/plain"
                onChange={(event) => {
                  const file = event.target.files?.[0];
                  if (file) void upload(SERIES, file);
                }}
              />
            </label>
          )}
          <Button onClick={() => shoot(true)}>{t("photo")}</Button>
          <Button
            isMain
            isBusy={isBusy}
            because={lacks ? byLocale(lacks.reason, lacks.reason_en) : ""}
            onClick={() => void read()}
          >
            {t("cold.read")}
          </Button>
        </>
      )}
      {shown && (
        <>
          <blockquote className="pda-statement">{shown.shown}</blockquote>
          <Button
            isMain
            isBusy={isBusy}
            because={shown.options && !hasPasskeys() ? t("noPasskeys") : ""}
            onClick={() => void finish()}
          >
            {t(shown.options ? "signIt" : "cold.confirm")}
          </Button>
        </>
      )}
    </Sheet>
  );
}
