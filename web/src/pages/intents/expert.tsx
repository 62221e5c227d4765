import { CodeOutlined, DownloadOutlined, ImportOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { Button, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { checkIntents, queryIntents } from "@/api/sdk.gen";
import type { IntentGraph } from "@/api/types.gen";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { SmallTable } from "@/parts/small-table";
import { asProblem } from "@/problem";

interface Props {
  /** The draft as Turtle, "" where none is open. */
  turtle: string;
  isOpen: boolean;
  onRead: (graph: IntentGraph) => void;
}

/** For who reads Turtle and SPARQL: the draft as text, read back, and questions of the whole. */
export function Expert({ turtle, isOpen, onRead }: Props) {
  const { t } = useTranslation("intents");
  const [typed, setTyped] = useState<string>();
  const read = useMutation({
    mutationFn: async (text: string) => (await checkIntents({ body: { turtle: text } })).data,
    onSuccess: (told) => {
      setTyped(undefined);
      onRead(told.graph);
    },
  });
  return (
    <Card
      title={t("turtle")}
      note={t("turtleNote")}
      extra={
        <a href="/v1/intents/graph.ttl" download="intents.ttl">
          <DownloadOutlined aria-hidden /> {t("download")}
        </a>
      }
    >
      <div className="intents-stack">
        {isOpen && (
          <>
            <Input.TextArea
              className="mono"
              aria-label={t("turtle")}
              rows={10}
              spellCheck={false}
              value={typed ?? turtle}
              onChange={(event) => setTyped(event.target.value)}
            />
            <div>
              <Button
                icon={<ImportOutlined />}
                disabled={typed === undefined || typed === turtle}
                loading={read.isPending}
                onClick={() => read.mutate(typed ?? turtle)}
              >
                {t("readIn")}
              </Button>
            </div>
            {read.error && <ProblemNote problem={asProblem(read.error)} />}
          </>
        )}
        <Sparql />
      </div>
    </Card>
  );
}

const FIRST = `SELECT ?symptom ?number ?action WHERE {
  ?symptom k:governedBy ?regulation .
  ?regulation k:number ?number ; k:forbids ?action
}`;

function Sparql() {
  const { t } = useTranslation("intents");
  const [query, setQuery] = useState(FIRST);
  const run = useMutation({
    mutationFn: async () => (await queryIntents({ body: { query } })).data,
  });
  const names = run.data?.names ?? [];
  return (
    <>
      <Input.TextArea
        className="mono"
        aria-label={t("sparql")}
        rows={5}
        maxLength={4_000}
        spellCheck={false}
        value={query}
        onChange={(event) => setQuery(event.target.value)}
      />
      <div>
        <Button
          icon={<CodeOutlined />}
          disabled={!query.trim()}
          loading={run.isPending}
          onClick={() => run.mutate()}
        >
          {t("runSparql")}
        </Button>
      </div>
      {run.error && <ProblemNote problem={asProblem(run.error)} />}
      {run.data && (
        <SmallTable
          caption={t("sparql")}
          columns={names.map((name, at) => ({
            key: name,
            title: name,
            render: (row: readonly string[]) => row[at] ?? "",
          }))}
          rows={run.data.rows}
          keyOf={(row) => row.join("\u0000")}
          empty={t("noRows")}
        />
      )}
      {run.data?.more && <p className="note">{t("moreRows")}</p>}
    </>
  );
}
