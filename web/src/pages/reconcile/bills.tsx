import { ImportOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Input, Modal, Select } from "antd";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import type { BillFile, BillForms, BillPage, RejectPage } from "@/api/types.gen";
import { ask } from "@/client";
import { brief, count, exact, money } from "@/format";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { asProblem, type Problem } from "@/problem";
import { RECONCILE_KEY, useWords } from "./words";

const SHOWN = 10;

/** The bills that were brought in, with what each left out; and the way to bring one in. */
export function Bills({ mayWrite }: { mayWrite: boolean }) {
  const { t } = useTranslation("reconcile");
  const words = useWords();
  const [isImporting, setImporting] = useState(false);
  const [left, setLeft] = useState<BillFile | null>(null);
  const found = useQuery({
    queryKey: [...RECONCILE_KEY, "bills"],
    queryFn: ({ signal }) => ask<BillPage>(`/v1/bills?limit=${SHOWN}`, { signal }),
  });
  const columns: SmallColumn<BillFile>[] = [
    { key: "name", title: t("columns.file"), render: (bill) => bill.name },
    { key: "book", title: t("columns.book"), render: (bill) => words.book(bill.book) },
    { key: "lines", title: t("columns.lines"), render: (bill) => count(bill.lines), isNumber: true },
    {
      key: "existing",
      title: t("columns.existing"),
      render: (bill) => count(bill.existing),
      isNumber: true,
    },
    {
      key: "rejected",
      title: t("columns.rejected"),
      render: (bill) =>
        bill.rejected ? (
          <Button type="link" size="small" onClick={() => setLeft(bill)}>
            {count(bill.rejected)}
          </Button>
        ) : (
          "0"
        ),
      isNumber: true,
    },
    {
      key: "income",
      title: t("columns.income"),
      render: (bill) => money(bill.income_fen),
      isNumber: true,
    },
    {
      key: "expense",
      title: t("columns.expense"),
      render: (bill) => money(bill.expense_fen),
      isNumber: true,
    },
    {
      key: "made",
      title: t("columns.made"),
      render: (bill) => <time title={exact(bill.made)}>{brief(bill.made)}</time>,
    },
  ];
  return (
    <Card
      title={t("bills")}
      note={t("billsNote")}
      extra={
        mayWrite && (
          <Button size="small" icon={<ImportOutlined />} onClick={() => setImporting(true)}>
            {t("importBill")}
          </Button>
        )
      }
      isFlush
    >
      {found.error ? (
        <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />
      ) : found.data ? (
        <SmallTable
          caption={t("bills")}
          columns={columns}
          rows={found.data.items}
          keyOf={(bill) => bill.id}
          empty={t("noBills")}
        />
      ) : (
        <Skeleton kind="card" />
      )}
      {isImporting && <Importing onEnd={() => setImporting(false)} />}
      {left && <Rejects bill={left} onEnd={() => setLeft(null)} />}
    </Card>
  );
}

/** Choose what the bill is, and the file; a no says why and nothing was brought in. */
function Importing({ onEnd }: { onEnd: () => void }) {
  const { t } = useTranslation("reconcile");
  const words = useWords();
  const { done } = useNotice();
  const client = useQueryClient();
  const [form, setForm] = useState("");
  const [file, setFile] = useState<File | null>(null);
  const [account, setAccount] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const ids = { form: useId(), file: useId(), account: useId() };
  const forms = useQuery({
    queryKey: [...RECONCILE_KEY, "forms"],
    queryFn: ({ signal }) => ask<BillForms>("/v1/bill-forms", { signal }),
    staleTime: Infinity,
  });
  const bring = async () => {
    if (!form || !file) return;
    setBusy(true);
    setProblem(null);
    try {
      const name = encodeURIComponent(file.name.slice(0, 200));
      const asked = `form=${form}&name=${name}&account=${encodeURIComponent(account)}`;
      const bill = await ask<BillFile>(`/v1/bills?${asked}`, {
        method: "POST",
        headers: { "Content-Type": "application/octet-stream" },
        body: file,
      });
      await client.invalidateQueries({ queryKey: RECONCILE_KEY });
      done(
        bill.is_known
          ? t("known", { name: bill.name })
          : t("brought", { lines: count(bill.lines), rejected: count(bill.rejected) }),
      );
      onEnd();
    } catch (error) {
      setProblem(asProblem(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal
      open
      title={t("importBill")}
      okText={t("bringIn")}
      okButtonProps={{ disabled: !form || !file, loading: isBusy }}
      onOk={() => void bring()}
      onCancel={onEnd}
    >
      <div className="reconcile-form">
        <label htmlFor={ids.form}>{t("form")}</label>
        <Select
          id={ids.form}
          value={form || null}
          onChange={setForm}
          placeholder={t("chooseForm")}
          options={(forms.data?.items ?? []).map((one) => ({
            value: one.name,
            label: words.form(one),
          }))}
        />
        <label htmlFor={ids.file}>{t("columns.file")}</label>
        <input
          id={ids.file}
          type="file"
          accept=".csv,.xlsx,.txt"
          onChange={(event) => setFile(event.target.files?.[0] ?? null)}
        />
        <label htmlFor={ids.account}>{t("account")}</label>
        <Input
          id={ids.account}
          value={account}
          maxLength={64}
          onChange={(event) => setAccount(event.target.value)}
        />
        {problem && (
          <Alert
            type="error"
            showIcon
            title={t(`refusals.${problem.code}`, { defaultValue: t("refusals.other") })}
            description={problem.detail}
          />
        )}
      </div>
    </Modal>
  );
}

function Rejects({ bill, onEnd }: { bill: BillFile; onEnd: () => void }) {
  const { t } = useTranslation("reconcile");
  const found = useQuery({
    queryKey: [...RECONCILE_KEY, "rejects", bill.id],
    queryFn: ({ signal }) =>
      ask<RejectPage>(`/v1/bills/${bill.id}/rejects?limit=200`, { signal }),
  });
  return (
    <Modal open title={t("rejectsOf", { name: bill.name })} footer={null} onCancel={onEnd} width={820}>
      {found.error ? (
        <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />
      ) : (
        <SmallTable
          caption={t("rejectsOf", { name: bill.name })}
          columns={[
            { key: "row", title: t("columns.row"), render: (one) => one.row, isNumber: true },
            {
              key: "code",
              title: t("columns.why"),
              render: (one) =>
                t(`rejects.${one.code.split(":")[0]}`, { defaultValue: one.reason }),
            },
            {
              key: "cells",
              title: t("columns.cells"),
              render: (one) => <code>{one.cells.join(" | ")}</code>,
            },
          ]}
          rows={found.data?.items ?? []}
          keyOf={(one) => String(one.row)}
          empty=""
        />
      )}
    </Modal>
  );
}
