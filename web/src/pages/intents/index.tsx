import { EditOutlined } from "@ant-design/icons";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { listIntentsOptions, readIntentsOptions } from "@/api/@tanstack/react-query.gen";
import { beginIntents } from "@/api/sdk.gen";
import type { IntentBook } from "@/api/types.gen";
import { dated } from "@/format";
import { PageHead } from "@/frame/page-head";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { Columns } from "./columns";
import { DraftPage } from "./draft";
import { EquipmentCard } from "./equipment";
import { Expert } from "./expert";
import { type Kind, keyOf } from "./model";
import { NodeCard } from "./node";
import { Trial } from "./trial";
import { Versions } from "./versions";
import "./intents.css";

/** 意图图谱: symptom, regulation, action; written by one person, approved by another. */
export default function Intents() {
  const { t } = useTranslation("intents");
  const notice = useNotice();
  const mayWrite = useMay("intent.write");
  const read = useQuery(listIntentsOptions());
  const book = read.data;
  const draft = book?.drafts[0];
  const begin = useMutation({
    mutationFn: async () => beginIntents({ body: { graph: book?.own ?? {} } }),
    onSuccess: () => queries.invalidateQueries(),
    onError: notice.failed,
  });
  return (
    <>
      <PageHead
        fact={book && <Fact book={book} />}
        actions={
          mayWrite &&
          book &&
          !draft && (
            <Button
              type="primary"
              icon={<EditOutlined />}
              loading={begin.isPending}
              onClick={() => begin.mutate()}
            >
              {t("begin")}
            </Button>
          )
        }
      />
      {read.error && (
        <ProblemNote problem={asProblem(read.error)} onRetry={() => void read.refetch()} />
      )}
      {read.isLoading && <Skeleton kind="page" />}
      {book && draft && <OpenDraft key={draft.id} id={draft.id} book={book} />}
      {book && !draft && <Followed book={book} />}
    </>
  );
}

/** What waits, and what was published last. */
function Fact({ book }: { book: IntentBook }) {
  const { t } = useTranslation("intents");
  const last = book.versions[0];
  const waiting = book.drafts.filter((one) => one.state === "submitted").length;
  const head = waiting > 0 ? t("waiting", { count: waiting }) : t("noneWaiting");
  return last
    ? t("fact", { head, version: last.version, at: dated(last.published), who: last.approved_by })
    : t("factShipped", { head });
}

function OpenDraft({ id, book }: { id: string; book: IntentBook }) {
  const options = readIntentsOptions({ path: { draft_id: id } });
  const read = useQuery(options);
  if (read.error) return <ProblemNote problem={asProblem(read.error)} />;
  if (!read.data) return <Skeleton kind="page" />;
  return (
    <>
      <DraftPage
        book={book}
        draft={read.data}
        onDraft={(draft) => queries.setQueryData(options.queryKey, draft)}
      />
      <Versions book={book} />
    </>
  );
}

/** The graph that is followed, to be read and tried. */
function Followed({ book }: { book: IntentBook }) {
  const [picked, setPicked] = useState<{ kind: Kind; code: string }>();
  const pick = (kind: Kind, code: string) => setPicked({ kind, code });
  const none = () => undefined;
  return (
    <div className="intents">
      <div className="intents-main">
        <Columns
          graph={book.graph}
          own={book.own}
          picked={picked ? keyOf(picked.kind, picked.code) : ""}
          findings={[]}
          isOpen={false}
          onPick={pick}
          onAdd={none}
        />
        <EquipmentCard graph={book.graph} isOpen={false} onPick={pick} onAdd={none} />
        <Versions book={book} />
      </div>
      <div className="intents-side">
        {picked && (
          <NodeCard
            {...picked}
            base={book.base}
            own={book.own}
            whole={book.graph}
            findings={[]}
            isOpen={false}
            onChange={none}
          />
        )}
        <Trial graph={book.graph} own={undefined} />
        <Expert turtle="" isOpen={false} onRead={none} />
      </div>
    </div>
  );
}
