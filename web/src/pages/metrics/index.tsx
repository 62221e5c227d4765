import { PlusOutlined } from "@ant-design/icons";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import {
  listMetricsOptions,
  readMetricDraftOptions,
  readMetricOptions,
} from "@/api/@tanstack/react-query.gen";
import { beginMetric } from "@/api/sdk.gen";
import type { MetricBook, MetricShown } from "@/api/types.gen";
import { count } from "@/format";
import { PageHead } from "@/frame/page-head";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { useAsked } from "@/parts/use-asked";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { Detail } from "./detail";
import { DraftPage } from "./draft";
import { MetricList } from "./list";
import "./metrics.css";

const FIRST = "on_time_rate";

/** 口径与血缘: formulas in versions, what they come to, what they are made of. */
export default function Metrics() {
  const { asked, ask } = useAsked();
  const read = useQuery(listMetricsOptions());
  const book = read.data;
  const picked = asked("code") || FIRST;
  const pick = (code: string) => ask({ code, by: "" }, true);
  return (
    <>
      <PageHead
        fact={book && <Fact book={book} />}
        actions={book && <Begin book={book} onBegun={pick} />}
      />
      {read.error && <ProblemNote problem={asProblem(read.error)} onRetry={() => void read.refetch()} />}
      {read.isLoading && <Skeleton kind="page" />}
      {book && (
        <div className="metrics">
          <MetricList book={book} picked={picked} onPick={pick} />
          <div className="metrics-main">
            <Picked key={picked} code={picked} book={book} />
          </div>
        </div>
      )}
    </>
  );
}

function Fact({ book }: { book: MetricBook }) {
  const { t } = useTranslation("metrics");
  const own = book.metrics.filter((one) => !one.is_shipped).length;
  const waiting = book.drafts.filter((one) => one.state === "submitted").length;
  return t("fact", { metrics: count(book.metrics.length), own: count(own), waiting: count(waiting) });
}

/** Begin a metric of the merchant's own, as a copy that counts orders. */
function Begin({ book, onBegun }: { book: MetricBook; onBegun: (code: string) => void }) {
  const { t } = useTranslation("metrics");
  const notice = useNotice();
  const mayWrite = useMay("metric.write");
  const begin = useMutation({
    mutationFn: async () => {
      const taken = new Set([...book.metrics, ...book.drafts].map((one) => one.code));
      let no = 1;
      while (taken.has(`own_${no}`)) no += 1;
      const code = `own_${no}`;
      const dimensions = [
        { name: "channel", title: { zh: "渠道", en: "Channel" } },
        { name: "province", title: { zh: "省份", en: "Province" } },
        { name: "day", title: { zh: "日", en: "Day" }, expression: "day(created)" },
      ];
      const title = { zh: t("newTitle", { lng: "zh-CN", no }), en: `Metric ${no}` };
      const metric = { code, title, on: "orders", expression: "count(*)", time: "created", dimensions, unit: "orders", owner: "operator", purpose: "operations", asset: "channel-funnel" } as const;
      await beginMetric({ body: { plan: { metric: { ...metric, dimensions } } } });
      return code;
    },
    onSuccess: async (code) => {
      await queries.invalidateQueries();
      onBegun(code);
    },
    onError: notice.failed,
  });
  if (!mayWrite) return null;
  return (
    <Button type="primary" icon={<PlusOutlined />} loading={begin.isPending} onClick={() => begin.mutate()}>
      {t("begin")}
    </Button>
  );
}

/** What was picked: what holds, and the draft of the next version. */
function Picked({ code, book }: { code: string; book: MetricBook }) {
  const holds = book.metrics.some((one) => one.code === code);
  const draft = book.drafts.find((one) => one.code === code);
  const read = useQuery({ ...readMetricOptions({ path: { code } }), enabled: holds });
  if (read.error) return <ProblemNote problem={asProblem(read.error)} onRetry={() => void read.refetch()} />;
  if (holds && !read.data) return <Skeleton kind="page" />;
  return (
    <>
      {draft && <OpenDraft key={draft.id} id={draft.id} shown={read.data} />}
      {read.data && <Detail shown={read.data} />}
    </>
  );
}

function OpenDraft({ id, shown }: { id: string; shown: MetricShown | undefined }) {
  const options = readMetricDraftOptions({ path: { draft_id: id } });
  const read = useQuery(options);
  if (read.error) return <ProblemNote problem={asProblem(read.error)} />;
  if (!read.data) return <Skeleton kind="page" />;
  return (
    <DraftPage
      draft={read.data}
      shown={shown}
      onDraft={(draft) => queries.setQueryData(options.queryKey, draft)}
    />
  );
}
