import { PlayCircleOutlined } from "@ant-design/icons";
import { Button, Checkbox, Form, Input, Modal, Segmented, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { count, exact, money, near } from "@/format";
import { byLocale } from "@/i18n";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { SmallTable, type SmallColumn } from "@/parts/small-table";
import { type Tone, ToneTag } from "@/parts/status-tag";
import { useAsked } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { KEY, letGo, readStops, type Reason, REASONS, type State, STATES, type Stop } from "./api";

const TONES: Readonly<Record<string, Tone>> = { held: "risk", released: "broken", cancelled: "plain" };

/** Orders that rules stopped: who waits first, each with the reason and the way on. */
export function Stops() {
  const { t } = useTranslation("intercepts");
  const { asked, ask } = useAsked();
  const mayAct = useMay("order.unhold");
  const rule = asked("rule");
  const state: State = STATES.find((one) => one === asked("state")) ?? "held";
  const [chosen, choose] = useState<readonly string[]>([]);
  const [going, setGoing] = useState<readonly string[]>([]);
  const found = useKeyset<Stop>({
    queryKey: [...KEY, "stops", state, rule],
    fetch: (cursor, signal) => readStops(state, rule, cursor, signal),
  });
  const open = found.rows.filter((one) => one.state === "held").map((one) => one.order);
  const picked = chosen.filter((id) => open.includes(id));
  const toggle = (id: string, isOn: boolean) =>
    choose(isOn ? [...picked, id] : picked.filter((one) => one !== id));
  const columns: SmallColumn<Stop>[] = [
    ...(mayAct && state !== "released" && state !== "cancelled"
      ? [
          {
            key: "pick",
            title: "",
            render: (one: Stop) =>
              one.state === "held" && (
                <Checkbox
                  aria-label={t("stops.select", { number: one.number })}
                  checked={picked.includes(one.order)}
                  onChange={(event) => toggle(one.order, event.target.checked)}
                />
              ),
          },
        ]
      : []),
    { key: "number", title: t("stops.number"), render: (one) => <Link to={`/orders/${one.order}`}>{one.number}</Link> },
    { key: "at", title: t("stops.at"), render: (one) => <span title={exact(one.at)}>{near(one.at)}</span> },
    { key: "value", title: t("stops.value"), isNumber: true, render: (one) => money(one.total, one.currency) },
    {
      key: "why",
      title: t("stops.why"),
      render: (one) => (
        <span title={one.rules.join(" ")}>
          {t(`effects.${one.effect}`)} · {one.reasons.join(" / ")}
        </span>
      ),
    },
    {
      key: "state",
      title: t("stops.state"),
      render: (one) => (
        <>
          <ToneTag tone={TONES[one.state] ?? "plain"}>{t(`states.${one.state}`)}</ToneTag>{" "}
          {one.ended && (
            <span className="note" title={one.note}>
              {one.reason && `${t(`pass.reasons.${one.reason}`)} `}
              {t("stops.ended", { by: one.by, at: near(one.ended) })}
            </span>
          )}
        </>
      ),
    },
    {
      key: "act",
      title: "",
      render: (one) =>
        mayAct &&
        one.state === "held" && (
          <Button size="small" icon={<PlayCircleOutlined />} onClick={() => setGoing([one.order])}>
            {t("stops.act")}
          </Button>
        ),
    },
  ];
  return (
    <Card
      title={t("stops.title")}
      extra={
        <span className="intercepts-acts">
          {rule && (
            <Button size="small" onClick={() => ask({ rule: "" })}>
              {t("stops.allRules")}
            </Button>
          )}
          {picked.length > 0 && (
            <Button size="small" type="primary" onClick={() => setGoing(picked)}>
              {t("stops.selected", { count: picked.length })}
            </Button>
          )}
          <Segmented
            size="small"
            aria-label={t("states.label")}
            value={state}
            options={STATES.map((one) => ({ value: one, label: t(`states.${one}`) }))}
            onChange={(value) => ask({ state: value })}
          />
        </span>
      }
      isFlush
    >
      {rule && <p className="note intercepts-rule">{t("stops.rule", { rule })}</p>}
      {found.problem && <ProblemNote problem={found.problem} onRetry={found.onRetry} />}
      {found.isLoading ? (
        <Skeleton kind="rows" rows={4} />
      ) : (
        <SmallTable
          caption={t("stops.title")}
          columns={columns}
          rows={found.rows}
          keyOf={(one) => one.order}
          empty={t(state === "held" && !rule ? "stops.empty" : "stops.emptyAny")}
        />
      )}
      {found.hasMore && (
        <Button block type="text" onClick={found.onMore}>
          {t("stops.more")}
        </Button>
      )}
      {going.length > 0 && (
        <LetGo
          orders={going}
          onClose={() => setGoing([])}
          onDone={() => {
            setGoing([]);
            choose([]);
          }}
        />
      )}
    </Card>
  );
}

interface Props {
  orders: readonly string[];
  onClose: () => void;
  onDone: () => void;
}

/** 放行: why the rule was wrong about them; each counts as a false alarm. */
function LetGo({ orders, onClose, onDone }: Props) {
  const { t } = useTranslation(["intercepts", "common"]);
  const notice = useNotice();
  const [isBusy, setBusy] = useState(false);
  const [form] = Form.useForm<{ reason: Reason; note: string }>();
  async function submit({ reason, note }: { reason: Reason; note: string }) {
    setBusy(true);
    try {
      const told = await letGo(orders, reason, note.trim());
      const refused = told.items.find((one) => !one.released);
      if (refused) {
        notice.failed(
          new Error(
            t("pass.some", {
              released: count(told.released),
              refused: count(orders.length - told.released),
              reason: byLocale(refused.reason ?? "", refused.reason_en ?? ""),
            }),
          ),
        );
      } else notice.done(t("pass.done", { count: told.released }));
      await queries.invalidateQueries({ queryKey: KEY });
      onDone();
    } catch (error) {
      notice.failed(error);
      setBusy(false);
    }
  }
  return (
    <Modal
      open
      width={416}
      title={t("pass.title", { count: orders.length })}
      okText={t("pass.do", { count: orders.length })}
      cancelText={t("common:acts.back")}
      confirmLoading={isBusy}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ reason: "real_buyer", note: "" }}
        onFinish={(values) => void submit(values)}
      >
        <Form.Item name="reason" label={t("pass.why")}>
          <Select options={REASONS.map((one) => ({ value: one, label: t(`pass.reasons.${one}`) }))} />
        </Form.Item>
        <Form.Item name="note" label={t("pass.note")}>
          <Input maxLength={200} />
        </Form.Item>
      </Form>
    </Modal>
  );
}
