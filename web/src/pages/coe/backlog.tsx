import { PlusOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { Button, Form, Input, InputNumber, Modal, Segmented, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { BacklogChange, BacklogItem, BacklogPage, NewBacklogItem } from "@/api/types.gen";
import { ask as fetchJson } from "@/client";
import { brief, money } from "@/format";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { ToneTag } from "@/parts/status-tag";
import { query } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay, useSession } from "@/session";
import { Mine } from "./mine";
import { KEY, OWNERS, PATH, useOwner } from "./words";

const STATES = ["open", "doing", "done", "dropped"] as const;
const TONES = { open: "pend", doing: "primary", done: "kept", dropped: "plain" } as const;
const FEN = 100;

/** 待办: what is to be done about policies, by whom, and what it may be worth. */
export function Backlog() {
  const { t } = useTranslation("coe");
  const mayWrite = useMay("coe.write");
  const [state, choose] = useState<string>("open");
  const [isMine, setMine] = useState(false);
  const [isNew, setNew] = useState(false);
  const list = useKeyset<BacklogItem, BacklogPage>({
    queryKey: [...KEY, "backlog", state, isMine],
    fetch: (cursor, signal) =>
      fetchJson(`${PATH}/backlog?${query({ cursor, limit: 20, state, mine: String(isMine) })}`, {
        signal,
      }),
  });
  return (
    <Card
      title={t("tabs.backlog")}
      extra={
        <>
          <Mine isMine={isMine} onChange={setMine} />
          {mayWrite && (
            <Button type="primary" icon={<PlusOutlined />} onClick={() => setNew(true)}>
              {t("addItem")}
            </Button>
          )}
        </>
      }
    >
      <Segmented
        aria-label={t("columns.state")}
        value={state}
        options={STATES.map((one) => ({ value: one, label: t(`states.${one}`) }))}
        onChange={choose}
      />
      {list.problem && <ProblemNote problem={list.problem} onRetry={list.onRetry} />}
      {list.isLoading && <Skeleton kind="rows" rows={4} />}
      {!list.isLoading && !list.problem && list.rows.length === 0 && (
        <p className="note">{t("noItems")}</p>
      )}
      <ul className="coe-items">
        {list.rows.map((one) => (
          <li key={one.id}>
            <Item item={one} mayWrite={mayWrite} />
          </li>
        ))}
      </ul>
      {list.hasMore && (
        <Button type="link" loading={list.isWaiting} onClick={list.onMore}>
          {t("moreRows")}
        </Button>
      )}
      {isNew && <AddItem onClose={() => setNew(false)} />}
    </Card>
  );
}

function Item({ item, mayWrite }: { item: BacklogItem; mayWrite: boolean }) {
  const { t } = useTranslation("coe");
  const { person } = useSession();
  const owner = useOwner(person.id);
  const { done } = useNotice();
  const { plan } = item;
  const state = item.state ?? "open";
  const change = useMutation({
    mutationFn: (to: (typeof STATES)[number]) => {
      const json: BacklogChange = {
        title: plan.title,
        text: plan.text ?? "",
        owner: plan.owner ?? "",
        value_fen: plan.value_fen ?? 0,
        policy: plan.policy ?? "",
        experiment: plan.experiment ?? "",
        state: to,
      };
      return fetchJson<BacklogItem>(`${PATH}/backlog/${item.id}`, { method: "PUT", json });
    },
    onSuccess: async () => {
      done(t("itemChanged"));
      await queries.invalidateQueries({ queryKey: [...KEY, "backlog"] });
    },
  });
  return (
    <article aria-label={plan.title}>
      <header>
        <h3>{plan.title}</h3>
        <ToneTag tone={TONES[state]}>{t(`states.${state}`)}</ToneTag>
      </header>
      {plan.text && <p>{plan.text}</p>}
      <p className="note">
        {owner(plan.owner)} · {t(`origins.${plan.origin ?? "person"}`)} {plan.ref}
        {plan.value_fen ? ` · ${t("worth", { fen: money(plan.value_fen) })}` : ""} ·{" "}
        {brief(item.changed_ms ?? 0)}
      </p>
      {change.error && <ProblemNote problem={asProblem(change.error)} />}
      {mayWrite && (
        <Select
          size="small"
          aria-label={t("moveTo")}
          value={state}
          loading={change.isPending}
          options={STATES.map((one) => ({ value: one, label: t(`states.${one}`) }))}
          onChange={(to) => change.mutate(to)}
        />
      )}
    </article>
  );
}

interface Wish {
  title: string;
  text?: string;
  owner?: string;
  value?: number | null;
}

function AddItem({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("coe");
  const { person } = useSession();
  const { done } = useNotice();
  const [form] = Form.useForm<Wish>();
  const add = useMutation({
    mutationFn: (wish: Wish) => {
      const json: NewBacklogItem = {
        title: wish.title.trim(),
        text: wish.text?.trim() ?? "",
        owner: wish.owner ?? "",
        value_fen: Math.round((wish.value ?? 0) * FEN),
      };
      return fetchJson<BacklogItem>(`${PATH}/backlog`, { method: "POST", json });
    },
    onSuccess: async () => {
      done(t("itemAdded"));
      await queries.invalidateQueries({ queryKey: [...KEY, "backlog"] });
      onClose();
    },
  });
  return (
    <Modal
      open
      title={t("addItem")}
      okText={t("addItem")}
      cancelText={t("back")}
      confirmLoading={add.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      {add.error && <ProblemNote problem={asProblem(add.error)} />}
      <Form<Wish> form={form} layout="vertical" onFinish={(wish) => add.mutate(wish)}>
        <Form.Item
          name="title"
          label={t("columns.title")}
          rules={[{ required: true, whitespace: true, min: 2, message: t("needed") }]}
        >
          <Input maxLength={120} />
        </Form.Item>
        <Form.Item name="text" label={t("columns.text")}>
          <Input.TextArea maxLength={1_000} rows={2} />
        </Form.Item>
        <Form.Item name="owner" label={t("columns.owner")}>
          <Select
            allowClear
            options={[
              ...OWNERS.map((role) => ({ value: `role:${role}`, label: t(`common:roles.${role}`) })),
              { value: `person:${person.id}`, label: t("me") },
            ]}
          />
        </Form.Item>
        <Form.Item name="value" label={t("valueYear")}>
          <InputNumber className="coe-number" precision={2} prefix="¥" />
        </Form.Item>
      </Form>
    </Modal>
  );
}
