import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { CaseItem, CaseShown, ParcelOpened } from "@/api/types.gen";
import { ask } from "@/client";
import { GRADES, OUTCOMES } from "@/pages/after-sales/words";
import { ProblemNote, useProblemWords } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem } from "@/problem";
import { langOf } from "../order/words";
import { SignStatement } from "./review-sheets";
import { Button, Foot, Head, Strip } from "./shell";
import { soundRight, soundWrong } from "./sound";
import { useWedge } from "./use-wedge";

const WAREHOUSE = "danshu.pda.warehouse";

interface InspectionProps {
  id: string;
  /** What was scanned or typed to find the parcel; "" when it was picked from the list. */
  code: string;
  onDone: (state: string) => void;
  onBack: () => void;
}

interface Found {
  quantity: number;
  grade: string;
  outcome: string;
}

/** 验货: the parcel is scanned, its goods are judged and photographed; who, when and what is one act. */
export function Inspection({ id, code, onDone, onBack }: InspectionProps) {
  const { t, i18n } = useTranslation(["after-sales", "nav"]);
  const problemWords = useProblemWords();
  const read = useQuery({
    queryKey: ["after-sales", "one", id],
    queryFn: ({ signal }) => ask<CaseShown>(`/v1/after-sales/${id}`, { signal }),
  });
  const [warehouse, setWarehouse] = useState(() => window.localStorage.getItem(WAREHOUSE) ?? "");
  const [found, setFound] = useState<Readonly<Record<number, Found>>>({});
  const [note, setNote] = useState("");
  const [wrong, setWrong] = useState("");
  const [isSigning, setSigning] = useState(false);
  const failed = (error: unknown) => {
    soundWrong();
    setWrong(problemWords(asProblem(error)));
  };
  const parcel = useMutation({
    mutationFn: (scanned: string) =>
      ask<ParcelOpened>(`/v1/after-sales/${id}/parcel`, {
        method: "POST",
        json: { code: scanned, device_at: new Date().toISOString() },
      }),
    onSuccess: () => {
      setWrong("");
      soundRight();
    },
    onError: failed,
  });
  const act = useMutation({
    mutationFn: (body: Record<string, unknown>) =>
      ask<CaseShown>(`/v1/after-sales/${id}/acts`, { method: "POST", json: body }),
    onSuccess: async (answer) => {
      setWrong("");
      soundRight();
      if (answer.item.state === "received") await read.refetch();
      else onDone(answer.item.state);
    },
    onError: (error) => {
      if (asProblem(error).code === "sign_first") setSigning(true);
      else failed(error);
    },
  });
  const photo = useMutation({
    mutationFn: (file: File) =>
      ask<CaseShown>(`/v1/after-sales/${id}/photos`, {
        method: "POST",
        body: file,
        headers: { "Content-Type": file.type || "image/jpeg" },
      }),
    onSuccess: () => void read.refetch(),
    onError: failed,
  });
  const item: CaseItem | undefined = read.data?.item;
  const isHere = item?.state === "received";
  const isFound = item !== undefined && [item.waybill, item.number].includes(code);
  const { mutate: scan, isIdle } = parcel;
  useEffect(() => {
    // What was scanned to find the parcel is what opens it.
    if (isHere && isFound && isIdle) scan(code);
  }, [isHere, isFound, isIdle, scan, code]);
  useWedge((scanned) => {
    if (isHere) scan(scanned.trim());
  });
  if (!item)
    return read.error ? (
      <ProblemNote problem={asProblem(read.error)} onRetry={() => void read.refetch()} />
    ) : (
      <Skeleton kind="page" />
    );
  const isOpened = isHere && parcel.isSuccess;
  const of = (line: number, quantity: number): Found =>
    found[line] ?? { quantity, grade: "as_new", outcome: "restock" };
  const put = (line: number, quantity: number, change: Partial<Found>) =>
    setFound((old) => ({ ...old, [line]: { ...of(line, quantity), ...change } }));
  const told = () => ({
    act: "inspect",
    note,
    lang: langOf(i18n.language),
    device_at: new Date().toISOString(),
    found: item.lines.map((n) => ({
      line: n.line,
      sku: n.sku,
      ...of(n.line, n.quantity ?? 0),
    })),
  });
  const finish = () => act.mutate(told());
  return (
    <div className="pda">
      <Head
        title={t("nav:pages.pdaReturns")}
        back="/pda/returns"
        large={item.number}
        {...(wrong ? { wrong } : {})}
      />
      <Strip />
      <main className="pda-main" id="main">
        {wrong && (
          <p className="pda-note" role="alert">
            {wrong}
          </p>
        )}
        {!isHere && (
          <div className="pda-form">
            <label>
              {t("pda.warehouse")}
              <input
                value={warehouse}
                maxLength={64}
                onChange={(event) => setWarehouse(event.target.value)}
              />
            </label>
          </div>
        )}
        {isHere && !isOpened && <ParcelForm isBusy={parcel.isPending} onScan={scan} />}
        {isOpened && (
          <p className="pda-note">
            {t(parcel.data.act ? "pda.signedBy" : "pda.ownWord", { grade: parcel.data.grade })}
          </p>
        )}
        {isOpened &&
          item.lines.map((n) => {
            const now = of(n.line, n.quantity ?? 0);
            return (
              <section key={n.line} className="pda-form" aria-label={n.sku}>
                <h2>
                  {n.sku} × {n.quantity}
                </h2>
                <label>
                  {t("pda.units")}
                  <input
                    type="number"
                    min={0}
                    max={n.quantity}
                    value={now.quantity}
                    onChange={(event) =>
                      put(n.line, n.quantity ?? 0, { quantity: Number(event.target.value) })
                    }
                  />
                </label>
                <Choice
                  name={`grade-${n.line}`}
                  legend={t("pda.grade")}
                  values={GRADES}
                  wordOf={(one) => t(`grades.${one}`)}
                  value={now.grade}
                  onPick={(grade) => put(n.line, n.quantity ?? 0, { grade })}
                />
                <Choice
                  name={`outcome-${n.line}`}
                  legend={t("pda.outcome")}
                  values={OUTCOMES}
                  wordOf={(one) => t(`outcomes.${one}`)}
                  value={now.outcome}
                  onPick={(outcome) => put(n.line, n.quantity ?? 0, { outcome })}
                />
              </section>
            );
          })}
        {isOpened && (
          <div className="pda-form">
            <label>
              {t("pda.photo")}
              <input
                type="file"
                accept="image/jpeg,image/png"
                capture="environment"
                onChange={(event) => {
                  const file = event.target.files?.[0];
                  if (file) photo.mutate(file);
                }}
              />
            </label>
            <span role="status">{t("pda.photos", { count: read.data?.photos.length ?? 0 })}</span>
            <label>
              {t("pda.note")}
              <input value={note} maxLength={200} onChange={(event) => setNote(event.target.value)} />
            </label>
          </div>
        )}
        <button type="button" className="pda-plain" onClick={onBack}>
          {t("pda.again")}
        </button>
      </main>
      <Foot>
        {isHere ? (
          <Button
            isMain
            isBusy={act.isPending}
            because={isOpened ? "" : t("pda.scanFirst")}
            onBecause={setWrong}
            onClick={finish}
          >
            {t("pda.done")}
          </Button>
        ) : (
          <Button
            isMain
            isBusy={act.isPending}
            onClick={() => {
              window.localStorage.setItem(WAREHOUSE, warehouse);
              act.mutate({ act: "receive", warehouse });
            }}
          >
            {t("pda.receive")}
          </Button>
        )}
      </Foot>
      {isSigning && (
        <SignStatement
          path={`/v1/after-sales/${id}/statement`}
          min_ms={0}
          send={async (credential) => {
            const done = await ask<CaseShown>(`/v1/after-sales/${id}/acts`, {
              method: "POST",
              json: { ...told(), credential },
            });
            onDone(done.item.state);
          }}
          onSigned={() => setSigning(false)}
          onClose={() => setSigning(false)}
        />
      )}
    </div>
  );
}

