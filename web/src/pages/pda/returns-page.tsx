import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { CasePage } from "@/api/types.gen";
import { ask } from "@/client";
import { useNow } from "@/live/use-live";
import { useWords } from "@/pages/after-sales/words";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem } from "@/problem";
import { Inspection } from "./inspection";
import { Head, Strip } from "./shell";
import { useWedge } from "./use-wedge";

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
        code={code}
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
