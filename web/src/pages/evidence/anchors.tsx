import { useMutation } from "@tanstack/react-query";
import { Alert, Button, Form, Input, InputNumber, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ask } from "@/client";
import { dated, exact } from "@/format";
import { Card } from "@/parts/card";
import { DigestText } from "@/parts/digest-text";
import { useNotice } from "@/parts/notice";
import { useProblemWords } from "@/parts/problem-note";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { ToneTag } from "@/parts/status-tag";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { BOOKS_KEY, type Deposit, type LogState } from "./evidence";

interface Account {
  url: string;
  key: string;
  secret: string;
  every_h: number;
}

/** Deposits with an evidence platform; 区块链存证 is said of those with a transaction alone. */
export function Anchors({ view }: { view: LogState }) {
  const { t } = useTranslation("evidence");
  const mayWrite = useMay("log.write");
  const notice = useNotice();
  const [isChanging, setChanging] = useState(false);
  const now = useMutation({
    mutationFn: () => ask<{ came: number }>("/v1/books/anchors", { method: "POST" }),
    onSuccess: async ({ came }) => {
      notice.done(t("receipts", { count: came }));
      await queries.invalidateQueries({ queryKey: BOOKS_KEY });
    },
    onError: (error) => notice.failed(error),
  });
  const columns: SmallColumn<Deposit>[] = [
    { key: "period", title: t("columns.period"), render: (d) => d.period },
    {
      key: "state",
      title: t("columns.state"),
      render: (d) => (
        <span title={d.trouble || undefined}>
          <ToneTag tone={d.tx ? "kept" : d.trouble ? "risk" : "excused"}>
            {t(d.tx ? "blockchain" : d.trouble ? "failed" : d.evidence_no ? "noTxYet" : "waits")}
          </ToneTag>
        </span>
      ),
    },
    {
      key: "evidence",
      title: t("columns.evidenceNo"),
      render: (d) =>
        d.evidence_no ? (
          <a href={`/v1/books/certificate?${new URLSearchParams({ evidence_no: d.evidence_no })}`}>
            {d.evidence_no}
          </a>
        ) : (
          "—"
        ),
    },
    {
      key: "tx",
      title: t("columns.tx"),
      render: (d) => (d.tx ? <DigestText hex={d.tx.replace(/^0x/, "")} /> : "—"),
    },
    { key: "digest", title: t("columns.digest"), render: (d) => <DigestText hex={d.digest} /> },
    { key: "books", title: t("columns.books"), isNumber: true, render: (d) => d.books },
    {
      key: "at",
      title: t("columns.platformTime"),
      render: (d) => (d.at ? <span title={exact(d.at)}>{dated(d.at)}</span> : "—"),
    },
  ];
  return (
    <Card
      title={t("anchors")}
      note={view.anchor ? t("every", { platform: view.anchor, hours: view.anchor_every_h }) : undefined}
      extra={
        mayWrite && (
          <>
            {view.anchor && (
              <Button size="small" loading={now.isPending} onClick={() => now.mutate()}>
                {t("depositNow")}
              </Button>
            )}{" "}
            <Button size="small" onClick={() => setChanging(true)}>
              {t(view.anchor ? "changePlatform" : "connectPlatform")}
            </Button>
          </>
        )
      }
      isFlush
    >
      <SmallTable
        caption={t("anchors")}
        columns={columns}
        rows={view.anchors}
        keyOf={(d) => d.period}
        empty={t(view.anchor ? "noDeposit" : "noAnchor")}
      />
      {isChanging && <PlatformForm view={view} onClose={() => setChanging(false)} />}
    </Card>
  );
}

function PlatformForm({ view, onClose }: { view: LogState; onClose: () => void }) {
  const { t } = useTranslation(["evidence", "common"]);
  const words = useProblemWords();
  const notice = useNotice();
  const [form] = Form.useForm<Account>();
  const keep = useMutation({
    mutationFn: (given: Account) =>
      ask<LogState>("/v1/books/anchor", {
        method: "PUT",
        json: { adapter: view.anchor || "court-chain", ...given },
      }),
    onSuccess: (state) => {
      queries.setQueryData(BOOKS_KEY, state);
      notice.done(t("platformKept"));
      onClose();
    },
  });
  const hasAccount = view.anchor !== "";
  return (
    <Modal
      open
      title={t(hasAccount ? "changePlatform" : "connectPlatform")}
      okText={t(hasAccount ? "changePlatform" : "connectPlatform")}
      cancelText={t("common:acts.back")}
      confirmLoading={keep.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      {keep.error && (
        <Alert type="error" showIcon role="alert" title={words(asProblem(keep.error))} />
      )}
      <Form<Account>
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{
          url: view.anchor_url,
          key: view.anchor_key,
          secret: "",
          every_h: view.anchor_every_h || 24,
        }}
        onFinish={(given) => keep.mutate(given)}
      >
        <Form.Item
          name="url"
          label={t("platformUrl")}
          rules={[{ required: true, message: t("urlMissing") }]}
        >
          <Input spellCheck={false} placeholder="https://evidence.example" />
        </Form.Item>
        <Form.Item
          name="key"
          label={t("platformKey")}
          rules={[{ required: true, message: t("platformKeyMissing") }]}
        >
          <Input spellCheck={false} autoComplete="off" />
        </Form.Item>
        <Form.Item
          name="secret"
          label={t("platformSecret")}
          extra={hasAccount ? t("secretKept") : undefined}
          rules={hasAccount ? [] : [{ required: true, message: t("secretMissing") }]}
        >
          <Input.Password autoComplete="new-password" />
        </Form.Item>
        <Form.Item name="every_h" label={t("everyHours")}>
          <InputNumber min={1} max={720} />
        </Form.Item>
      </Form>
    </Modal>
  );
}
