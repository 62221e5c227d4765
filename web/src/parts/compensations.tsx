import { WalletOutlined } from "@ant-design/icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Input, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { ask } from "@/client";
import { dated, exact, money } from "@/format";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import "./compensations.css";

export interface Compensation {
  order: string;
  code: string;
  step: number;
  state: "proposed" | "approved" | "paid" | "refused";
  amount: number;
  base: number;
  currency: string;
  clause: string;
  auto: boolean;
  pay_by: string;
  decided: string;
  by: string;
  reason: string;
  receipt: string;
  is_stuck: boolean;
  trouble: string;
}

/** What broken promises of an order owe its buyer; asked for while somebody looks. */
export function useCompensations(order: string) {
  return useQuery({
    queryKey: ["compensations", order],
    queryFn: ({ signal }) =>
      ask<{ items: readonly Compensation[] }>(`/v1/orders/${order}/compensations`, { signal }),
    refetchInterval: (query) =>
      query.state.data?.items.some((one) => one.state === "approved" && !one.is_stuck) ? 2000 : false,
  });
}

interface Props {
  order: string;
  nameOf: (code: string) => string;
  onDecided?: () => void;
}

/** Each sum with its clause, and the act that pays it: 赔付 ¥5.90. */
export function Compensations({ order, nameOf, onDecided }: Props) {
  const { t } = useTranslation("compensations");
  const may = useMay("order.compensate");
  const mayClause = useMay("contract.read");
  const list = useCompensations(order);
  const queries = useQueryClient();
  const notice = useNotice();
  const [refusing, refuse] = useState<Compensation | null>(null);
  const decide = useMutation({
    mutationFn: ({ row, act, reason = "" }: { row: Compensation; act: string; reason?: string }) =>
      ask(`/v1/orders/${order}/compensations`, {
        method: "POST",
        json: { act, code: row.code, step: row.step, amount_fen: row.amount, reason },
      }),
    onSuccess: async (_, { row, act }) => {
      notice.done(t(`said.${act}`, { amount: money(row.amount, row.currency) }));
      refuse(null);
      await queries.invalidateQueries({ queryKey: ["compensations", order] });
      onDecided?.();
    },
    onError: (error) => notice.failed(error),
  });
  if (list.error)
    return <ProblemNote problem={asProblem(list.error)} onRetry={() => void list.refetch()} />;
  return (
    <>
      <ul className="compensations">
        {list.data?.items.map((row) => {
          const amount = money(row.amount, row.currency);
          const isBusy = decide.isPending && decide.variables.row === row;
          return (
            <li key={`${row.code} ${row.step}`}>
              <WalletOutlined />
              <div>
                <b>
                  {nameOf(row.code)} {amount}
                </b>
                <p className="note" title={row.decided && exact(row.decided)}>
                  {row.is_stuck
                    ? t("stuck", { trouble: row.trouble })
                    : t(`states.${row.state}`, {
                        by: row.by === "policy" ? t("policy") : row.by,
                        due: dated(row.pay_by),
                        receipt: row.receipt,
                        reason:
                          row.reason === "verdict_changed" ? t("verdictChanged") : row.reason,
                      })}
                </p>
                <p className="note">
                  {t("clause", {
                    step: row.step + 1,
                    base: money(row.base, row.currency),
                    digest: row.clause.slice(0, 8),
                  })}{" "}
                  {mayClause && (
                    <Link className="compensation-clause" to={`/contract/clauses?show=all&at=${row.clause}`}>
                      {t("toClause")}
                    </Link>
                  )}
                </p>
                {may && (row.state === "proposed" || row.is_stuck) && (
                  <div className="order-buttons">
                    <Button
                      type="primary"
                      loading={isBusy}
                      onClick={() => decide.mutate({ row, act: row.is_stuck ? "retry" : "approve" })}
                    >
                      {t(row.is_stuck ? "retry" : "pay", { amount })}
                    </Button>
                    <Button onClick={() => refuse(row)}>{t("refuse")}</Button>
                  </div>
                )}
              </div>
            </li>
          );
        })}
      </ul>
      {refusing && (
        <Refusing
          amount={money(refusing.amount, refusing.currency)}
          isPending={decide.isPending}
          onClose={() => refuse(null)}
          onRefuse={(reason) => decide.mutate({ row: refusing, act: "refuse", reason })}
        />
      )}
    </>
  );
}

interface RefusingProps {
  amount: string;
  isPending: boolean;
  onClose: () => void;
  onRefuse: (reason: string) => void;
}

function Refusing({ amount, isPending, onClose, onRefuse }: RefusingProps) {
  const { t } = useTranslation(["compensations", "common"]);
  const [reason, setReason] = useState("");
  return (
    <Modal
      open
      width={416}
      title={t("refuseTitle", { amount })}
      okText={t("refuseIt", { amount })}
      okButtonProps={{ danger: true, disabled: !reason.trim() }}
      cancelText={t("common:acts.back")}
      confirmLoading={isPending}
      onOk={() => onRefuse(reason)}
      onCancel={onClose}
    >
      <label htmlFor="refusal">{t("reason")}</label>
      <Input.TextArea
        id="refusal"
        autoFocus
        rows={3}
        maxLength={500}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
      <p className="note">{t("reasonNote")}</p>
    </Modal>
  );
}
