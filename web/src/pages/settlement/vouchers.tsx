import { useMutation } from "@tanstack/react-query";
import { Button, Input, InputNumber, Modal, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { NewVoucher, Settlement, Voucher, VoucherDraft } from "@/api/types.gen";
import { ask as askHub } from "@/client";
import { money } from "@/format";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { useAsked } from "@/parts/use-asked";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { Drafts } from "./drafts";
import { Entries } from "./entries";
import { KEY, SUSPENSE, useAccountName, useChart, usePeriodName } from "./model";

const FACTS = 1;

/** 凭证: those of a period by their numbers; one by hand, one taken back. */
export function Vouchers({ found }: { found: Settlement }) {
  const { t } = useTranslation("settlement");
  const { asked, ask } = useAsked();
  const nameOf = usePeriodName();
  const mayPost = useMay("settlement.post");
  const [isNew, setNew] = useState(false);
  const [back, setBack] = useState<Voucher | null>(null);
  const period = Number(asked("period")) || found.next;
  return (
    <>
      <Drafts />
      <Card
        title={t("tabs.vouchers")}
        note={t("vouchersNote")}
        extra={
          <span className="settlement-extra">
            <Select
              aria-label={t("period")}
              value={period}
              options={found.periods.map((one) => ({ value: one.period, label: nameOf(one.period) }))}
              onChange={(value) => ask({ period: String(value) })}
            />
            {mayPost && <Button onClick={() => setNew(true)}>{t("byHand")}</Button>}
          </span>
        }
      >
        <Entries
          asked={{ period }}
          act={(voucher) =>
            mayPost &&
            voucher.word !== FACTS &&
            !voucher.reverses && (
              <Button size="small" danger onClick={() => setBack(voucher)}>
                {t("reverse")}
              </Button>
            )
          }
        />
        {isNew && <ByHand today={found.today} onClose={() => setNew(false)} />}
        {back && <Back voucher={back} today={found.today} onClose={() => setBack(null)} />}
      </Card>
    </>
  );
}

interface DialogProps {
  today: string;
  onClose: () => void;
}

/** Say what was done, and ask everything of the page again. */
function useDone(onClose: () => void) {
  const { t } = useTranslation("settlement");
  const notice = useNotice();
  return () => {
    notice.done(t("proposed"));
    void queries.invalidateQueries({ queryKey: KEY });
    onClose();
  };
}

/** 手工凭证: one account in debit, one in credit, and why. */
function ByHand({ today, onClose }: DialogProps) {
  const { t } = useTranslation(["settlement", "common"]);
  const chart = useChart();
  const nameOf = useAccountName();
  const onDone = useDone(onClose);
  const [day, setDay] = useState(today);
  const [debit, setDebit] = useState<number | null>(null);
  const [credit, setCredit] = useState<number | null>(SUSPENSE);
  const [yuan, setYuan] = useState<number | null>(null);
  const [reason, setReason] = useState("");
  const amount = Math.round((yuan ?? 0) * 100);
  const isReady = debit !== null && credit !== null && debit !== credit && amount > 0 && reason.trim() !== "";
  const enter = useMutation({
    mutationFn: () => {
      const json: NewVoucher = {
        date: day,
        postings: [
          { account: debit ?? 0, debit: amount },
          { account: credit ?? 0, credit: amount },
        ],
        reason: reason.trim(),
      };
      return askHub<VoucherDraft>("/v1/settlement/vouchers", { method: "POST", json });
    },
    onSuccess: onDone,
  });
  const options = [...chart.values()].map((one) => ({
    value: one.code,
    label: `${one.code} ${nameOf(one.code)}`,
  }));
  return (
    <Modal open width={480} title={t("byHand")} footer={null} onCancel={onClose}>
      <form
        className="settlement-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) enter.mutate();
        }}
      >
        <label>
          <span>{t("columns.day")}</span>
          <Input type="date" value={day} required onChange={(event) => setDay(event.target.value)} />
        </label>
        <label htmlFor="voucher-debit">
          <span>{t("debitAccount")}</span>
          <Select id="voucher-debit" showSearch={{ optionFilterProp: "label" }} value={debit} options={options} onChange={setDebit} />
        </label>
        <label htmlFor="voucher-credit">
          <span>{t("creditAccount")}</span>
          <Select id="voucher-credit" showSearch={{ optionFilterProp: "label" }} value={credit} options={options} onChange={setCredit} />
        </label>
        <label>
          <span>{t("amount")}</span>
          <InputNumber prefix="¥" precision={2} min={0.01} value={yuan} onChange={setYuan} className="settlement-number" />
        </label>
        <label>
          <span>{t("reason")}</span>
          <Input value={reason} maxLength={200} onChange={(event) => setReason(event.target.value)} />
        </label>
        <p className="note">{t("byHandNote")}</p>
        {enter.error && <ProblemNote problem={asProblem(enter.error)} />}
        <div className="settlement-buttons">
          <Button onClick={onClose}>{t("common:acts.back")}</Button>
          <Button type="primary" htmlType="submit" disabled={!isReady} loading={enter.isPending}>
            {amount > 0 ? t("proposeIt", { sum: money(amount) }) : t("propose")}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

/** 冲销: the same amounts on the other sides, and why. */
function Back({ voucher, today, onClose }: DialogProps & { voucher: Voucher }) {
  const { t } = useTranslation(["settlement", "common"]);
  const onDone = useDone(onClose);
  const [reason, setReason] = useState("");
  const number = `${t(`words.${voucher.word}`)}-${voucher.no}`;
  const reverse = useMutation({
    mutationFn: () =>
      askHub<VoucherDraft>("/v1/settlement/reversals", {
        method: "POST",
        json: { key: voucher.key, date: today, reason: reason.trim() },
      }),
    onSuccess: onDone,
  });
  return (
    <Modal open width={416} title={t("reverseAsk", { number })} footer={null} onCancel={onClose}>
      <form
        className="settlement-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (reason.trim()) reverse.mutate();
        }}
      >
        <label>
          <span>{t("reason")}</span>
          <Input value={reason} maxLength={200} onChange={(event) => setReason(event.target.value)} />
        </label>
        <p className="note">{t("reverseNote")}</p>
        {reverse.error && <ProblemNote problem={asProblem(reverse.error)} />}
        <div className="settlement-buttons">
          <Button onClick={onClose}>{t("common:acts.back")}</Button>
          <Button danger htmlType="submit" disabled={!reason.trim()} loading={reverse.isPending}>
            {t("proposeReversal", { number })}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
