import { useQuery } from "@tanstack/react-query";
import { Button, Form, Input, InputNumber, Select } from "antd";
import { useTranslation } from "react-i18next";
import type { NetworkRun, NetworkRunPage, NetworkScenario } from "@/api/types.gen";
import { ask as fetchJson } from "@/client";
import { brief } from "@/format";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { useAsked } from "@/parts/use-asked";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { Running } from ".";
import { Played } from "./played";
import { isOver, KEY } from "./words";

const LOOK_MS = 1_000;
const REST_MS = 60_000;
const PERCENT = 10;
const FEN = 100;

/** 仿真: a scenario against now on recorded demand, policies beside one another. */
export function Play({ warehouses }: { warehouses: readonly string[] }) {
  const { t } = useTranslation("network");
  const { asked, ask } = useAsked();
  const mayRun = useMay("network.write");
  const found = useQuery({
    queryKey: [...KEY, "scenarios"],
    queryFn: ({ signal }) => fetchJson<NetworkRunPage>("/v1/network/runs?kind=scenario&limit=20", { signal }),
    refetchInterval: (q) => (isOver(q.state.data?.items[0]?.state ?? "done") ? REST_MS : LOOK_MS),
  });
  const runs = found.data?.items ?? [];
  const newest = runs[0];
  const done = runs.filter((one) => one.played);
  const shown = done.find((one) => one.id === asked("run")) ?? done[0];
  return (
    <div className="network-play">
      {mayRun && <Scenario warehouses={warehouses} isBusy={newest !== undefined && !isOver(newest.state)} />}
      {found.error && <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />}
      {found.isPending && <Skeleton kind="card" rows={4} />}
      {newest && !isOver(newest.state) && <Stoppable run={newest} mayStop={mayRun} />}
      {newest?.state === "failed" && <p role="status">{t("failed", { why: newest.trouble })}</p>}
      {done.length > 1 && (
        <Select
          aria-label={t("runs")}
          value={shown?.id ?? null}
          onChange={(id) => ask({ run: id ?? "" })}
          options={done.map((one) => ({ value: one.id, label: `${one.title || t("untitled")} · ${brief(one.finished)}` }))}
        />
      )}
      {shown?.played && <Played played={shown.played} />}
      {found.data && !shown && <p className="note">{t("neverPlayed")}</p>}
    </div>
  );
}

function Stoppable({ run, mayStop }: { run: NetworkRun; mayStop: boolean }) {
  const { t } = useTranslation("network");
  const { failed } = useNotice();
  const stop = async () => {
    try {
      await fetchJson(`/v1/network/runs/${run.id}/cancel`, { method: "POST", json: {} });
    } catch (error) {
      failed(error);
    }
    await queries.invalidateQueries({ queryKey: KEY });
  };
  return (
    <div className="network-acts">
      <Running run={run} />
      {mayStop && <Button onClick={() => void stop()}>{t("stopScenario")}</Button>}
    </div>
  );
}

interface Wish {
  title: string;
  closed: string[];
  province: string;
  demand: number;
  lead: number;
  supplier: number;
  budget: number | null;
  service: number | null;
}

const NOW: Wish = {
  title: "",
  closed: [],
  province: "",
  demand: 100,
  lead: 100,
  supplier: 100,
  budget: null,
  service: null,
};

function toScenario(wish: Wish): NetworkScenario {
  return {
    title: wish.title.trim(),
    closed: wish.closed,
    demand: wish.demand === 100 ? [] : [[wish.province.trim(), Math.round(wish.demand * PERCENT)]],
    lead_share: Math.round(wish.lead * PERCENT),
    supplier_share: Math.round(wish.supplier * PERCENT),
    budget_fen: wish.budget === null ? -1 : Math.round(wish.budget * FEN),
    service: wish.service === null ? 0 : Math.round(wish.service * PERCENT),
  };
}

/** What is otherwise than now. */
function Scenario({ warehouses, isBusy }: { warehouses: readonly string[]; isBusy: boolean }) {
  const { t } = useTranslation("network");
  const { failed } = useNotice();
  const [form] = Form.useForm<Wish>();
  const play = async (wish: Wish) => {
    try {
      await fetchJson("/v1/network/scenarios", { method: "POST", json: toScenario(wish) });
    } catch (error) {
      failed(error);
    }
    await queries.invalidateQueries({ queryKey: [...KEY, "scenarios"] });
  };
  return (
    <Card title={t("scenario")} note={t("scenarioNote")}>
      <Form
        form={form}
        layout="vertical"
        initialValues={NOW}
        onFinish={(wish) => void play({ ...NOW, ...wish })}
      >
        <div className="network-form">
          <Form.Item name="title" label={t("fields.title")}>
            <Input maxLength={80} />
          </Form.Item>
          <Form.Item name="closed" label={t("fields.closed")}>
            <Select mode="multiple" allowClear options={warehouses.map((code) => ({ value: code, label: code }))} />
          </Form.Item>
          <Form.Item
            name="province"
            label={t("fields.province")}
            rules={[{ pattern: /^([0-9]{2})?$/, message: t("fields.provinceRule") }]}
          >
            <Input maxLength={2} placeholder={t("fields.everywhere")} />
          </Form.Item>
          <Form.Item name="demand" label={t("fields.demand")}>
            <InputNumber min={0} max={1_000} precision={1} suffix="%" />
          </Form.Item>
          <Form.Item name="lead" label={t("fields.lead")}>
            <InputNumber min={20} max={500} precision={1} suffix="%" />
          </Form.Item>
          <Form.Item name="supplier" label={t("fields.supplier")}>
            <InputNumber min={20} max={500} precision={1} suffix="%" />
          </Form.Item>
          <Form.Item name="budget" label={t("fields.budget")}>
            <InputNumber min={0} max={100_000_000} precision={2} prefix="¥" placeholder={t("fields.unbounded")} />
          </Form.Item>
          <Form.Item name="service" label={t("fields.service")}>
            <InputNumber min={50} max={99.9} precision={1} suffix="%" placeholder={t("fields.asSet")} />
          </Form.Item>
        </div>
        <Button htmlType="submit" disabled={isBusy}>
          {t("playIt")}
        </Button>
      </Form>
    </Card>
  );
}
