import { useMutation } from "@tanstack/react-query";
import { Alert, Input, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { ReplayFrom, SubscriptionView } from "@/api/types.gen";
import { ask } from "@/client";
import { useNotice } from "@/parts/notice";
import { useProblemWords } from "@/parts/problem-note";
import { useProven } from "@/parts/step-up";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { SUBSCRIPTIONS } from "./model";

const HOUR_MS = 3_600_000;
/** An instant as the input of a date and time writes it, in the person's own zone. */
const local = (at_ms: number) => {
  const at = new Date(at_ms);
  return new Date(at_ms - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
};

/** Delivers again from an instant on, to this receiver alone. */
export function ReplayForm({ of, onClose }: { of: SubscriptionView; onClose: () => void }) {
  const { t } = useTranslation(["events", "common"]);
  const [since, setSince] = useState(() => local(Date.now() - HOUR_MS));
  const notice = useNotice();
  const words = useProblemWords();
  const proven = useProven();
  const replay = useMutation({
    mutationFn: () =>
      proven(() =>
        ask<ReplayFrom>(`${SUBSCRIPTIONS}/${of.id}/replay`, {
          method: "POST",
          json: { since: new Date(since).toISOString() },
        }),
      ),
    onSuccess: async (from) => {
      if (!from) return;
      notice.done(t("replay.done", { place: from.place }));
      await queries.invalidateQueries({ queryKey: [SUBSCRIPTIONS] });
      onClose();
    },
  });
  return (
    <Modal
      open
      title={t("replay.title", { name: of.name })}
      okText={t("replay.act")}
      okButtonProps={{ disabled: !since }}
      cancelText={t("common:acts.back")}
      confirmLoading={replay.isPending}
      onCancel={onClose}
      onOk={() => replay.mutate()}
    >
      {replay.error && (
        <Alert type="error" showIcon role="alert" title={words(asProblem(replay.error))} />
      )}
      <p>{t("replay.note")}</p>
      <label>
        {t("replay.since")}
        <Input
          type="datetime-local"
          value={since}
          max={local(Date.now())}
          onChange={(event) => setSince(event.target.value)}
        />
      </label>
    </Modal>
  );
}
