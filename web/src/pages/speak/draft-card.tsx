import { QuestionCircleOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { OriginalRow } from "@/api/types.gen";
import { ask } from "@/client";
import { dated } from "@/format";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { ToneTag } from "@/parts/status-tag";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import { answered, lackOf, questionOf, type Spoken, sureOf, titleOf, toneOf } from "./model";

interface Props {
  spoken: Spoken | null;
  isReading: boolean;
  onChange: (spoken: Spoken | null) => void;
}

const OPEN = new Set(["asking", "review"]);

/** 订单草稿: what was understood, how sure it is, what is asked, and the acts. */
export function DraftCard({ spoken, isReading, onChange }: Props) {
  const { t } = useTranslation("speak");
  if (!spoken) {
    return (
      <Card title={t("draft")}>
        {isReading ? <Skeleton kind="rows" /> : <p className="note">{t("empty")}</p>}
      </Card>
    );
  }
  const { original, parsed } = spoken;
  const sure = parsed?.confidence ?? 0;
  return (
    <Card
      title={t("draft")}
      note={t(`intents.${original.intent || "none"}`)}
      extra={
        <ToneTag tone={toneOf(sure)}>{t("sure", { percent: Math.round(sure / 10) })}</ToneTag>
      }
    >
      <Values spoken={spoken} />
      {original.troubles.length > 0 && (
        <ul className="speak-troubles">
          {original.troubles.map((code) => (
            <li key={code}>{t(`troubles.${code}`, { defaultValue: code })}</li>
          ))}
        </ul>
      )}
      <Asked spoken={spoken} onChange={onChange} />
      <Acts spoken={spoken} onChange={onChange} />
    </Card>
  );
}

function Values({ spoken }: { spoken: Spoken }) {
  const { t } = useTranslation("speak");
  const { draft } = spoken;
  const rows: { path: string; name: string; value: string }[] = [];
  if (draft.store) rows.push({ path: "/store", name: t("store"), value: titleOf(spoken, "/store", draft.store) });
  (draft.lines ?? []).forEach((line, at) => {
    const path = `/lines/${at}/sku`;
    const goods = line.title || titleOf(spoken, path, line.sku) || t("unknownGoods");
    const options = (line.options ?? []).map((code, n) => titleOf(spoken, `/lines/${at}/options/${n}`, code));
    const more = [...options, ...(line.remarks ?? [])].join(t("comma"));
    const value = t("line", { goods, count: line.quantity });
    rows.push({ path, name: t("goods", { n: at + 1 }), value: more ? t("with", { value, more }) : value });
  });
  if (draft.address) rows.push({ path: "/address", name: t("address"), value: draft.address });
  if (draft.due_ms) rows.push({ path: "/due_ms", name: t("due"), value: dated(draft.due_ms) });
  if (draft.remarks?.length) rows.push({ path: "/remarks", name: t("remarks"), value: draft.remarks.join(t("comma")) });
  if (rows.length === 0) return <p className="note">{t("nothing")}</p>;
  return (
    <dl className="speak-values">
      {rows.map(({ path, name, value }) => {
        const sure = sureOf(spoken, path);
        return (
          <div key={path} data-path={path}>
            <dt>{name}</dt>
            <dd>{value}</dd>
            <dd>
              {spoken.changed.includes(path) ? (
                <ToneTag>{t("byHand")}</ToneTag>
              ) : (
                sure !== undefined && (
                  <ToneTag tone={toneOf(sure)}>{`${Math.round(sure / 10)}%`}</ToneTag>
                )
              )}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

function Asked({ spoken, onChange }: { spoken: Spoken; onChange: (spoken: Spoken) => void }) {
  const { t } = useTranslation("speak");
  const question = OPEN.has(spoken.original.state) ? questionOf(spoken) : undefined;
  if (!question) return null;
  const { code, path = "", said = "", candidates = [] } = question;
  return (
    <section className="speak-question" aria-label={t("question")}>
      <p>
        <QuestionCircleOutlined /> {t(`questions.${code}`, { said, defaultValue: t("questions.unclear", { said }) })}
      </p>
      {path && (
        <div>
          {candidates.map((one) => (
            <Button key={one.value} onClick={() => onChange(answered(spoken, path, one))}>
              {one.title || titleOf(spoken, path, one.value)}
            </Button>
          ))}
        </div>
      )}
      <p className="note">{t("orAgain")}</p>
    </section>
  );
}

function Acts({ spoken, onChange }: { spoken: Spoken; onChange: (spoken: Spoken | null) => void }) {
  const { t } = useTranslation("speak");
  const may = useMay("review.decide");
  const { original, draft, changed } = spoken;
  const decide = useMutation({
    mutationFn: async (act: "confirm" | "reject") => {
      const json = act === "confirm" ? { draft, corrections: changed } : { reason: "not_wanted" };
      const path = `/v1/originals/${original.id}/${act}`;
      return (await ask<{ row: OriginalRow }>(path, { method: "POST", json })).row;
    },
    onSuccess: (row) => onChange(row.state === "rejected" ? null : { ...spoken, original: row }),
  });
  if (original.state === "ordered" && original.order) {
    return (
      <p className="speak-done" role="status">
        {t("ordered")} <Link to={`/orders/${original.order}`}>{t("openOrder")}</Link>
      </p>
    );
  }
  if (!OPEN.has(original.state)) return <p role="status">{t(`states.${original.state}`)}</p>;
  if (!may) return <p role="status">{t("waits")}</p>;
  const lack = lackOf(draft);
  return (
    <>
      <div className="speak-acts">
        <Button
          type="primary"
          disabled={lack !== ""}
          loading={decide.isPending && decide.variables === "confirm"}
          onClick={() => decide.mutate("confirm")}
        >
          {t("confirm")}
        </Button>
        <Button disabled={decide.isPending} onClick={() => decide.mutate("reject")}>
          {t("drop")}
        </Button>
        <Link to={`/review/${original.id}`}>{t("openReview")}</Link>
      </div>
      {lack && <p className="note">{t(lack.endsWith("quantity") ? "lacksQuantity" : "lacksGoods")}</p>}
      {decide.error && <ProblemNote problem={asProblem(decide.error)} />}
    </>
  );
}
