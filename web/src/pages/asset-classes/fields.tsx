import { useMutation } from "@tanstack/react-query";
import { Segmented, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type {
  ClassifiedField,
  ClassifiedFieldPage,
  ClassifiedPlace,
  StewardAnswer,
} from "@/api/types.gen";
import { ask as fetchJson } from "@/client";
import { count } from "@/format";
import { byLocale } from "@/i18n";
import { useKeys } from "@/keys/use-keys";
import { BulkBar } from "@/parts/bulk-bar";
import { LedgerTable } from "@/parts/ledger-table";
import { useNotice } from "@/parts/notice";
import { Peek } from "@/parts/peek";
import { ProblemNote } from "@/parts/problem-note";
import { query, useAsked } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { FieldCard, useColumns } from "./columns";
import { FieldDetail } from "./detail";
import { answer, KEY, keyOf, LEVELS, PATH, useLibrary } from "./model";

const STATES = ["waiting", "answered", "plain", "all"] as const;
const ASKED = { waiting: "waiting", answered: "answered", plain: "plain", all: "" } as const;
type Given = Pick<StewardAnswer, "act" | "klass" | "level">;

/** Fields with what they hold; a steward answers by keys, one by one or many at once. */
export function Fields({ isDrift, places }: { isDrift: boolean; places: readonly ClassifiedPlace[] }) {
  const { t } = useTranslation("assetClasses");
  const { asked, ask } = useAsked();
  const mayWrite = useMay("classification.write");
  const library = useLibrary().data;
  const notice = useNotice();
  const [at, point] = useState("");
  const [ticked, tick] = useState<ReadonlySet<string>>(new Set());
  const state = STATES.find((one) => one === asked("state")) ?? (isDrift ? "all" : "waiting");
  const [level, klass, place, peek] = [asked("level"), asked("class"), asked("place"), asked("peek")];
  const asking = query({
    state: ASKED[state], level: Number(level) || "", class: klass, place,
    drift: isDrift ? "true" : "",
  });
  const list = useKeyset<ClassifiedField, ClassifiedFieldPage>({
    queryKey: [...KEY, "fields", asking],
    fetch: (cursor, signal) =>
      fetchJson<ClassifiedFieldPage>(
        `${PATH}/fields?${asking}&${query({ cursor, limit: 100 })}`,
        { signal },
      ),
  });
  const held = list.rows.find((row) => keyOf(row) === peek);
  const say = useMutation({
    mutationFn: ({ rows, given }: { rows: readonly ClassifiedField[]; given: Given }) =>
      answer(rows.map((row) => ({ place: row.place, field: row.field, ...given }))),
    onSuccess: (done, { given }) => {
      tick(new Set());
      notice.done(
        t(`said.${given.act}`, { n: count(done.fields), waiting: count(done.waiting) }),
      );
      void queries.invalidateQueries({ queryKey: KEY });
    },
  });
  const give = (row: ClassifiedField | undefined, given: Given) => {
    if (!row || say.isPending) return;
    const next = list.rows[list.rows.indexOf(row) + 1];
    say.mutate({ rows: [row], given });
    if (next) point(keyOf(next));
    if (peek) ask({ peek: next ? keyOf(next) : "" });
  };
  const here = held ?? list.rows.find((row) => keyOf(row) === at);
  useKeys(
    [
      { keys: "y", label: t("keys.confirm"), run: () => give(here, { act: "confirm" }) },
      { keys: "n", label: t("keys.decline"), run: () => give(here, { act: "decline" }) },
      ...LEVELS.map((one) => ({
        keys: String(one),
        label: t("keys.level", { level: one }),
        run: () => give(here, { act: "correct" as const, klass: here?.held_klass ?? "", level: one }),
      })),
    ],
    mayWrite && here !== undefined,
  );
  const columns = useColumns(isDrift);
  const chosen = list.rows.filter((row) => ticked.has(keyOf(row)));
  const all = (label: string) => ({ value: "", label });
  return (
    <>
      <div className="asset-classes-bar">
        {!isDrift && (
          <Segmented
            aria-label={t("state")}
            value={state}
            options={STATES.map((value) => ({ value, label: t(`filters.${value}`) }))}
            onChange={(value) => ask({ state: value, peek: "" })}
          />
        )}
        <Select
          aria-label={t("place")}
          value={place}
          showSearch
          popupMatchSelectWidth={false}
          options={[
            all(t("anyPlace")),
            ...places.map((one) => ({ value: one.place, label: `${one.place} (${count(one.fields)})` })),
          ]}
          onChange={(value) => ask({ place: value, peek: "" })}
        />
        <Select
          aria-label={t("class")}
          value={klass}
          showSearch
          optionFilterProp="label"
          popupMatchSelectWidth={false}
          options={[
            all(t("anyClass")),
            ...(library?.classes ?? []).map((one) => ({ value: one.code, label: byLocale(one.zh, one.en) })),
          ]}
          onChange={(value) => ask({ class: value, peek: "" })}
        />
        <Select
          aria-label={t("level")}
          value={level}
          popupMatchSelectWidth={false}
          options={[
            all(t("anyLevel")),
            ...LEVELS.map((one) => ({ value: String(one), label: `L${one} ${t(`levels.${one}`)}` })),
          ]}
          onChange={(value) => ask({ level: value, peek: "" })}
        />
      </div>
      {say.error && <ProblemNote problem={asProblem(say.error)} />}
      <LedgerTable<ClassifiedField>
        caption={t("caption")}
        columns={columns}
        rows={list.rows}
        keyOf={keyOf}
        nameOf={(row) => `${row.place} ${row.field}`}
        onAt={(row) => point(keyOf(row))}
        onPeek={(row) => ask({ peek: row ? keyOf(row) : "" })}
        peeked={peek || undefined}
        {...(mayWrite ? { selected: ticked, onSelect: tick } : {})}
        hasMore={list.hasMore}
        onMore={list.onMore}
        isLoading={list.isLoading}
        isWaiting={list.isWaiting}
        problem={list.problem}
        onRetry={list.onRetry}
        empty={t(isDrift ? "noDrift" : `empty.${state}`)}
        card={(row) => <FieldCard row={row} onOpen={() => ask({ peek: keyOf(row) })} />}
        height_px={520}
        foot={mayWrite ? <span className="note">{t("hint")}</span> : undefined}
      />
      <BulkBar
        count={chosen.length}
        unit={t("unit")}
        onClear={() => tick(new Set())}
        acts={[
          {
            key: "confirm",
            label: t("confirmThese"),
            run: () => say.mutate({ rows: chosen, given: { act: "confirm" } }),
          },
          {
            key: "decline",
            label: t("declineThese"),
            run: () => say.mutate({ rows: chosen, given: { act: "decline" } }),
          },
        ]}
      />
      <Peek title={held?.field ?? ""} isOpen={held !== undefined} onClose={() => ask({ peek: "" })}>
        {held && (
          <FieldDetail
            key={keyOf(held)}
            row={held}
            mayWrite={mayWrite}
            isSaying={say.isPending}
            onSay={(given) => give(held, given)}
          />
        )}
      </Peek>
    </>
  );
}
