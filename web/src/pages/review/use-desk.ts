import { useCallback, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Candidate, Review, ReviewAsk, ReviewReject } from "@/api/types.gen";
import { useKeys } from "@/keys/use-keys";
import { useNotice } from "@/parts/notice";
import {
  ANSWERS,
  answersOf,
  doubtfulOf,
  missingOf,
  type Row,
  rowsOf,
  withLine,
  withoutLine,
  withValue,
} from "./draft";
import { useDecide } from "./use-review";

type Dialog = "" | "reject" | "ask";

/** What a reviewer does with one original: correct, choose, confirm, ask, reject; by keys too. */
export function useDesk(review: Review, isOff: boolean, onNext: () => void) {
  const { t } = useTranslation("review");
  const { done, failed } = useNotice();
  const [draft, setDraft] = useState(review.draft);
  const [active, hover] = useState("");
  const [settled, settle] = useState<ReadonlySet<string>>(new Set());
  const [named, name] = useState<Readonly<Record<string, string>>>({});
  const [dialog, open] = useState<Dialog>("");
  const rows = useMemo(
    () => rowsOf(draft, review.fields, review.questions),
    [draft, review.fields, review.questions],
  );
  const titles = useMemo(() => ({ ...titlesOf(review), ...named }), [review, named]);
  const doubtful = doubtfulOf(rows, settled);
  const nameOf = useCallback(
    (path: string) => {
      const [first = "", at, part] = path.split("/").slice(1);
      if (first === "lines" && part) return t("lineField", { n: Number(at) + 1, name: t(`names.${part}`, { defaultValue: part }) });
      if (first === "repair") {
        const last = path.split("/").filter((step) => !/^\d*$/.test(step)).at(-1) ?? "";
        return t(`names.${last}`, { defaultValue: last });
      }
      return t(`names.${first}`, { defaultValue: first });
    },
    [t],
  );
  const decide = useDecide(
    review,
    (told, decision) => {
      open("");
      const words = decision.act === "confirm" && told.order ? "ordered" : decision.act;
      done(t(`done.${review.turn === 2 ? "second" : words}`), told.order ? { to: `/orders/${told.order}` } : {});
      onNext();
    },
    failed,
  );
  const change = (row: Row, value: string, title = "") => {
    setDraft((old) => withValue(old, row.path, value, title));
    settle((old) => new Set([...old, row.path]));
    if (title) name((old) => ({ ...old, [`${row.kind} ${value}`]: title }));
  };
  const answer = (one: Candidate) => doubtful && change(doubtful, one.value, one.title ?? "");
  const focus = (path: string) =>
    document.querySelector<HTMLInputElement>(`tr[data-path="${path}"] input`)?.focus();
  const other = () => doubtful && focus(doubtful.path);
  const confirm = () => {
    if (isOff || decide.isPending) return;
    const missing = missingOf(draft);
    if (missing) {
      done(t("missing", { name: missing === "/lines" ? t("names.lines") : nameOf(missing) }));
      focus(missing);
      return;
    }
    decide.mutate({ act: "confirm", draft });
  };
  const answers = answersOf(doubtful);
  const isFirst = review.turn === 1;
  useKeys(
    [
      { keys: "Enter", label: t("confirm"), run: confirm },
      ...(isFirst
        ? [
            { keys: "q", label: t("ask"), run: () => open("ask") },
            { keys: "r", label: t("reject"), run: () => open("reject") },
          ]
        : []),
    ],
    !isOff,
  );
  useKeys(
    Array.from({ length: ANSWERS }, (_, at) => ({
      keys: String(at + 1),
      label: at === 0 ? t("chooseKey") : "",
      run: () => {
        const one = answers[at];
        if (one) answer(one);
        else if (at === answers.length) other();
      },
    })),
    !isOff && doubtful !== undefined,
  );
  return {
    repair: draft.repair,
    rows,
    titles,
    active,
    hover,
    doubtful,
    settled,
    nameOf,
    dialog,
    open,
    change,
    answer,
    other,
    confirm,
    isWaiting: decide.isPending,
    addLine: () => setDraft(withLine),
    dropLine: (at: number) => setDraft((old) => withoutLine(old, at)),
    reject: (told: ReviewReject) => decide.mutate({ act: "reject", told }),
    ask: (told: ReviewAsk) => decide.mutate({ act: "ask", told }),
  };
}

/** What values are called: by "kind value", from candidates and from the lines. */
function titlesOf(review: Review): Record<string, string> {
  const told: Record<string, string> = {};
  for (const row of rowsOf(review.draft, review.fields, review.questions)) {
    for (const one of [...(row.field?.candidates ?? []), ...(row.question?.candidates ?? [])]) {
      if (one.title) told[`${row.kind} ${one.value}`] = one.title;
    }
  }
  for (const line of review.draft.lines ?? []) {
    if (line.title) told[`sku ${line.sku}`] ??= line.title;
  }
  return told;
}
