import { useMutation, useQuery } from "@tanstack/react-query";
import { Button, Input, Modal, Segmented, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { BulkAct, HoldReasons as HoldReasonList, JobView, Preview } from "@/api/types.gen";
import { ask } from "@/client";
import { count } from "@/format";
import { byLocale } from "@/i18n";
import { ProblemNote } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import { type Act, calledBy, type Which } from "./model";
import { PreviewNote } from "./preview-note";
import { usePreview } from "./use-preview";
import { useWords } from "./use-words";

interface Props {
  act: Act;
  which: Which;
  onClose: () => void;
  onBegun: (job: JobView) => void;
}

const REASON_CHARS = 200;
const TAG_CHARS = 32;

/** One act on many orders: what would become of each first, then a job. */
export default function BulkDialog({ act: first, which, onClose, onBegun }: Props) {
  const { t } = useTranslation(["orders", "common"]);
  const words = useWords().data;
  const [act, setAct] = useState(first);
  const [reason, setReason] = useState("");
  const [code, setCode] = useState("");
  const [tags, setTags] = useState<string[]>([]);
  const [person, setPerson] = useState("me");
  const [exclude, setExclude] = useState<string[]>([]);
  const needsReason = act === "hold" || act === "cancel";
  const marks = act === "tag" || act === "untag";
  const isTold = (!needsReason || code !== "" || reason.trim() !== "") && (!marks || tags.length > 0);
  const body: BulkAct = {
    act,
    ...which,
    ...(needsReason ? { reason: code || reason.trim() } : {}),
    ...(marks ? { tags } : {}),
    ...(act === "assign" ? { person } : {}),
    ...(act === "reroute" ? { exclude } : {}),
  };
  const begin = useMutation({
    mutationFn: () => ask<JobView>("/v1/bulk", { method: "POST", json: body }),
    onSuccess: onBegun,
  });
  const preview = usePreview(begin.isPending || begin.isSuccess ? null : body);
  const able = preview.data?.able ?? 0;
  const word = t(`acts.${act}`);
  return (
    <Modal open width={480} title={t("bulkTitle", { act: word })} footer={null} onCancel={onClose}>
      <form
        className="orders-dialog"
        onSubmit={(event) => {
          event.preventDefault();
          if (isTold && able > 0) begin.mutate();
        }}
      >
        {marks && (
          <Segmented<Act>
            value={act}
            options={(["tag", "untag"] as const).map((one) => ({ value: one, label: t(`acts.${one}`) }))}
            onChange={setAct}
          />
        )}
        {needsReason && (
          <>
            <label>
              <span>{t("reason")}</span>
              <Input
                autoFocus
                value={reason}
                maxLength={REASON_CHARS}
                onChange={(event) => {
                  setCode("");
                  setReason(event.target.value);
                }}
              />
            </label>
            {act === "hold" && (
              <HoldReasons
                chosen={code}
                onChoose={(next, label) => {
                  setCode(next);
                  setReason(label);
                }}
              />
            )}
            <p className="orders-reasons">
              {t(`reasons.${act}`)
                .split("|")
                .map((one) => (
                  <Button
                    key={one}
                    size="small"
                    onClick={() => {
                      setCode("");
                      setReason(one);
                    }}
                  >
                    {one}
                  </Button>
                ))}
            </p>
          </>
        )}
        {marks && (
          <label>
            <span>{t("columns.tags")}</span>
            <Select
              autoFocus
              mode="tags"
              value={tags}
              tokenSeparators={[",", "，"]}
              options={(words?.tags ?? []).map((tag) => ({ value: tag, label: tag }))}
              onChange={(next: string[]) => setTags(next.map((tag) => tag.slice(0, TAG_CHARS)))}
            />
          </label>
        )}
        {act === "assign" && (
          <label>
            <span>{t("columns.assignee")}</span>
            <Select
              autoFocus
              showSearch={{ optionFilterProp: "label" }}
              value={person}
              options={[
                { value: "me", label: t("me") },
                ...(words?.people ?? []).map((one) => ({
                  value: one.person,
                  label: calledBy(one),
                })),
                { value: "", label: t("nobody") },
              ]}
              onChange={setPerson}
            />
          </label>
        )}
        {act === "reroute" && (
          <label>
            <span>{t("exclude")}</span>
            <Select
              autoFocus
              mode="multiple"
              showSearch={{ optionFilterProp: "label" }}
              value={exclude}
              options={(words?.warehouses ?? []).map((one) => ({
                value: one.code,
                label: `${one.name} ${one.code}`,
              }))}
              onChange={setExclude}
            />
          </label>
        )}
        {preview.error && (
          <ProblemNote
            problem={asProblem(preview.error)}
            onRetry={() => void preview.refetch()}
          />
        )}
        <PreviewNote act={act} preview={preview.data} isLooking={preview.isFetching} />
        {begin.error && <ProblemNote problem={asProblem(begin.error)} />}
        <div className="orders-buttons">
          <Button onClick={onClose}>{t("common:acts.back")}</Button>
          <Button
            type="primary"
            htmlType="submit"
            danger={act === "cancel"}
            disabled={!isTold || able === 0}
            loading={begin.isPending}
          >
            {preview.data
              ? t("doIt", { act: word, count: able, number: numberOf(preview.data, t("about")) })
              : word}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

/** How many orders it will be done to, as far as it is known: of very many, about. */
function numberOf(preview: Preview, about: string): string {
  if (preview.exact) return count(preview.able);
  const guess = Math.round((preview.total * preview.able) / Math.max(1, preview.examined));
  return `${about}${count(guess)}`;
}

/** Reasons that bring a rule along: what ends the hold by itself, whether its stock is free. */
function HoldReasons({
  chosen,
  onChoose,
}: {
  chosen: string;
  onChoose: (code: string, label: string) => void;
}) {
  const { t } = useTranslation("orders");
  const reasons = useQuery({
    queryKey: ["hold-reasons"],
    queryFn: () => ask<HoldReasonList>("/v1/hold-reasons"),
    staleTime: Infinity,
  });
  // Said by amendments alone, never by hand.
  const items = (reasons.data?.items ?? []).filter((one) => one.reason !== "supplement_due");
  return (
    <p className="orders-reasons">
      {items.map((one) => (
        <Button
          key={one.reason}
          size="small"
          type={chosen === one.reason ? "primary" : "default"}
          onClick={() => onChoose(one.reason, byLocale(one.zh, one.en))}
        >
          {byLocale(one.zh, one.en)}
          {one.awaits && <small> · {t(`holdEnds.${one.awaits}`)}</small>}
        </Button>
      ))}
    </p>
  );
}
