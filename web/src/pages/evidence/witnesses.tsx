import { PlusOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { Alert, Button, Form, Input, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ask } from "@/client";
import { age, count, exact } from "@/format";
import { Card } from "@/parts/card";
import { useConfirm } from "@/parts/confirm";
import { useNotice } from "@/parts/notice";
import { useProblemWords } from "@/parts/problem-note";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { type Tone, ToneTag } from "@/parts/status-tag";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { BOOKS_KEY, type LogState, type Witness } from "./evidence";

type Row = Witness & { book: Witness["books"][number] | null };

/** Who cosigns the checkpoints, how far each has come, and what each found. */
export function Witnesses({ view }: { view: LogState }) {
  const { t } = useTranslation(["evidence", "common"]);
  const mayWrite = useMay("log.write");
  const notice = useNotice();
  const confirm = useConfirm();
  const [isAdding, setAdding] = useState(false);
  const newest = view.books[0];
  const rows = view.witnesses.flatMap<Row>((witness) => {
    const books: Row["book"][] = witness.books.length > 0 ? witness.books : [null];
    return books.map((book) => ({ ...witness, book }));
  });
  const now = useMutation({
    mutationFn: (half: string) =>
      ask<{ came: number }>(`/v1/books/${half}/cosignatures`, { method: "POST" }),
    onSuccess: async ({ came }) => {
      notice.done(t("came", { count: came }));
      await queries.invalidateQueries({ queryKey: BOOKS_KEY });
    },
    onError: (error) => notice.failed(error),
  });
  const drop = useMutation({
    mutationFn: async (name: string) => {
      const isMeant = await confirm({
        title: t("dropWitnessAsk", { name }),
        text: t("dropWitnessNote"),
        act: t("dropWitness", { name }),
        isDanger: true,
      });
      if (!isMeant) return "";
      const query = new URLSearchParams({ name });
      await ask<undefined>(`/v1/books/witnesses?${query}`, { method: "DELETE" });
      return name;
    },
    onSuccess: async (name) => {
      if (name) notice.done(t("dropped", { name }));
      await queries.invalidateQueries({ queryKey: BOOKS_KEY });
    },
    onError: (error) => notice.failed(error),
  });
  const standing = ({ book }: Row): [Tone, string] => {
    if (!book) return ["excused", t("notAsked")];
    if (book.forked) return ["broken", t("forked")];
    return book.trouble ? ["risk", t("failed")] : ["kept", t("cosigned")];
  };
  const columns: SmallColumn<Row>[] = [
    {
      key: "name",
      title: t("columns.witness"),
      render: (r) => <span title={r.vkey}>{r.name}</span>,
    },
    { key: "book", title: t("columns.book"), render: (r) => <code>{r.book?.half ?? "—"}</code> },
    {
      key: "state",
      title: t("columns.state"),
      render: (r) => {
        const [tone, text] = standing(r);
        return (
          <span title={r.book?.trouble || undefined}>
            <ToneTag tone={tone}>{text}</ToneTag>
          </span>
        );
      },
    },
    {
      key: "size",
      title: t("columns.cosigned"),
      isNumber: true,
      render: (r) => (r.book?.size ? count(r.book.size) : "—"),
    },
    {
      key: "at",
      title: t("columns.cosignedAt"),
      render: (r) =>
        r.book?.cosigned ? <span title={exact(r.book.cosigned)}>{age(r.book.cosigned)}</span> : "—",
    },
    { key: "url", title: t("columns.url"), render: (r) => <span className="mono">{r.url}</span> },
    {
      key: "act",
      title: t("columns.acts"),
      render: (r) =>
        mayWrite && (
          <Button size="small" danger onClick={() => drop.mutate(r.name)}>
            {t("stopAsking")}
          </Button>
        ),
    },
  ];
  return (
    <Card
      title={t("witnesses")}
      note={t("witnessesNote")}
      extra={
        mayWrite && (
          <>
            {newest && view.witnesses.length > 0 && (
              <Button
                size="small"
                loading={now.isPending}
                onClick={() => now.mutate(newest.half)}
              >
                {t("askNow")}
              </Button>
            )}{" "}
            <Button size="small" icon={<PlusOutlined />} onClick={() => setAdding(true)}>
              {t("addWitness")}
            </Button>
          </>
        )
      }
      isFlush
    >
      <SmallTable
        caption={t("witnesses")}
        columns={columns}
        rows={rows}
        keyOf={(r) => `${r.name} ${r.book?.half ?? ""}`}
        empty={t("noWitness")}
      />
      {isAdding && <AddWitness onClose={() => setAdding(false)} />}
    </Card>
  );
}

function AddWitness({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation(["evidence", "common"]);
  const words = useProblemWords();
  const notice = useNotice();
  const [form] = Form.useForm<{ vkey: string; url: string }>();
  const add = useMutation({
    mutationFn: (json: { vkey: string; url: string }) =>
      ask<LogState>("/v1/books/witnesses", { method: "PUT", json }),
    onSuccess: (state) => {
      queries.setQueryData(BOOKS_KEY, state);
      notice.done(t("added"));
      onClose();
    },
  });
  return (
    <Modal
      open
      title={t("addWitness")}
      okText={t("addWitness")}
      cancelText={t("common:acts.back")}
      confirmLoading={add.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      {add.error && (
        <Alert type="error" showIcon role="alert" title={words(asProblem(add.error))} />
      )}
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        onFinish={(given) => add.mutate(given)}
      >
        <Form.Item
          name="vkey"
          label={t("vkey")}
          extra={t("vkeyHint")}
          rules={[{ required: true, message: t("vkeyMissing") }]}
        >
          <Input spellCheck={false} autoComplete="off" className="mono" />
        </Form.Item>
        <Form.Item
          name="url"
          label={t("url")}
          extra={t("urlHint")}
          rules={[{ required: true, message: t("urlMissing") }]}
        >
          <Input spellCheck={false} placeholder="https://witness.example" />
        </Form.Item>
      </Form>
    </Modal>
  );
}
