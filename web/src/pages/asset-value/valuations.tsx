import { useMutation } from "@tanstack/react-query";
import { Button, Segmented } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { AssetValue, ValuationItem, ValuationPage } from "@/api/types.gen";
import { ask } from "@/client";
import { brief, exact, money } from "@/format";
import { Card } from "@/parts/card";
import { useConfirm } from "@/parts/confirm";
import { SendBack } from "@/parts/draft-approval";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { type Tone, ToneTag } from "@/parts/status-tag";
import { useKeyset } from "@/parts/use-keyset";
import { query } from "@/parts/use-asked";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { KEY, span } from "./model";
import { InputTable, MethodChart, SwingChart } from "./valuation-charts";
import { ValueForm } from "./value-form";

const TONES: Record<string, Tone> = { draft: "pend", approved: "kept", declined: "excused" };
const VIEWS = ["methods", "swings", "inputs"] as const;
type View = (typeof VIEWS)[number];

/** 估值: the newest version of an asset's valuation, its inputs, what moves it. */
export function Valuations({ value }: { value: AssetValue }) {
  const { t } = useTranslation("assetValue");
  const mayWrite = useMay("licence.write");
  const [isOpen, setOpen] = useState(false);
  const [no, setNo] = useState(0);
  const [names, setNames] = useState<{ people: Record<string, string>; me: string }>();
  const list = useKeyset<ValuationItem, ValuationPage>({
    queryKey: [...KEY, "valuations", value.asset],
    fetch: async (cursor, signal) => {
      const page = await ask<ValuationPage>(
        `/v1/valuations/${value.asset}?${query({ cursor, limit: 20 })}`,
        { signal },
      );
      setNames((old) => ({ me: page.me, people: { ...old?.people, ...page.people } }));
      return page;
    },
  });
  const shown = list.rows.find((one) => one.version === no) ?? list.rows[0];
  return (
    <Card
      title={t("valuation")}
      note={t("valuationNote")}
      extra={
        mayWrite && (
          <Button size="small" type="primary" onClick={() => setOpen(true)}>
            {t("draftValuation")}
          </Button>
        )
      }
    >
      {list.problem && <ProblemNote problem={list.problem} onRetry={list.onRetry} />}
      {list.isLoading && <Skeleton kind="rows" rows={3} />}
      {!list.isLoading && !list.problem && !shown && <p className="note">{t("noValuations")}</p>}
      {list.rows.length > 1 && (
        <Segmented
          size="small"
          aria-label={t("versions")}
          value={shown?.version ?? 0}
          options={list.rows.map((one) => ({
            value: one.version,
            label: t("version", { no: one.version }),
          }))}
          onChange={(chosen) => setNo(Number(chosen))}
        />
      )}
      {shown && <One one={shown} people={names?.people ?? {}} me={names?.me ?? ""} />}
      {isOpen && <ValueForm asset={value.asset} onClose={() => setOpen(false)} />}
    </Card>
  );
}

interface OneProps {
  one: ValuationItem;
  people: Record<string, string>;
  me: string;
}

function One({ one, people, me }: OneProps) {
  const { t } = useTranslation("assetValue");
  const [view, setView] = useState<View>("methods");
  const range = one.result.range;
  const who = (subject: string) => people[subject] ?? subject;
  return (
    <>
      <p className="value-answer">
        <b title={`${money(range.low)} – ${money(range.high)}`}>{span(range.low, range.high)}</b>{" "}
        <ToneTag tone={TONES[one.state] ?? "plain"}>{t(`states.${one.state}`)}</ToneTag>
      </p>
      <p className="note">
        {t("answerNote", {
          mid: money(range.mid),
          least: money(range.least),
          most: money(range.most),
        })}
      </p>
      <p className="note" title={exact(one.drafted)}>
        {t("draftedBy", { no: one.version, by: who(one.drafted_by), at: brief(one.drafted) })}
        {one.answered && ` ${t(`answered.${one.state}`, { by: who(one.answered_by) })}`}
        {one.reason && ` ${one.reason}`}
      </p>
      {(one.result.warnings ?? []).length > 0 && (
        <ul className="value-warnings">
          {(one.result.warnings ?? []).map((code) => (
            <li key={code}>{t(`warnings.${code}`)}</li>
          ))}
        </ul>
      )}
      <Segmented<View>
        size="small"
        aria-label={t("view")}
        value={view}
        options={VIEWS.map((each) => ({ value: each, label: t(`views.${each}`) }))}
        onChange={setView}
      />
      {view === "methods" && <MethodChart result={one.result} />}
      {view === "swings" && <SwingChart result={one.result} />}
      {view === "inputs" && <InputTable inputs={one.inputs} />}
      {one.state === "draft" && <Answering one={one} isMine={one.drafted_by === me} />}
    </>
  );
}

function Answering({ one, isMine }: { one: ValuationItem; isMine: boolean }) {
  const { t } = useTranslation("assetValue");
  const mayApprove = useMay("licence.approve");
  const notice = useNotice();
  const confirm = useConfirm();
  const [isDeclining, setDeclining] = useState(false);
  const path = `/v1/valuations/${one.asset}/${one.version}`;
  const range = one.result.range;
  const approve = useMutation({
    mutationFn: () => ask(`${path}/approve`, { method: "POST", json: {} }),
    onSuccess: async () => {
      notice.done(t("valuationApproved"));
      await queries.invalidateQueries({ queryKey: KEY });
    },
    onError: (error) => notice.failed(error),
  });
  const start = async () => {
    const text = t("approveText", { range: span(range.low, range.high) });
    if (await confirm({ title: t("approveValuation"), text, act: t("approveValuation") })) {
      approve.mutate();
    }
  };
  if (!mayApprove) return <p className="note">{t("needsSecond")}</p>;
  return (
    <div className="value-buttons">
      <Button size="small" onClick={() => setDeclining(true)}>
        {t("decline")}
      </Button>
      <Button
        size="small"
        type="primary"
        disabled={isMine}
        title={isMine ? t("notOwn") : undefined}
        loading={approve.isPending}
        onClick={() => void start()}
      >
        {t("approveValuation")}
      </Button>
      {isDeclining && (
        <SendBack
          words={{ title: t("decline"), act: t("decline"), reason: t("reason") }}
          onSend={async (reason) => {
            await ask(`${path}/decline`, { method: "POST", json: { reason } });
            await queries.invalidateQueries({ queryKey: KEY });
          }}
          onClose={() => setDeclining(false)}
        />
      )}
    </div>
  );
}
