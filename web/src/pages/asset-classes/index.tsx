import { ScanOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { Button, Progress, Tabs } from "antd";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { ClassificationWork } from "@/api/types.gen";
import { ask as fetchJson } from "@/client";
import { brief, count } from "@/format";
import { PageHead } from "@/frame/page-head";
import { useCount } from "@/frame/stores";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { useAsked } from "@/parts/use-asked";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { Fields } from "./fields";
import { KEY, PATH, useStanding } from "./model";
import { Rules } from "./rules";
import "./asset-classes.css";

const TABS = ["fields", "drift", "rules"] as const;

/** 分类分级: what fields hold, at which level, and what waits for a steward's word. */
export default function AssetClasses() {
  const { t } = useTranslation("assetClasses");
  const { asked, ask } = useAsked();
  const mayWrite = useMay("classification.write");
  const standing = useStanding();
  const tab = TABS.find((one) => one === asked("tab")) ?? "fields";
  const counts = standing.data?.counts;
  const work = standing.data?.work;
  useCount("/assets/classes", counts?.waiting);
  useFresh(work);
  const look = useMutation({
    mutationFn: () => fetchJson<ClassificationWork>(`${PATH}/looks`, { method: "POST", json: {} }),
    onSuccess: () => void queries.invalidateQueries({ queryKey: [...KEY, "standing"] }),
  });
  const high = (counts?.levels[2] ?? 0) + (counts?.levels[3] ?? 0) + (counts?.levels[4] ?? 0);
  return (
    <>
      <PageHead
        fact={
          counts &&
          t("fact", {
            waiting: count(counts.waiting),
            fields: count(counts.fields),
            high: count(high),
            drifted: count(counts.drifted),
          })
        }
        actions={
          mayWrite && (
            <Button
              type="primary"
              icon={<ScanOutlined />}
              loading={look.isPending || Boolean(work?.wanted)}
              onClick={() => look.mutate()}
            >
              {t("look")}
            </Button>
          )
        }
      />
      {look.error && <ProblemNote problem={asProblem(look.error)} />}
      {standing.error && (
        <ProblemNote problem={asProblem(standing.error)} onRetry={() => void standing.refetch()} />
      )}
      {standing.isPending && <Skeleton kind="rows" rows={8} />}
      {work && <Looking work={work} />}
      {standing.data && (
        <Tabs
          activeKey={tab}
          onChange={(key) => ask({ tab: key, peek: "" })}
          items={TABS.map((key) => ({
            key,
            label: t(`tabs.${key}`, { n: count(counts?.drifted) }),
            children:
              key !== tab ? null : key === "rules" ? (
                <Rules />
              ) : (
                <Fields key={key} isDrift={key === "drift"} places={standing.data.places} />
              ),
          }))}
        />
      )}
    </>
  );
}

/** How far the look has come, or when the last one was and what came of it. */
function Looking({ work }: { work: ClassificationWork }) {
  const { t } = useTranslation("assetClasses");
  if (work.wanted) {
    const percent = work.total ? Math.round(((work.done ?? 0) * 100) / work.total) : 0;
    return (
      <div className="asset-classes-look" role="status">
        <span className="note">{work.doing ? t("looking", { place: work.doing }) : t("lookWaits")}</span>
        <Progress percent={percent} size="small" aria-label={t("look")} />
      </div>
    );
  }
  return (
    <p className="note asset-classes-look">
      {work.ended ? t(`looked.${work.outcome || "looked"}`, { at: brief(work.ended) }) : t("never")}
    </p>
  );
}

/** Ask for the fields again when a look has come to its end. */
function useFresh(work: ClassificationWork | undefined): void {
  const was = useRef(false);
  useEffect(() => {
    if (was.current && work && !work.wanted) void queries.invalidateQueries({ queryKey: KEY });
    was.current = Boolean(work?.wanted);
  }, [work]);
}
