import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { compareIntentsOptions } from "@/api/@tanstack/react-query.gen";
import { retireIntents } from "@/api/sdk.gen";
import type { IntentBook } from "@/api/types.gen";
import { dated } from "@/format";
import { Card } from "@/parts/card";
import { SendBack } from "@/parts/draft-approval";
import { ProblemNote } from "@/parts/problem-note";
import { SmallTable } from "@/parts/small-table";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { ChangeList } from "./trial";

/** What was published, by whom; what a version changed; taking the one that is followed back. */
export function Versions({ book }: { book: IntentBook }) {
  const { t } = useTranslation("intents");
  const mayApprove = useMay("intent.approve");
  const [shown, show] = useState<number>();
  const [isRetiring, retire] = useState(false);
  return (
    <Card
      title={t("versions")}
      note={t("versionsNote")}
      extra={
        mayApprove &&
        book.version > 0 && (
          <Button size="small" danger onClick={() => retire(true)}>
            {t("retire")}
          </Button>
        )
      }
    >
      <SmallTable
        caption={t("versions")}
        columns={[
          { key: "version", title: t("version"), render: (one) => `v${one.version}` },
          {
            key: "state",
            title: t("state"),
            render: (one) => t(one.active ? "followed" : "past"),
          },
          { key: "by", title: t("by"), render: (one) => `${one.drafted_by} · ${one.approved_by}` },
          { key: "at", title: t("at"), render: (one) => dated(one.published) },
          {
            key: "diff",
            title: t("changes"),
            render: (one) => (
              <Button size="small" onClick={() => show(shown === one.version ? undefined : one.version)}>
                {t(shown === one.version ? "hideChanges" : "showChanges")}
              </Button>
            ),
          },
        ]}
        rows={book.versions}
        keyOf={(one) => String(one.version)}
        empty={t("noVersions")}
      />
      {shown !== undefined && <Difference book={book} version={shown} />}
      {isRetiring && (
        <SendBack
          words={{ title: t("retireAsk"), act: t("retire"), reason: t("reason") }}
          onSend={async (reason) => {
            await retireIntents({ body: { reason } });
            await queries.invalidateQueries();
          }}
          onClose={() => retire(false)}
        />
      )}
    </Card>
  );
}

function Difference({ book, version }: { book: IntentBook; version: number }) {
  const read = useQuery(compareIntentsOptions({ query: { was: version - 1, now: version } }));
  if (read.error) return <ProblemNote problem={asProblem(read.error)} />;
  return <ChangeList changes={read.data?.changes ?? []} graph={book.graph} />;
}
