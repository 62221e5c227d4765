import { PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useParams } from "react-router";
import { listWovenOptions, readWovenOptions } from "@/api/@tanstack/react-query.gen";
import type { WovenBook } from "@/api/types.gen";
import { PageHead } from "@/frame/page-head";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { BeginWoven, type Beginning } from "./begin";
import { WovenList } from "./list";
import { PublishedWoven } from "./published";
import { WovenEditor } from "./work";
import "./weaver.css";

const DRAFT = /^[0-9a-f]{8}-[0-9a-f-]{27}$/;

/** API 编织器: a third party's API becomes a typed capability, by mapping its fields. */
export default function Weaver() {
  const { t } = useTranslation("weaver");
  const { id = "" } = useParams();
  const [from, begin] = useState<Beginning>();
  const read = useQuery(listWovenOptions());
  const mayWrite = useMay("woven.write");
  const book = read.data;
  return (
    <>
      <PageHead
        {...(id ? { back: "/weaver" } : {})}
        fact={
          book &&
          t("fact", {
            active: book.versions.filter((one) => one.active).length,
            drafts: book.drafts.length,
          })
        }
        actions={
          mayWrite &&
          book &&
          !id && (
            <Button type="primary" icon={<PlusOutlined />} onClick={() => begin({})}>
              {t("new")}
            </Button>
          )
        }
      />
      {read.error && (
        <ProblemNote problem={asProblem(read.error)} onRetry={() => void read.refetch()} />
      )}
      {read.isLoading && <Skeleton kind="page" />}
      {book && !id && <WovenList book={book} mayWrite={mayWrite} onBegin={begin} />}
      {book && id && <One key={id} id={id} book={book} onNext={begin} />}
      {from && book && <BeginWoven from={from} book={book} onClose={() => begin(undefined)} />}
    </>
  );
}

interface OneProps {
  id: string;
  book: WovenBook;
  onNext: (from: Beginning) => void;
}

function One({ id, book, onNext }: OneProps) {
  return DRAFT.test(id) ? (
    <DraftPage id={id} />
  ) : (
    <PublishedWoven code={id} book={book} onNext={onNext} />
  );
}

function DraftPage({ id }: { id: string }) {
  const options = readWovenOptions({ path: { draft_id: id } });
  const read = useQuery(options);
  if (read.error) return <ProblemNote problem={asProblem(read.error)} />;
  if (!read.data) return <Skeleton kind="page" />;
  return (
    <WovenEditor
      draft={read.data}
      onDraft={(draft) => queries.setQueryData(options.queryKey, draft)}
    />
  );
}
