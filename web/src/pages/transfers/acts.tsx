import { useMutation } from "@tanstack/react-query";
import { Button, Input, InputNumber } from "antd";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type { TransferLineView, TransferView } from "@/api/types.gen";
import { ask } from "@/client";
import { count } from "@/format";
import { Card } from "@/parts/card";
import { useConfirm } from "@/parts/confirm";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { newKey, TRANSFERS_KEY } from "./words";

interface Props {
  one: TransferView;
}

type Counted = Readonly<Record<string, number>>;

/** What may be done with it now, by whoever looks: send off, take in, cancel. */
export function Acts({ one }: Props) {
  const mayAct = useMay("transfer.act");
  const mayCancel = useMay("transfer.write");
  return (
    <>
      {mayAct && one.state === "planned" && <Dispatch one={one} />}
      {mayAct && one.state === "dispatched" && <Receive one={one} />}
      {mayCancel && one.state === "planned" && <Cancel one={one} />}
    </>
  );
}

function useSend(one: TransferView, what: "dispatch" | "receive" | "cancel") {
  const { t } = useTranslation("transfers");
  const { done } = useNotice();
  return useMutation({
    mutationFn: (json: object) =>
      ask<TransferView>(`/v1/transfers/${one.id}/${what}`, { method: "POST", json }),
    onSuccess: async () => {
      done(t(`${what}.done`, { number: one.number }));
      await queries.invalidateQueries({ queryKey: TRANSFERS_KEY });
    },
  });
}

function Dispatch({ one }: Props) {
  const { t } = useTranslation("transfers");
  const [key] = useState(newKey);
  const [sent, count_] = useState<Counted>({});
  const [note, setNote] = useState("");
  const send = useSend(one, "dispatch");
  const go = (event: FormEvent) => {
    event.preventDefault();
    const lines = Object.entries(sent).map(([sku, quantity]) => ({ sku, quantity }));
    send.mutate({ key, lines, note: note.trim() });
  };
  return (
    <Card title={t("dispatch.title")} note={t("dispatch.note", { from: one.from_warehouse })}>
      {send.error && <ProblemNote problem={asProblem(send.error)} />}
      <form className="transfers-count" onSubmit={go}>
        {one.lines.map((line) => (
          <fieldset key={line.sku}>
            <Named line={line} more={t("dispatch.planned", { n: count(line.planned) })} />
            <Units
              label={t("counts.sent")}
              max={line.planned}
              value={sent[line.sku] ?? line.planned}
              onChange={(n) => count_({ ...sent, [line.sku]: n })}
            />
          </fieldset>
        ))}
        <Note value={note} onChange={setNote} />
        <Button type="primary" size="large" htmlType="submit" loading={send.isPending}>
          {t("dispatch.act")}
        </Button>
      </form>
    </Card>
  );
}

function Receive({ one }: Props) {
  const { t } = useTranslation("transfers");
  const confirm = useConfirm();
  const [key] = useState(newKey);
  const awaited = one.lines.filter((line) => line.waiting > 0);
  const [good, setGood] = useState<Counted>({});
  const [damaged, setDamaged] = useState<Counted>({});
  const [note, setNote] = useState("");
  const send = useSend(one, "receive");
  const goodOf = (line: TransferLineView) => good[line.sku] ?? line.waiting;
  const badOf = (line: TransferLineView) => damaged[line.sku] ?? 0;
  const rest = awaited.reduce(
    (sum, line) => sum + Math.max(0, line.waiting - goodOf(line) - badOf(line)),
    0,
  );
  const lines = awaited
    .map((line) => ({ sku: line.sku, good: goodOf(line), damaged: badOf(line) }))
    .filter((line) => line.good + line.damaged > 0);
  const go = (final: boolean) => send.mutate({ key, lines, final, note: note.trim() });
  const close = async () => {
    const isMeant = await confirm({
      title: t("receive.closeTitle", { number: one.number }),
      text: t("receive.closeText", { n: count(rest) }),
      act: t("receive.close"),
      isDanger: true,
    });
    if (isMeant) go(true);
  };
  return (
    <Card title={t("receive.title")} note={t("receive.note", { to: one.to_warehouse })}>
      {send.error && <ProblemNote problem={asProblem(send.error)} />}
      <form
        className="transfers-count"
        onSubmit={(event) => {
          event.preventDefault();
          go(false);
        }}
      >
        {awaited.map((line) => (
          <fieldset key={line.sku}>
            <Named line={line} more={t("receive.waiting", { n: count(line.waiting) })} />
            <Units
              label={t("counts.good")}
              value={goodOf(line)}
              onChange={(n) => setGood({ ...good, [line.sku]: n })}
            />
            <Units
              label={t("counts.damaged")}
              value={badOf(line)}
              onChange={(n) => setDamaged({ ...damaged, [line.sku]: n })}
            />
          </fieldset>
        ))}
        <Note value={note} onChange={setNote} />
        <div className="transfers-acts">
          <Button
            type="primary"
            size="large"
            htmlType="submit"
            disabled={lines.length === 0}
            loading={send.isPending}
          >
            {t(rest > 0 ? "receive.part" : "receive.act")}
          </Button>
          {rest > 0 && (
            <Button size="large" danger disabled={send.isPending} onClick={() => void close()}>
              {t("receive.close")}
            </Button>
          )}
        </div>
      </form>
    </Card>
  );
}

function Cancel({ one }: Props) {
  const { t } = useTranslation("transfers");
  const [reason, setReason] = useState("");
  const send = useSend(one, "cancel");
  return (
    <Card title={t("cancel.title")} note={t("cancel.note")}>
      {send.error && <ProblemNote problem={asProblem(send.error)} />}
      <form
        className="transfers-count"
        onSubmit={(event) => {
          event.preventDefault();
          send.mutate({ reason: reason.trim() });
        }}
      >
        <label>
          {t("cancel.reason")}
          <Input maxLength={200} value={reason} onChange={(e) => setReason(e.target.value)} />
        </label>
        <Button danger htmlType="submit" disabled={!reason.trim()} loading={send.isPending}>
          {t("cancel.act")}
        </Button>
      </form>
    </Card>
  );
}

function Named({ line, more }: { line: TransferLineView; more: string }) {
  return (
    <legend>
      <b className="mono">{line.sku}</b> {line.name} <span className="note">{more}</span>
    </legend>
  );
}

interface UnitsProps {
  label: string;
  value: number;
  max?: number;
  onChange: (units: number) => void;
}

function Units({ label, value, max, onChange }: UnitsProps) {
  return (
    <label>
      {label}
      <InputNumber
        min={0}
        {...(max === undefined ? {} : { max })}
        precision={0}
        size="large"
        inputMode="numeric"
        value={value}
        onChange={(n) => onChange(n ?? 0)}
      />
    </label>
  );
}

function Note({ value, onChange }: { value: string; onChange: (note: string) => void }) {
  const { t } = useTranslation("transfers");
  return (
    <label>
      {t("plan.remark")}
      <Input maxLength={200} size="large" value={value} onChange={(e) => onChange(e.target.value)} />
    </label>
  );
}
