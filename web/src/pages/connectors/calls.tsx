import { useMutation } from "@tanstack/react-query";
import { Alert, Button, Form, Input, Modal, Segmented } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { ConnectorCall, ConnectorCalls, ConnectorView } from "@/api/types.gen";
import { ask } from "@/client";
import { near } from "@/format";
import type { Column } from "@/parts/ledger-columns";
import { LedgerTable } from "@/parts/ledger-table";
import { useNotice } from "@/parts/notice";
import { useProblemWords } from "@/parts/problem-note";
import { type Tone, ToneTag } from "@/parts/status-tag";
import { query } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { KEY, PATH } from "./model";

const STATES = ["", "held", "due", "pending", "refused", "done"] as const;
const LIMIT = "50";
const TONES: Record<string, Tone> = {
  due: "pend", pending: "info", done: "kept", refused: "risk", held: "broken",
};
type Act = "retry" | "move" | "end";

/** The calls of a connector, newest first; what programs can't settle a person does. */
export function Calls({ one, mayWrite }: { one: ConnectorView; mayWrite: boolean }) {
  const { t } = useTranslation("connectors");
  const [state, setState] = useState<string>("");
  const [settled, settle] = useState<{ call: ConnectorCall; act: Act } | null>(null);
  const calls = useKeyset<ConnectorCall>({
    queryKey: [...KEY, one.id, "calls", state],
    fetch: (cursor, signal) =>
      ask<ConnectorCalls>(
        `${PATH}/${one.id}/calls?${query({ call_state: state, cursor, limit: LIMIT })}`,
        { signal },
      ),
  });
  const columns = useColumns((call) => mayWrite && <Acts call={call} onAct={(act) => settle({ call, act })} />);
  return (
    <section className="connectors-calls" aria-label={t("calls")}>
      <header>
        <h3>{t("calls")}</h3>
        <Segmented
          size="small"
          aria-label={t("columns.callState")}
          value={state}
          options={STATES.map((each) => ({ value: each, label: t(each ? `callStates.${each}` : "callStates.all") }))}
          onChange={setState}
        />
      </header>
      <LedgerTable<ConnectorCall>
        caption={t("calls")}
        columns={columns}
        rows={calls.rows}
        keyOf={(call) => call.id}
        nameOf={(call) => call.key}
        hasMore={calls.hasMore}
        onMore={calls.onMore}
        isLoading={calls.isLoading}
        problem={calls.problem}
        onRetry={calls.onRetry}
        height_px={Math.min(460, 84 + 40 * Math.max(calls.rows.length, 2))}
        empty={t("callsEmpty")}
        card={(call) => (
          <div className="connectors-card">
            <span>
              <b>{call.key}</b> <CallState call={call} />
            </span>
            <span className="note">{call.trouble || call.reason || call.reference || near(call.asked)}</span>
            {mayWrite && <Acts call={call} onAct={(act) => settle({ call, act })} />}
          </div>
        )}
      />
      {settled && <Settle {...settled} onClose={() => settle(null)} />}
    </section>
  );
}

function CallState({ call }: { call: ConnectorCall }) {
  const { t } = useTranslation("connectors");
  const tone = TONES[call.state] ?? "plain";
  const known = STATES.find((each) => each === call.state && each !== "");
  return (
    <ToneTag tone={tone}>
      {known ? t(`callStates.${known}`) : call.state}
      {call.trial ? ` · ${t("trial")}` : ""}
    </ToneTag>
  );
}

function Acts({ call, onAct }: { call: ConnectorCall; onAct: (act: Act) => void }) {
  const { t } = useTranslation("connectors");
  if (call.state === "done" || call.state === "refused") return null;
  const acts: readonly Act[] = call.trial ? ["retry", "end"] : ["retry", "move", "end"];
  return (
    <span className="connectors-acts">
      {acts.map((act) => (
        <Button key={act} size="small" onClick={() => onAct(act)}>
          {t(`settleActs.${act}`)}
        </Button>
      ))}
    </span>
  );
}

function useColumns(acts: (call: ConnectorCall) => React.ReactNode) {
  const { t } = useTranslation("connectors");
  return useMemo<Column<ConnectorCall>[]>(() => {
    const plain = (key: string, width: number, text: (call: ConnectorCall) => string): Column<ConnectorCall> => ({
      key, title: t(`columns.${key}`), width, text, render: text,
    });
    return [
      { ...plain("key", 220, (call) => call.key), fixed: true },
      plain("operation", 110, (call) => call.operation),
      {
        ...plain("callState", 120, (call) => call.state),
        render: (call) => <CallState call={call} />,
      },
      plain("asked", 130, (call) => near(call.asked)),
      { ...plain("tries", 70, (call) => String(call.tries)), align: "right" },
      plain("reference", 140, (call) => call.reference || "—"),
      plain("told", 240, (call) => call.trouble || [call.code, call.reason].filter(Boolean).join(" ") || "—"),
      { ...plain("act", 230, () => ""), least: 220, render: acts },
    ];
  }, [t, acts]);
}

function Settle({ call, act, onClose }: { call: ConnectorCall; act: Act; onClose: () => void }) {
  const { t } = useTranslation("connectors");
  const words = useProblemWords();
  const notice = useNotice();
  const [form] = Form.useForm<{ reason: string }>();
  const sent = useMutation({
    mutationFn: ({ reason }: { reason: string }) =>
      ask(`/v1/connector-calls/${call.id}/settle`, { method: "POST", json: { act, reason } }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: KEY });
      notice.done(t("settledNote", { key: call.key }));
      onClose();
    },
  });
  return (
    <Modal
      open
      title={t("settleTitle", { act: t(`settleActs.${act}`), key: call.key })}
      okText={t(`settleActs.${act}`)}
      okButtonProps={{ danger: act === "end" }}
      cancelText={t("common:acts.back")}
      confirmLoading={sent.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      {sent.error && <Alert type="error" showIcon role="alert" title={words(asProblem(sent.error))} />}
      <p className="note">{t(`settleMeans.${act}`)}</p>
      <Form form={form} layout="vertical" requiredMark={false} onFinish={(given) => sent.mutate(given)}>
        <Form.Item name="reason" label={t("reason")} rules={[{ required: true, whitespace: true, message: t("reasonMissing") }]}>
          <Input maxLength={200} />
        </Form.Item>
      </Form>
    </Modal>
  );
}
