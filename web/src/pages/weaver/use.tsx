import { ClockCircleOutlined, SendOutlined } from "@ant-design/icons";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Button, Input, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { listFeedsOptions } from "@/api/@tanstack/react-query.gen";
import { callWoven, dropFeed, putFeed } from "@/api/sdk.gen";
import type { FeedItem, WovenShown } from "@/api/types.gen";
import { dated } from "@/format";
import { Card } from "@/parts/card";
import { useConfirm } from "@/parts/confirm";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { Labelled } from "./said";
import { Json, Verdict } from "./trial";

/** 调用一次: the published version asks the far side; the answer is of its declared type. */
export function CallOnce({ shown }: { shown: WovenShown }) {
  const { t } = useTranslation("weaver");
  const ask = useConfirm();
  const mayCall = useMay("woven.call");
  const { code, version = 1, method, question_sample = "{}" } = shown.woven;
  const [question, setQuestion] = useState(question_sample);
  const call = useMutation({
    mutationFn: async () =>
      (await callWoven({ path: { code, version }, body: JSON.parse(question) })).data,
    onSuccess: () => void queries.invalidateQueries(),
  });
  const isJson = reads(question);
  const send = async () => {
    if (method === "GET" || (await ask({ title: t("tryAsk"), text: t("tryEffect"), act: t("call") })))
      call.mutate();
  };
  if (!mayCall || !shown.active) return null;
  return (
    <Card title={t("callOnce")} extra={call.data && <Verdict verdict={call.data.verdict} />}>
      <div className="weaver-stack">
        <Labelled label={t("questionJson")}>
          <Input.TextArea
            className="mono"
            rows={4}
            spellCheck={false}
            value={question}
            onChange={(event) => setQuestion(event.target.value)}
          />
          {!isJson && <span className="weaver-said">{t("findings.sample")}</span>}
        </Labelled>
        <div>
          <Button
            icon={<SendOutlined />}
            disabled={!isJson}
            loading={call.isPending}
            onClick={() => void send()}
          >
            {t("call")}
          </Button>
        </div>
        {call.error && <ProblemNote problem={asProblem(call.error)} />}
        {call.data && <Json label={t("answer")} value={call.data.answer ?? {}} />}
        {call.data?.code && <p className="note">{`${call.data.code} ${call.data.reason ?? ""}`}</p>}
      </div>
    </Card>
  );
}

function reads(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const SPANS_S = [60, 300, 900, 3_600] as const;

/** 定时查询: what it says of routing variables is read every so often. */
export function PollPart({ shown }: { shown: WovenShown }) {
  const { t } = useTranslation("weaver");
  const may = useMay("account.admin");
  const read = useQuery({ ...listFeedsOptions(), enabled: may });
  const { code, readings = [] } = shown.woven;
  if (!may || readings.length === 0) return null;
  const feed = read.data?.items.find((one) => one.feed === `woven:${code}`);
  const keys = [...new Set(readings.map((one) => t(`variables.${one.key}`)))];
  return (
    <Card title={t("polling")} note={t("pollingNote", { keys: keys.join(t("comma")) })}>
      {read.error && <ProblemNote problem={asProblem(read.error)} />}
      {read.data && <Poll key={feed?.every_s ?? 0} code={code} feed={feed} />}
    </Card>
  );
}

function Poll({ code, feed }: { code: string; feed: FeedItem | undefined }) {
  const { t } = useTranslation("weaver");
  const notice = useNotice();
  const [every, setEvery] = useState<number>(feed?.every_s ?? 60);
  const refresh = () => queries.invalidateQueries({ queryKey: listFeedsOptions().queryKey });
  const begin = useMutation({
    mutationFn: () => putFeed({ body: { name: code, feed: `woven:${code}`, every_s: every } }),
    onSuccess: refresh,
    onError: notice.failed,
  });
  const stop = useMutation({
    mutationFn: (name: string) => dropFeed({ path: { name } }),
    onSuccess: refresh,
    onError: notice.failed,
  });
  return (
    <div className="weaver-acts">
      <Select
        aria-label={t("every")}
        value={every}
        options={SPANS_S.map((value) => ({ value, label: t("everyMin", { count: value / 60 }) }))}
        onChange={setEvery}
      />
      <Button
        icon={<ClockCircleOutlined />}
        disabled={feed?.every_s === every}
        loading={begin.isPending}
        onClick={() => begin.mutate()}
      >
        {feed ? t("changePoll") : t("beginPoll")}
      </Button>
      {feed && (
        <Button danger loading={stop.isPending} onClick={() => stop.mutate(feed.name)}>
          {t("stopPoll")}
        </Button>
      )}
      {feed && (
        <span className="note">
          {feed.asked ? t("lastAsked", { at: dated(feed.asked) }) : t("notAsked")}
        </span>
      )}
      {feed?.trouble && <span className="weaver-said">{feed.trouble}</span>}
    </div>
  );
}
