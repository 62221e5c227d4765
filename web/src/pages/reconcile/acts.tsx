import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Input, Modal, Select } from "antd";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import type { BillDifference, DifferenceCounts } from "@/api/types.gen";
import { ask } from "@/client";
import { money } from "@/format";
import { useNotice } from "@/parts/notice";
import { useMay } from "@/session";
import { diffOf, RECONCILE_KEY, useWords } from "./words";

const NOTE_CHARS = 500;
type Word = "assign" | "close" | "confirm" | "decline" | "reopen";

/** What may be done with a difference now; each says what it does. */
export function Acts({ one }: { one: BillDifference }) {
  const { t } = useTranslation("reconcile");
  const mayWrite = useMay("reconcile.write");
  const [doing, setDoing] = useState<Word | null>(null);
  const counts = useQuery({
    queryKey: [...RECONCILE_KEY, "counts"],
    queryFn: ({ signal }) => ask<DifferenceCounts>("/v1/reconcile/counts", { signal }),
  });
  const { isBusy, tell } = useTell(one, () => setDoing(null));
  if (!mayWrite || !counts.data) return null;
  const { me, people, second_fen } = counts.data;
  const isWaiting = one.state === "open" || one.state === "proposed";
  const needsSecond = Math.abs(diffOf(one)) >= second_fen;
  return (
    <div className="reconcile-acts">
      {isWaiting && (
        <>
          {one.owner?.person !== me && (
            <Button loading={isBusy} onClick={() => void tell("assign", { owner: "me" })}>
              {t("acts.take")}
            </Button>
          )}
          <Select
            aria-label={t("acts.assign")}
            placeholder={t("acts.assign")}
            value={one.owner?.person ?? null}
            onChange={(owner: string) => void tell("assign", { owner })}
            options={people.map((person) => ({
              value: person.person,
              label: `${person.number} ${person.name}`,
            }))}
            style={{ minWidth: 160 }}
          />
        </>
      )}
      {one.state === "open" && (
        <Button type="primary" onClick={() => setDoing("close")}>
          {t(needsSecond ? "acts.propose" : "acts.close")}
        </Button>
      )}
      {one.state === "proposed" && (
        <>
          <Button
            type="primary"
            disabled={one.asked?.person === me}
            loading={isBusy}
            onClick={() => void tell("confirm", {})}
          >
            {t("acts.confirm")}
          </Button>
          <Button onClick={() => setDoing("decline")}>{t("acts.decline")}</Button>
          {one.asked?.person === me && <span className="note">{t("anotherPerson")}</span>}
        </>
      )}
      {one.state === "closed" && (
        <Button onClick={() => setDoing("reopen")}>{t("acts.reopen")}</Button>
      )}
      {needsSecond && one.state === "open" && (
        <span className="note">{t("needsSecond", { amount: money(second_fen) })}</span>
      )}
      {doing && (
        <Saying
          act={doing}
          one={one}
          title={t(`acts.${doing === "close" && needsSecond ? "propose" : doing}`)}
          reasons={counts.data.reasons}
          isBusy={isBusy}
          onSay={(more) => void tell(doing, more)}
          onEnd={() => setDoing(null)}
        />
      )}
    </div>
  );
}

function useTell(one: BillDifference, onDone: () => void) {
  const { t } = useTranslation("reconcile");
  const { done, failed } = useNotice();
  const client = useQueryClient();
  const [isBusy, setBusy] = useState(false);
  const tell = async (act: Word, more: Record<string, string>) => {
    setBusy(true);
    try {
      await ask("/v1/differences:act", { method: "POST", json: { act, ids: [one.id], ...more } });
      await client.invalidateQueries({ queryKey: RECONCILE_KEY });
      done(t(`said.${act}`));
      onDone();
    } catch (error) {
      failed(error);
    } finally {
      setBusy(false);
    }
  };
  return { isBusy, tell };
}

interface SayingProps {
  act: Word;
  one: BillDifference;
  title: string;
  reasons: readonly string[];
  isBusy: boolean;
  onSay: (more: Record<string, string>) => void;
  onEnd: () => void;
}

/** Why: a coded reason where it closes, and a note always. */
function Saying({ act, one, title, reasons, isBusy, onSay, onEnd }: SayingProps) {
  const { t } = useTranslation("reconcile");
  const words = useWords();
  const [reason, setReason] = useState("");
  const [note, setNote] = useState("");
  const ids = { reason: useId(), note: useId() };
  const isWhole = note.trim() !== "" && (act !== "close" || reason !== "");
  return (
    <Modal
      open
      title={t("actOn", { act: title, subject: words.subject(one), amount: money(diffOf(one)) })}
      okText={title}
      okButtonProps={{ disabled: !isWhole, loading: isBusy }}
      onOk={() => onSay(act === "close" ? { reason, note } : { note })}
      onCancel={onEnd}
      width={416}
    >
      <div className="reconcile-form">
        {act === "close" && (
          <>
            <label htmlFor={ids.reason}>{t("columns.reason")}</label>
            <Select
              id={ids.reason}
              value={reason || null}
              onChange={setReason}
              placeholder={t("chooseReason")}
              options={reasons.map((name) => ({ value: name, label: words.reason(name) }))}
            />
          </>
        )}
        <label htmlFor={ids.note}>{t("note")}</label>
        <Input.TextArea
          id={ids.note}
          value={note}
          rows={3}
          maxLength={NOTE_CHARS}
          onChange={(event) => setNote(event.target.value)}
        />
      </div>
    </Modal>
  );
}
