import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { CaseItem, CasePage, CaseShown } from "@/api/types.gen";
import { ask } from "@/client";
import { useNow } from "@/live/use-live";
import { GRADES, OUTCOMES, useWords } from "@/pages/after-sales/words";
import { ProblemNote, useProblemWords } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem } from "@/problem";
import { Button, Foot, Head, Strip } from "./shell";
import { soundRight, soundWrong } from "./sound";
import { useWedge } from "./use-wedge";

const WAREHOUSE = "danshu.pda.warehouse";

/** 退货质检: scan a parcel, say what lies in it and in which condition, photograph, finish. */
export function ReturnsPage() {
  const { t } = useTranslation(["after-sales", "nav"]);
  const words = useWords();
  const now = useNow();
  const [code, setCode] = useState("");
  const [typed, setTyped] = useState("");
  const [open, setOpen] = useState("");
  const [said, setSaid] = useState("");
  const list = useQuery({
    queryKey: ["after-sales", "parcels", code],
    queryFn: async ({ signal }) => {
      const states = code ? ["agreed", "returning", "received"] : ["received", "returning"];
      const pages = await Promise.all(
        states.map((state) =>
          ask<CasePage>(
            `/v1/after-sales?${new URLSearchParams({ state, q: code, limit: "20" })}`,
            { signal },
          ),
        ),
      );
      return pages.flatMap((page) => page.items).filter((one) => one.kind !== "claim");
    },
  });
  const find = (value: string) => {
    setCode(value.trim());
    setSaid("");
  };
  useWedge(find);
  if (open)
    return (
      <Inspection
        id={open}
        onDone={(state) => {
          setOpen("");
          setCode("");
          setTyped("");
          setSaid(t("pda.said", { state: t(`states.${state}`) }));
          void list.refetch();
        }}
        onBack={() => setOpen("")}
      />
    );
  const items = list.data ?? [];
  return (
    <div className="pda">
      <Head title={t("nav:pages.pdaReturns")} back="/pda" large={code || t("pda.scan")} />
      <Strip />
      <main className="pda-main" id="main">
        {said && (
          <p className="pda-note" role="status">
            {said}
          </p>
        )}
        <form
          className="pda-form"
          onSubmit={(event) => {
            event.preventDefault();
            find(typed);
          }}
        >
          <label>
            {t("pda.scan")}
            <input value={typed} maxLength={64} onChange={(event) => setTyped(event.target.value)} />
          </label>
          <button type="submit" className="pda-button">
            {t("pda.find")}
          </button>
        </form>
        {list.error && <ProblemNote problem={asProblem(list.error)} onRetry={() => void list.refetch()} />}
        {list.isPending && <Skeleton kind="rows" rows={3} />}
        {list.data && items.length === 0 && (
          <p className="pda-note">{t(code ? "pda.nothing" : "none")}</p>
        )}
        <ul className="pda-cards">
          {items.map((item) => (
            <li key={item.id}>
              <button type="button" className="pda-card" onClick={() => setOpen(item.id)}>
                <b>{item.number}</b>
                <span>{words.units(item)}</span>
                <span className="pda-due" data-late={words.isLate(item, now) ? "true" : undefined}>
                  {words.state(item)} · {words.left(item, now)}
                </span>
              </button>
            </li>
          ))}
        </ul>
      </main>
    </div>
  );
}

interface InspectionProps {
  id: string;
  onDone: (state: string) => void;
  onBack: () => void;
}

interface Found {
  quantity: number;
  grade: string;
  outcome: string;
}

function Inspection({ id, onDone, onBack }: InspectionProps) {
  const { t } = useTranslation(["after-sales", "nav"]);
  const problemWords = useProblemWords();
  const read = useQuery({
    queryKey: ["after-sales", "one", id],
    queryFn: ({ signal }) => ask<CaseShown>(`/v1/after-sales/${id}`, { signal }),
  });
  const [warehouse, setWarehouse] = useState(() => window.localStorage.getItem(WAREHOUSE) ?? "");
  const [found, setFound] = useState<Readonly<Record<number, Found>>>({});
  const [note, setNote] = useState("");
  const [wrong, setWrong] = useState("");
  const failed = (error: unknown) => {
    soundWrong();
    setWrong(problemWords(asProblem(error)));
  };
  const act = useMutation({
    mutationFn: (body: Record<string, unknown>) =>
      ask<CaseShown>(`/v1/after-sales/${id}/acts`, { method: "POST", json: body }),
    onSuccess: async (answer) => {
      setWrong("");
      soundRight();
      if (answer.item.state === "received") await read.refetch();
      else onDone(answer.item.state);
    },
    onError: failed,
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
  if (!item)
    return read.error ? (
      <ProblemNote problem={asProblem(read.error)} onRetry={() => void read.refetch()} />
    ) : (
      <Skeleton kind="page" />
    );
  const isHere = item.state === "received";
  const of = (line: number, quantity: number): Found =>
    found[line] ?? { quantity, grade: "as_new", outcome: "restock" };
  const put = (line: number, quantity: number, change: Partial<Found>) =>
    setFound((old) => ({ ...old, [line]: { ...of(line, quantity), ...change } }));
  const finish = () =>
    act.mutate({
      act: "inspect",
      note,
      found: item.lines.map((n) => ({
        line: n.line,
        sku: n.sku,
        ...of(n.line, n.quantity ?? 0),
      })),
    });
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
        {isHere &&
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
        {isHere && (
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
          <Button isMain isBusy={act.isPending} onClick={finish}>
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
    </div>
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
