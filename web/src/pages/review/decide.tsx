import { Input, Modal, Radio, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { ReviewAsk, ReviewReject } from "@/api/types.gen";

const REASONS = ["not_an_order", "wrongly_read", "duplicate", "not_wanted", "test"] as const;
const QUESTIONS = ["which_sku", "how_many", "which_store", "where_to", "which_order", "unclear"] as const;

/** 作废: nothing is ordered, and why. */
export function Reject({ onReject, onClose }: {
  onReject: (told: ReviewReject) => void;
  onClose: () => void;
}) {
  const { t } = useTranslation("review");
  const [reason, choose] = useState<ReviewReject["reason"]>("not_an_order");
  const [note, say] = useState("");
  const done = () => onReject({ reason, note: note.trim() });
  return (
    <Modal
      open
      title={t("rejectTitle")}
      okText={t("reject")}
      cancelText={t("back")}
      okButtonProps={{ danger: true }}
      width={416}
      onOk={done}
      onCancel={onClose}
    >
      <Radio.Group
        className="review-reasons"
        value={reason}
        onChange={(event) => choose(event.target.value as ReviewReject["reason"])}
      >
        {REASONS.map((one) => (
          <Radio key={one} value={one} autoFocus={one === reason}>
            {t(`rejected.${one}`)}
          </Radio>
        ))}
      </Radio.Group>
      <Input
        aria-label={t("note")}
        placeholder={t("note")}
        maxLength={500}
        value={note}
        onChange={(event) => say(event.target.value)}
        onPressEnter={done}
      />
      <p className="note">
        {t(reason === "not_an_order" || reason === "wrongly_read" ? "rejectResets" : "rejectKeeps")}
      </p>
    </Modal>
  );
}

/** 回问: what has to be known of who sent it. */
export function Ask({ code, path, name, onAsk, onClose }: {
  /** The question that was open already, "" = none; the field that it is about. */
  code: string;
  path: string;
  name: string;
  onAsk: (told: ReviewAsk) => void;
  onClose: () => void;
}) {
  const { t } = useTranslation("review");
  const [asked, choose] = useState(code || "unclear");
  const [said, say] = useState("");
  const done = () => onAsk({ code: asked, path, said: said.trim() });
  return (
    <Modal
      open
      title={t("askTitle")}
      okText={t("ask")}
      cancelText={t("back")}
      width={416}
      onOk={done}
      onCancel={onClose}
    >
      <div className="review-reasons">
        <Select
          autoFocus
          aria-label={t("question")}
          value={asked}
          options={[...new Set([asked, ...QUESTIONS])].map((one) => ({
            value: one,
            label: t(`questions.${one}`, { defaultValue: one }),
          }))}
          onChange={choose}
        />
        {name && <p className="note">{t("about", { name })}</p>}
        <Input
          aria-label={t("askWords")}
          placeholder={t("askWords")}
          maxLength={500}
          value={said}
          onChange={(event) => say(event.target.value)}
          onPressEnter={done}
        />
      </div>
    </Modal>
  );
}
