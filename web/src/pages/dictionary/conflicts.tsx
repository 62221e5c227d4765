import { useMutation } from "@tanstack/react-query";
import { Alert, Button, Form, Input, Modal } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Conflict, ConflictPage, Dictionary, DictionaryField, Settled } from "@/api/types.gen";
import { ask } from "@/client";
import { near } from "@/format";
import { byLocale } from "@/i18n";
import type { Column } from "@/parts/ledger-columns";
import { LedgerTable } from "@/parts/ledger-table";
import { useNotice } from "@/parts/notice";
import { useProblemWords } from "@/parts/problem-note";
import { useKeyset } from "@/parts/use-keyset";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { CONFLICTS_KEY, HERE, KEY, keyOf, PATH, spell } from "./model";

const ROW_PX = 40;
const MOST_PX = 420;

interface Choice {
  conflict: Conflict;
  source: string;
  value: number | string;
}

/** Fields of which systems say different things, each system's word beside what is used. */
export function Conflicts({ state, read }: { state: string; read: Dictionary }) {
  const { t } = useTranslation("dictionary");
  const mayWrite = useMay("master.write");
  const [choice, choose] = useState<Choice | null>(null);
  const list = useKeyset<Conflict, ConflictPage>({
    queryKey: [...CONFLICTS_KEY, state],
    fetch: (cursor, signal) =>
      ask<ConflictPage>(
        `${PATH}/conflicts?state=${state}&cursor=${encodeURIComponent(cursor)}`,
        { signal },
      ),
  });
  const words = useWords(read);
  const columns = useMemo<Column<Conflict>[]>(() => {
    const plain = (key: string, width: number, text: (one: Conflict) => string) => ({
      key, title: t(`columns.${key}`), width, text, render: text,
    });
    return [
      { ...plain("row", 220, (one) => words.row(one)), fixed: true },
      plain("field", 120, (one) => words.field(one)),
      plain("kept", 190, (one) => words.value(one, one.source, one.kept)),
      {
        ...plain("said", 480, (one) => one.said.map((s) => words.source(s.source)).join(" ")),
        render: (one) => (
          <Words conflict={one} words={words} onChoose={mayWrite ? choose : undefined} />
        ),
      },
      plain("since", 130, (one) => near(Math.floor(one.opened_us / 1_000))),
    ];
  }, [t, words, mayWrite]);
  return (
    <>
      <LedgerTable<Conflict>
        caption={t("caption")}
        columns={columns}
        {...list}
        keyOf={keyOf}
        nameOf={(one) => words.row(one)}
        height_px={Math.min(MOST_PX, 84 + ROW_PX * Math.max(list.rows.length, 2))}
        empty={t(`empty.${state}`)}
        card={(one) => (
          <div className="dictionary-card">
            <b>{words.row(one)}</b> {words.field(one)}
            <p className="note">{words.value(one, one.source, one.kept)}</p>
            <Words conflict={one} words={words} onChoose={mayWrite ? choose : undefined} />
          </div>
        )}
      />
      {choice && <Settle choice={choice} words={words} onClose={() => choose(null)} />}
    </>
  );
}

type Spoken = ReturnType<typeof useWords>;

function useWords(read: Dictionary) {
  const { t } = useTranslation("dictionary");
  return useMemo(() => {
    const titles = new Map(read.sources.map((one) => [one.source, one.title]));
    const fields = new Map(read.fields.map((one) => [`${one.kind} ${one.field}`, one]));
    const source = (name: string) =>
      name === HERE ? t("here") : titles.get(name) || name.toUpperCase();
    const named = (one: Conflict, pick: (field: DictionaryField) => string, otherwise: string) => {
      const field = fields.get(`${one.kind} ${one.field}`);
      return field ? pick(field) : otherwise;
    };
    return {
      source,
      row: (one: Conflict) =>
        [named(one, (f) => byLocale(f.kind_zh, f.kind_en), one.kind), one.key.join(" · ")].join(" "),
      field: (one: Conflict) => named(one, (f) => byLocale(f.zh, f.en), one.field),
      value: (one: Conflict, who: string, value: number | string) =>
        t("says", { source: source(who), value: spell(one.field, value) }),
    };
  }, [read, t]);
}

/** What each system says; a press chooses its word. */
function Words(props: {
  conflict: Conflict;
  words: Spoken;
  onChoose: ((choice: Choice) => void) | undefined;
}) {
  const { conflict, words, onChoose } = props;
  const { t } = useTranslation("dictionary");
  const said = conflict.said.map((one) => ({ source: one.source, value: one.value }));
  const others = said.some((one) => one.source === HERE) || conflict.source !== HERE;
  const all = others ? said : [...said, { source: HERE, value: conflict.kept }];
  return (
    <span className="dictionary-words">
      {all.map(({ source, value }) =>
        onChoose ? (
          <Button
            key={source}
            size="small"
            title={t("useNote")}
            aria-label={t("use", { said: words.value(conflict, source, value) })}
            onClick={() => onChoose({ conflict, source, value })}
          >
            {words.value(conflict, source, value)}
          </Button>
        ) : (
          <span key={source}>{words.value(conflict, source, value)}</span>
        ),
      )}
    </span>
  );
}

function Settle(props: { choice: Choice; words: Spoken; onClose: () => void }) {
  const { choice, words, onClose } = props;
  const { conflict, source, value } = choice;
  const { t } = useTranslation(["dictionary", "common"]);
  const problem = useProblemWords();
  const notice = useNotice();
  const [form] = Form.useForm<{ reason: string }>();
  const settle = useMutation({
    mutationFn: ({ reason }: { reason: string }) =>
      ask<Settled>(`${PATH}/conflicts/settle`, {
        method: "POST",
        json: { kind: conflict.kind, key: conflict.key, field: conflict.field, source, reason },
      }),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: KEY });
      notice.done(t("settled", { row: words.row(conflict), value: spell(conflict.field, value) }));
      onClose();
    },
  });
  const said = words.value(conflict, source, value);
  return (
    <Modal
      open
      width={416}
      title={t("settleAsk", { row: words.row(conflict), field: words.field(conflict), said })}
      onCancel={onClose}
      okText={t("use", { said })}
      cancelText={t("common:acts.back")}
      confirmLoading={settle.isPending}
      onOk={() => form.submit()}
    >
      {settle.error && (
        <Alert type="error" showIcon role="alert" title={problem(asProblem(settle.error))} />
      )}
      <p className="note">{t("settleNote")}</p>
      <Form form={form} layout="vertical" requiredMark={false} onFinish={(given) => settle.mutate(given)}>
        <Form.Item
          name="reason"
          label={t("reason")}
          rules={[{ required: true, whitespace: true, message: t("reasonMissing") }]}
        >
          <Input maxLength={200} autoFocus />
        </Form.Item>
      </Form>
    </Modal>
  );
}
