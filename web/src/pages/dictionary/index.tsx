import { PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Tabs } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Dictionary as Read } from "@/api/types.gen";
import { ask } from "@/client";
import { PageHead } from "@/frame/page-head";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import { Conflicts } from "./conflicts";
import { Fields } from "./fields";
import { KEY, PATH } from "./model";
import { SourceForm } from "./source-form";
import "./dictionary.css";

const STATES = ["open", "ruled", "settled"] as const;

/** 数据字典: which system's word holds for each field, and where systems say different things. */
export default function Dictionary() {
  const { t } = useTranslation("dictionary");
  const mayWrite = useMay("master.write");
  const [isNaming, setNaming] = useState(false);
  const read = useQuery({ queryKey: KEY, queryFn: ({ signal }) => ask<Read>(PATH, { signal }) });
  const found = read.data;
  return (
    <>
      <PageHead
        fact={found && t("fact", { open: found.conflicts.open, ruled: found.conflicts.ruled })}
        actions={
          mayWrite && (
            <Button icon={<PlusOutlined />} onClick={() => setNaming(true)}>
              {t("addSource")}
            </Button>
          )
        }
      />
      {read.error && (
        <ProblemNote problem={asProblem(read.error)} onRetry={() => void read.refetch()} />
      )}
      {read.isPending && <Skeleton kind="card" rows={6} />}
      {found && (
        <div className="dictionary">
          <Tabs
            items={STATES.map((state) => ({
              key: state,
              label: t(`states.${state}`, { n: found.conflicts[state] }),
              children: <Conflicts key={state} state={state} read={found} />,
            }))}
          />
          <Fields read={found} />
        </div>
      )}
      {isNaming && <SourceForm onClose={() => setNaming(false)} />}
    </>
  );
}
