import { Alert, Input, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { DelegationShown } from "@/api/types.gen";
import { useNotice } from "@/parts/notice";
import { useProblemWords } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import "./delegations.css";
import { useNames, useWithdraw } from "./delegations";

const REASON_CHARS = 200;

interface Props {
  one: DelegationShown;
  /** True where the person hands back what was lent to them. */
  isBack: boolean;
  onClose: () => void;
}

/** 收回 or 交回: ends at once; what was done under it stays. */
export default function WithdrawDialog({ one, isBack, onClose }: Props) {
  const { t } = useTranslation(["delegations", "common"]);
  const words = useProblemWords();
  const notice = useNotice();
  const names = useNames();
  const [reason, setReason] = useState("");
  const values = { action: names.action(one.action), person: names.person(one.to) };
  const act = isBack ? "back" : "withdraw";
  const withdraw = useWithdraw(() => {
    notice.done(t(`${act}.said`, values));
    onClose();
  });
  return (
    <Modal
      open
      width={416}
      title={t(`${act}.ask`, values)}
      okText={t(`${act}.it`, values)}
      okButtonProps={{ danger: true, disabled: !reason.trim() }}
      cancelText={t("common:acts.back")}
      confirmLoading={withdraw.isPending}
      onOk={() => withdraw.mutate({ id: one.id, reason: reason.trim() })}
      onCancel={onClose}
    >
      <p className="delegation-legal">{t("withdraw.legal")}</p>
      {withdraw.error && (
        <Alert type="error" showIcon role="alert" title={words(asProblem(withdraw.error))} />
      )}
      <label htmlFor="withdrawal">{t("columns.reason")}</label>
      <Input
        id="withdrawal"
        autoFocus
        maxLength={REASON_CHARS}
        autoComplete="off"
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
    </Modal>
  );
}
