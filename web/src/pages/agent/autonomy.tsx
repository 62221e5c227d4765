import { useQuery } from "@tanstack/react-query";
import { Button, Form, Input, InputNumber, Modal, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { AgentAutonomies, AgentAutonomy, NewAutonomy } from "@/api/types.gen";
import { ask } from "@/client";
import { count, money, share } from "@/format";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { ToneTag } from "@/parts/status-tag";
import { asProblem, type Problem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { PROPOSALS_KEY, told, toneOf } from "./words";

const KEY = ["agent", "autonomy"] as const;
const LEVELS = ["observe", "propose", "approve", "automatic"] as const;
const TONES = { observe: "plain", propose: "plain", approve: "info", automatic: "primary" } as const;
const FEN = 100;

function useAutonomies() {
  return useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => ask<AgentAutonomies>("/v1/agent/autonomy", { signal }),
  });
}

function Level({ one }: { one: AgentAutonomy }) {
  const { t } = useTranslation("agent");
  const level = LEVELS.find((each) => each === one.level) ?? "observe";
  const people = Math.max(1, one.table[1] ?? 1);
  return (
    <ToneTag tone={TONES[level]}>
      {level === "approve" ? t("people", { count: people }) : t(`level.${level}`)}
    </ToneTag>
  );
}

/** 自主等级 by action: what it may do by itself, and what it has proved. */
export function Autonomy() {
  const { t } = useTranslation("agent");
  const found = useAutonomies();
  return (
    <Card title={t("levels")} note={t("byAction")}>
      {found.error && <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />}
      {found.isPending && <Skeleton kind="rows" rows={5} />}
      <ul className="agent-levels">
        {found.data?.items.map((one) => (
          <li key={one.action}>
            <span>{told(one.title)}</span>
            <Level one={one} />
            <span className="note">
              {one.level === "automatic"
                ? t("perDay", { money: money(one.day_fen) })
                : one.lowered
                  ? t(`lowered.${one.lowered}`)
                  : one.decided > 0
                    ? t("taken", { accepted: count(one.accepted), decided: count(one.decided) })
                    : "—"}
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** Every action's level, budget and proof; a level is raised one at a time, when it is earned. */
export function AutonomyDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("agent");
  const mayWrite = useMay("agent.write");
  const found = useAutonomies();
  const [chosen, choose] = useState<AgentAutonomy | null>(null);
  const columns: SmallColumn<AgentAutonomy>[] = [
    { key: "action", title: t("action"), render: (one) => told(one.title) },
    {
      key: "way",
      title: t("nature"),
      render: (one) => (
        <ToneTag tone={toneOf(one.reversibility)}>
          {t(`ways.${one.reversibility}`)} · {t("sensitivity", { n: one.sensitivity })}
        </ToneTag>
      ),
    },
    { key: "level", title: t("levelHead"), render: (one) => <Level one={one} /> },
    { key: "table", title: t("askedOf"), render: (one) => one.table.join(" / ") },
    {
      key: "budget",
      title: t("today"),
      isNumber: true,
      render: (one) => `${money(one.spent_fen)} / ${money(one.day_fen)}`,
    },
    {
      key: "earned",
      title: t("proved"),
      isNumber: true,
      render: (one) => `${count(one.lived)} / ${count(one.earned)}`,
    },
    {
      key: "regret",
      title: t("regret"),
      isNumber: true,
      render: (one) => (one.lived > 0 ? share(one.regretted / one.lived, 1) : "—"),
    },
    {
      key: "set",
      title: t("setHead"),
      render: (one) =>
        mayWrite ? (
          <Button size="small" aria-label={t("setOf", { action: told(one.title) })} onClick={() => choose(one)}>
            {t("set")}
          </Button>
        ) : (
          one.set_by || "—"
        ),
    },
  ];
  return (
    <Modal open width={960} title={t("levels")} footer={null} onCancel={onClose}>
      <p className="note">{t("levelsNote")}</p>
      {found.error && <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />}
      {found.data && (
        <SmallTable caption={t("levels")} columns={columns} rows={found.data.items} keyOf={(one) => one.action} empty="—" />
      )}
      {chosen && <Setting one={chosen} onClose={() => choose(null)} />}
    </Modal>
  );
}

interface Wish {
  level: NewAutonomy["level"];
  day: number;
  times: number;
  none: number;
  single: number;
  earned: number;
  regret: number;
  reason: string;
}

function Setting({ one, onClose }: { one: AgentAutonomy; onClose: () => void }) {
  const { t } = useTranslation("agent");
  const { done } = useNotice();
  const [problem, fail] = useState<Problem | null>(null);
  const [form] = Form.useForm<Wish>();
  const send = async (wish: Wish) => {
    const json: NewAutonomy = {
      level: wish.level,
      reason: wish.reason.trim(),
      day_fen: Math.round(wish.day * FEN),
      day_count: wish.times,
      none_up_to_fen: Math.round(wish.none * FEN),
      one_up_to_fen: Math.round(wish.single * FEN),
      earned: wish.earned,
      regret_bound: Math.round(wish.regret * 10),
    };
    try {
      const after = await ask<AgentAutonomies>(`/v1/agent/autonomy/${one.action}`, { method: "PUT", json });
      queries.setQueryData(KEY, after);
      done(t("setDone", { action: told(one.title) }));
      await queries.invalidateQueries({ queryKey: PROPOSALS_KEY });
      onClose();
    } catch (error) {
      fail(asProblem(error));
    }
  };
  return (
    <Modal
      open
      title={t("setOf", { action: told(one.title) })}
      okText={t("save")}
      cancelText={t("goBack")}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      {problem && <ProblemNote problem={problem} />}
      {one.not_ready && <p className="note">{t(`notReady.${one.not_ready}`, { lived: count(one.lived), earned: count(one.earned) })}</p>}
      <Form<Wish>
        form={form}
        layout="vertical"
        onFinish={(wish) => void send(wish)}
        initialValues={{
          level: LEVELS.find((each) => each === one.level) ?? "approve",
          day: one.day_fen / FEN,
          times: one.day_count,
          none: one.none_up_to_fen / FEN,
          single: one.one_up_to_fen / FEN,
          earned: one.earned,
          regret: one.regret_bound / 10,
          reason: "",
        }}
      >
        <Form.Item name="level" label={t("levelHead")}>
          <Select options={LEVELS.map((each) => ({ value: each, label: t(`level.${each}`) }))} />
        </Form.Item>
        <div className="agent-pair">
          <Form.Item name="day" label={t("dayBudget")}>
            <InputNumber min={0} precision={2} prefix="¥" />
          </Form.Item>
          <Form.Item name="times" label={t("dayTimes")}>
            <InputNumber min={0} precision={0} />
          </Form.Item>
          <Form.Item name="none" label={t("noneUpTo")}>
            <InputNumber min={0} precision={2} prefix="¥" />
          </Form.Item>
          <Form.Item name="single" label={t("oneUpTo")}>
            <InputNumber min={0} precision={2} prefix="¥" />
          </Form.Item>
          <Form.Item name="earned" label={t("earnedHead")}>
            <InputNumber min={5} precision={0} />
          </Form.Item>
          <Form.Item name="regret" label={t("regretHead")}>
            <InputNumber min={1} max={50} precision={1} suffix="%" />
          </Form.Item>
        </div>
        <Form.Item name="reason" label={t("reason")} rules={[{ required: true, min: 2, message: t("reasonNeeded") }]}>
          <Input maxLength={500} />
        </Form.Item>
      </Form>
    </Modal>
  );
}
