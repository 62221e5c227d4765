import { useMutation, useQuery } from "@tanstack/react-query";
import { Alert, Input, Modal, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ask } from "@/client";
import { count, money } from "@/format";
import { byLocale } from "@/i18n";
import { type HubJob, showHubJob } from "@/parts/jobs";
import { useNotice } from "@/parts/notice";
import { ProblemNote, useProblemWords } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import type { Words } from "./order-row";

export const ACTS = ["hold", "unhold", "reroute", "tag", "untag", "assign", "cancel"] as const;
export type Act = (typeof ACTS)[number];

/** Orders one by one, or all that a filter meets. */
export type Which = { ids: readonly string[] } | { f: string };

interface Preview {
  total: number;
  total_exact: boolean;
  examined: number;
  exact: boolean;
  able: number;
  refused: readonly { code: string; reason: string; reason_en: string; count: number }[];
  refund: Record<string, number>;
  undo: boolean;
}

interface Props {
  act: Act;
  which: Which;
  words: Words | undefined;
  onClose: () => void;
  onBegun: () => void;
}

const REASONED: readonly Act[] = ["hold", "cancel"];
const TAGGED: readonly Act[] = ["tag", "untag"];

/** One act on many orders: what would become of them first, then a job. */
export function BulkDialog({ act, which, words, onClose, onBegun }: Props) {
  const { t } = useTranslation(["orders", "common"]);
  const notice = useNotice();
  const told = useProblemWords();
  const [reason, setReason] = useState("");
  const [tags, setTags] = useState<string[]>([]);
  const [person, setPerson] = useState("me");
  const needsReason = REASONED.includes(act);
  const needsTags = TAGGED.includes(act);
  const json = {
    act,
    ...which,
    ...(needsReason ? { reason: reason.trim() } : {}),
    ...(needsTags ? { tags } : {}),
    ...(act === "assign" ? { person } : {}),
  };
  // The preview needs some reason and tag; which ones they are changes nothing of who could.
  const asked = {
    ...json,
    ...(needsReason ? { reason: reason.trim() || "-" } : {}),
    ...(needsTags ? { tags: tags.length > 0 ? tags : ["-"] } : {}),
  };
  const preview = useQuery({
    queryKey: ["bulk", act, which, act === "assign" ? person : ""],
    queryFn: () => ask<Preview>("/v1/bulk:preview", { method: "POST", json: asked }),
    staleTime: 0,
  });
  const begin = useMutation({
    mutationFn: () => ask<HubJob>("/v1/bulk", { method: "POST", json }),
    onSuccess: (job) => {
      showHubJob(job, (name) => t(`common:jobs.kinds.${name}`, { defaultValue: name }));
      notice.done(t("begun", { act: t(`acts.${act}`), count: job.total, number: count(job.total) }));
      onBegun();
    },
  });
  const seen = preview.data;
  const isReady =
    seen !== undefined && seen.able > 0 && (!needsReason || reason.trim()) && (!needsTags || tags.length > 0);
  const able = seen && !seen.exact ? `${t("about")}${count(seen.able)}` : count(seen?.able);
  const refund = Object.values(seen?.refund ?? {}).reduce((sum, one) => sum + one, 0);
  return (
    <Modal
      open
      width={480}
      title={t(`acts.${act}`)}
      okText={t("doIt", { act: t(`acts.${act}`), number: able })}
      cancelText={t("common:acts.back")}
      okButtonProps={{ danger: act === "cancel", disabled: !isReady }}
      confirmLoading={begin.isPending}
      onOk={() => begin.mutate()}
      onCancel={onClose}
    >
      <div className="orders-dialog">
        {begin.error && (
          <Alert type="error" showIcon role="alert" title={told(asProblem(begin.error))} />
        )}
        {preview.error && (
          <ProblemNote
            problem={asProblem(preview.error)}
            onRetry={() => void preview.refetch()}
          />
        )}
        {preview.isLoading && <p className="note">{t("looking")}</p>}
        {seen && (
          <p role="status">
            {t("would", { act: t(`acts.${act}`), number: able })}
            {refund > 0 && t("refund", { amount: money(refund) })}
          </p>
        )}
        {seen && !seen.exact && (
          <p className="note">
            {t("examined", { examined: count(seen.examined), total: count(seen.total) })}
          </p>
        )}
        {seen && seen.refused.length > 0 && (
          <ul className="orders-refused">
            {seen.refused.map((one) => (
              <li key={`${one.code} ${one.reason}`}>
                <b>{count(one.count)}</b> {byLocale(one.reason, one.reason_en)}
              </li>
            ))}
          </ul>
        )}
        {needsReason && (
          <Input
            autoFocus
            value={reason}
            maxLength={200}
            aria-label={t("reason")}
            placeholder={t("reason")}
            onChange={(event) => setReason(event.target.value)}
          />
        )}
        {needsTags && (
          <Select
            autoFocus
            mode="tags"
            value={tags}
            aria-label={t("columns.tags")}
            placeholder={t("columns.tags")}
            options={(words?.tags ?? []).map((tag) => ({ value: tag, label: tag }))}
            onChange={setTags}
          />
        )}
        {act === "assign" && (
          <Select
            showSearch={{ optionFilterProp: "label" }}
            value={person}
            aria-label={t("columns.assignee")}
            options={[
              { value: "me", label: t("me") },
              { value: "", label: t("nobody") },
              ...(words?.people ?? []).map((one) => ({
                value: one.person,
                label: `${one.number} ${one.name}`,
              })),
            ]}
            onChange={setPerson}
          />
        )}
        {seen && <p className="note">{t(seen.undo ? "canUndo" : "cannotUndo")}</p>}
      </div>
    </Modal>
  );
}
