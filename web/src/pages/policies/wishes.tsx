import { useMutation } from "@tanstack/react-query";
import { Button, Input } from "antd";
import { type FormEvent, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { PolicyWishPage, PolicyWishShown } from "@/api/types.gen";
import { ask } from "@/client";
import { dated } from "@/format";
import { byLocale } from "@/i18n";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { SmallTable, type SmallColumn } from "@/parts/small-table";
import { ToneTag } from "@/parts/status-tag";
import { query } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";

const KEY = ["routing", "wishes"] as const;
const WORDS = 300;
const ROWS = 5;
const TONES = { not_understood: "risk", understood: "info", drafted: "kept" } as const;

const planOf = (wish: PolicyWishShown) => byLocale(wish.plan_zh, wish.plan_en);

/** 用话起草: a policy told in words, what rules read of it, and what became of earlier ones. */
export function Wishes() {
  const { t } = useTranslation("wishes");
  const mayTell = useMay("agent.propose");
  const list = useKeyset<PolicyWishShown, PolicyWishPage>({
    queryKey: KEY,
    fetch: (cursor, signal) => ask(`/v1/policy-wishes?${query({ cursor, limit: ROWS })}`, { signal }),
    limit: ROWS,
  });
  const columns: SmallColumn<PolicyWishShown>[] = [
    { key: "words", title: t("columns.words"), render: (one) => one.words },
    { key: "plan", title: t("columns.plan"), render: (one) => planOf(one) || <Lost wish={one} /> },
    {
      key: "state",
      title: t("columns.state"),
      render: (one) => {
        const tag = <ToneTag tone={TONES[one.state]}>{t(`states.${one.state}`)}</ToneTag>;
        return one.draft ? <a href={`/policies/${one.draft}`}>{tag}</a> : tag;
      },
    },
    { key: "at", title: t("columns.at"), render: (one) => dated(one.at) },
  ];
  return (
    <Card title={t("title")} note={t("note")}>
      {mayTell && <Teller />}
      {list.problem && <ProblemNote problem={list.problem} onRetry={list.onRetry} />}
      <SmallTable caption={t("list")} columns={columns} rows={list.rows} keyOf={(one) => one.id} empty={t("empty")} />
      {list.hasMore && <Button block type="text" onClick={list.onMore}>{t("more")}</Button>}
    </Card>
  );
}

function Teller() {
  const { t } = useTranslation("wishes");
  const [words, write] = useState("");
  const id = useId();
  const told = useMutation({
    mutationFn: () => ask<PolicyWishShown>("/v1/policy-wishes", { method: "POST", json: { words: words.trim() } }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: KEY });
    },
  });
  function send(event: FormEvent) {
    event.preventDefault();
    if (words.trim()) told.mutate();
  }
  return (
    <form className="policy-wish" onSubmit={send}>
      <label htmlFor={id}>{t("label")}</label>
      <div>
        <Input id={id} value={words} maxLength={WORDS} placeholder={t("example")} onChange={(event) => write(event.target.value)} />
        <Button htmlType="submit" loading={told.isPending} disabled={!words.trim()}>{t("act")}</Button>
      </div>
      <div role="status">
        {told.data && <Read wish={told.data} />}
      </div>
      {told.error && <ProblemNote problem={asProblem(told.error)} />}
    </form>
  );
}

function Read({ wish }: { wish: PolicyWishShown }) {
  const { t } = useTranslation("wishes");
  if (wish.state === "not_understood") return <p><Lost wish={wish} /></p>;
  return (
    <p>
      {t("read", { plan: planOf(wish) })} <span className="note">{t("next")}</span> <Link to="/agent">{t("agent")}</Link>
    </p>
  );
}

/** Which words were not understood, and why where that helps; or what the linter has against it. */
function Lost({ wish }: { wish: PolicyWishShown }) {
  const { t } = useTranslation("wishes");
  const why = [...wish.why, ...wish.findings].map((one) => byLocale(one.zh, one.en));
  return (
    <>
      {wish.unknown.length > 0 && t("lost", { words: wish.unknown.join(t("comma")) })}{" "}
      {why.length > 0 && <span className="note">{why.join(t("comma"))}</span>}
    </>
  );
}