interface ParcelProps {
  isBusy: boolean;
  onScan: (code: string) => void;
}

/** The parcel's own code, scanned or typed: the inspection begins with it. */
function ParcelForm({ isBusy, onScan }: ParcelProps) {
  const { t } = useTranslation("after-sales");
  const [typed, setTyped] = useState("");
  return (
    <form
      className="pda-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (typed.trim()) onScan(typed.trim());
      }}
    >
      <label>
        {t("pda.parcel")}
        <input value={typed} maxLength={64} onChange={(event) => setTyped(event.target.value)} />
      </label>
      <button type="submit" className="pda-button" disabled={isBusy}>
        {t("pda.open")}
      </button>
    </form>
  );
}

interface ChoiceProps {
  name: string;
  legend: string;
  values: readonly string[];
  wordOf: (value: string) => string;
  value: string;
  onPick: (value: string) => void;
}

function Choice({ name, legend, values, wordOf, value, onPick }: ChoiceProps) {
  return (
    <fieldset>
      <legend>{legend}</legend>
      {values.map((one) => (
        <label key={one} className="pda-choice">
          <input type="radio" name={name} checked={one === value} onChange={() => onPick(one)} />
          <span>{wordOf(one)}</span>
        </label>
      ))}
    </fieldset>
  );
}
