import { useMutation } from "@tanstack/react-query";
import { Button, Input, Modal, Segmented } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Voucher, VoucherDraft, VoucherDraftPage } from "@/api/types.gen";
import { ask as askHub } from "@/client";
import { brief, count, exact } from "@/format";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { ToneTag } from "@/parts/status-tag";
import { useProven } from "@/parts/step-up";
import { query, useAsked } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { Lines } from "./entries";
import { KEY } from "./model";

const STATES = ["proposed", "entered", "declined"] as const;
type State = (typeof STATES)[number];

/** 待复核: vouchers that one person made and another has to check; and what became of others. */
export function Drafts() {
  const { t } = useTranslation("settlement");
  const { asked, ask } = useAsked();
  const state: State = STATES.find((one) => one === asked("drafts")) ?? "proposed";
  const [names, setNames] = useState<{ people: Record<string, string>; me: string; waiting: number }>();
  const list = useKeyset<VoucherDraft, VoucherDraftPage>({
    queryKey: [...KEY, "drafts", state],
    fetch: async (cursor, signal) => {
      const page = await askHub<VoucherDraftPage>(
        `/v1/settlement/drafts?${query({ state, cursor, limit: 20 })}`,
        { signal },
      );
      setNames((old) => ({ ...page, people: { ...old?.people, ...page.people } }));
      return page;
    },
  });
  return (
    <Card
      title={t("drafts")}
      note={names && t("draftsNote", { n: count(names.waiting) })}
      extra={
        <Segmented<State>
          size="small"
          aria-label={t("drafts")}
          value={state}
          options={STATES.map((one) => ({ value: one, label: t(`draftStates.${one}`) }))}
          onChange={(value) => ask({ drafts: value === "proposed" ? "" : value })}
        />
      }
    >
      {list.problem && <ProblemNote problem={list.problem} onRetry={list.onRetry} />}
      {list.isLoading && <Skeleton kind="rows" rows={2} />}
      {!list.isLoading && !list.problem && list.rows.length === 0 && (
        <p className="note">{t(`noDrafts.${state}`)}</p>
      )}
      <ul className="settlement-entries">
        {list.rows.map((one) => (
          <Draft key={one.id} draft={one} people={names?.people ?? {}} me={names?.me ?? ""} />
        ))}
      </ul>
      {list.hasMore && (
        <Button onClick={list.onMore} loading={list.isWaiting}>
          {t("more", { n: count(list.rows.length) })}
        </Button>
      )}
    </Card>
  );
}

interface DraftProps {
  draft: VoucherDraft;
  people: Record<string, string>;
  me: string;
}

function Draft({ draft, people, me }: DraftProps) {
  const { t } = useTranslation("settlement");
  const mayCheck = useMay("settlement.check");
  const mayPost = useMay("settlement.post");
  const notice = useNotice();
  const proven = useProven();
  const [isDeclining, setDeclining] = useState(false);
  const who = (subject: string) => people[subject] ?? subject;
  const isMine = draft.by === me;
  const enter = useMutation({
    mutationFn: () =>
      proven(() =>
        askHub<Voucher>(`/v1/settlement/drafts/${draft.id}/enter`, { method: "POST" }),
      ),
    onSuccess: (made) => {
      if (!made) return;
      notice.done(t("entered", { number: `${t(`words.${made.word}`)}-${made.no}` }));
      void queries.invalidateQueries({ queryKey: KEY });
    },
  });
  return (
    <li>
      <header>
        <b>{draft.date}</b>
        <span>{draft.reason}</span>
        {draft.reverses && <ToneTag tone="pend">{t("reversal")}</ToneTag>}
        <span className="note" title={exact(draft.at)}>
          {t("madeBy", { by: who(draft.by), at: brief(draft.at) })}
        </span>
        {draft.answered && (
          <span className="note" title={exact(draft.answered)}>
            {t(`answeredBy.${draft.state}`, { by: who(draft.answered_by), note: draft.note })}
          </span>
        )}
      </header>
      <Lines postings={draft.postings} currency={draft.currency} caption={draft.reason} />
      {enter.error && <ProblemNote problem={asProblem(enter.error)} />}
      {draft.state === "proposed" && (
        <div className="settlement-buttons">
          {mayPost && (
            <Button size="small" onClick={() => setDeclining(true)}>
              {t(isMine ? "takeDraftBack" : "declineDraft")}
            </Button>
          )}
          {mayCheck && (
            <Button
              size="small"
              type="primary"
              disabled={isMine}
              title={isMine ? t("notOwn") : undefined}
              loading={enter.isPending}
              onClick={() => enter.mutate()}
            >
              {t("checkAndEnter")}
            </Button>
          )}
        </div>
      )}
      {isDeclining && <Declining draft={draft} isMine={isMine} onClose={() => setDeclining(false)} />}
    </li>
  );
}

/** Why it is not entered. */
function Declining({ draft, isMine, onClose }: { draft: VoucherDraft; isMine: boolean; onClose: () => void }) {
  const { t } = useTranslation(["settlement", "common"]);
  const notice = useNotice();
  const [reason, setReason] = useState("");
  const words = t(isMine ? "takeDraftBack" : "declineDraft");
  const decline = useMutation({
    mutationFn: () =>
      askHub<VoucherDraft>(`/v1/settlement/drafts/${draft.id}/decline`, {
        method: "POST",
        json: { reason: reason.trim() },
      }),
    onSuccess: () => {
      notice.done(t("draftDeclined"));
      void queries.invalidateQueries({ queryKey: KEY });
      onClose();
    },
  });
  return (
    <Modal open width={416} title={words} footer={null} onCancel={onClose}>
      <form
        className="settlement-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (reason.trim()) decline.mutate();
        }}
      >
        <label>
          <span>{t("reason")}</span>
          <Input value={reason} maxLength={200} onChange={(event) => setReason(event.target.value)} />
        </label>
        {decline.error && <ProblemNote problem={asProblem(decline.error)} />}
        <div className="settlement-buttons">
          <Button onClick={onClose}>{t("common:acts.back")}</Button>
          <Button danger htmlType="submit" disabled={!reason.trim()} loading={decline.isPending}>
            {words}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
