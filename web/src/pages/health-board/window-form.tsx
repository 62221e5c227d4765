import { useMutation } from "@tanstack/react-query";
import { Alert, DatePicker, Form, Input, Modal, Select } from "antd";
import dayjs, { type Dayjs } from "dayjs";
import { useTranslation } from "react-i18next";
import type { HealthBoard } from "@/api/types.gen";
import { ask } from "@/client";
import { useNotice } from "@/parts/notice";
import { useProblemWords } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { KEY, PATH } from "./model";
import { useScopeName } from "./scopes";

const HOURS = [0.5, 1, 2, 4, 8, 24] as const;
const HOUR_MS = 3_600_000;
const REASON_CHARS = 200;

interface Given {
  scope: string;
  begins: Dayjs;
  hours: number;
  reason: string;
}

interface Props {
  board: HealthBoard;
  scope: string;
  onClose: () => void;
}

/** Sets a maintenance window: whose alerts are silent, from when, how long, and why. */
export function WindowForm({ board, scope, onClose }: Props) {
  const { t } = useTranslation("health-board");
  const words = useProblemWords();
  const notice = useNotice();
  const nameOf = useScopeName(board);
  const [form] = Form.useForm<Given>();
  const set = useMutation({
    mutationFn: ({ scope: wanted, begins, hours, reason }: Given) =>
      ask<HealthBoard>(`${PATH}/windows`, {
        method: "POST",
        json: {
          scope: wanted,
          reason,
          begins: begins.toISOString(),
          ends: new Date(begins.valueOf() + hours * HOUR_MS).toISOString(),
        },
      }),
    onSuccess: async (_, given) => {
      await queries.invalidateQueries({ queryKey: KEY });
      notice.done(t("set", { scope: nameOf(given.scope) }));
      onClose();
    },
  });
  const far = board.rows.filter((row) => row.kind === "connector" || row.kind === "webhook");
  const option = (value: string) => ({ value, label: nameOf(value) });
  return (
    <Modal
      open
      title={t("maintainTitle")}
      okText={t("setWindow")}
      cancelText={t("common:acts.back")}
      confirmLoading={set.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      {set.error && <Alert type="error" showIcon role="alert" title={words(asProblem(set.error))} />}
      <p className="note">{t("maintainNote")}</p>
      <Form<Given>
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ scope, begins: dayjs(), hours: 1, reason: "" }}
        onFinish={(given) => set.mutate(given)}
      >
        <Form.Item name="scope" label={t("scope")}>
          <Select
            options={[
              option("all"),
              { label: t("metricsGroup"), options: board.tiles.map((tile) => option(tile.metric)) },
              ...(far.length > 0
                ? [{ label: t("farGroup"), options: far.map((row) => option(row.subject)) }]
                : []),
            ]}
          />
        </Form.Item>
        <div className="health-two">
          <Form.Item name="begins" label={t("begins")} rules={[{ required: true, message: t("beginsMissing") }]}>
            <DatePicker showTime={{ format: "HH:mm" }} format="YYYY-MM-DD HH:mm" />
          </Form.Item>
          <Form.Item name="hours" label={t("length")}>
            <Select options={HOURS.map((n) => ({ value: n, label: t(n < 1 ? "minutes" : "hours", { n: n < 1 ? n * 60 : n }) }))} />
          </Form.Item>
        </div>
        <Form.Item
          name="reason"
          label={t("reason")}
          rules={[{ required: true, whitespace: true, message: t("reasonMissing") }]}
        >
          <Input maxLength={REASON_CHARS} placeholder={t("reasonLike")} />
        </Form.Item>
      </Form>
    </Modal>
  );
}
