import { useMutation } from "@tanstack/react-query";
import { Button, Checkbox, Input, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { ReasonRow } from "@/api/types.gen";
import { ask } from "@/client";
import { share } from "@/format";
import { byLocale } from "@/i18n";
import { useKeys } from "@/keys/use-keys";
import { ProblemNote } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { KEY, useReasonName, useReasons } from "./words";

interface Props {
  row: ReasonRow;
  mayWrite: boolean;
  onDone: () => void;
}

const LONGEST = 100;

/** What a buyer wrote, and the reason that a person gives it. */
export function Answer({ row, mayWrite, onDone }: Props) {
  const { t } = useTranslation("returnReasons");
  const name = useReasonName();
  const reasons = useReasons();
  const [teaches, setTeaches] = useState(row.words !== "" && row.words.length <= LONGEST);
  const [phrase, setPhrase] = useState(row.words.slice(0, LONGEST));
  const correct = useMutation({
    mutationFn: (code: string) =>
      ask(`/v1/return-reasons/cases/${row.case}/correct`, {
        method: "POST",
        json: { code, phrase: teaches ? phrase : "" },
      }),
    onSuccess: async () => {
      onDone();
      await queries.invalidateQueries({ queryKey: KEY });
    },
  });
  const choices = row.choices.slice(0, 3);
  useKeys(
    choices.map((one, at) => ({
      keys: String(at + 1),
      label: name(one.code),
      run: () => correct.mutate(one.code),
    })),
    mayWrite && !correct.isPending,
  );
  return (
    <div className="return-reasons-answer">
      <blockquote>{row.words || t("hidden")}</blockquote>
      <p className="note">
        {t("house", { reason: t(`reasons.${row.reason}`, { defaultValue: row.reason }) })}{" "}
        <Link to={`/orders/${row.order}`}>{row.number}</Link>
      </p>
      {row.by && <p className="note">{t("saidBy", { by: row.by, reason: name(row.code) })}</p>}
      {mayWrite && (
        <>
          <ul className="return-reasons-choices">
            {choices.map((one, at) => (
              <li key={one.code}>
                <Button
                  block
                  type={one.code === row.code ? "primary" : "default"}
                  loading={correct.isPending && correct.variables === one.code}
                  disabled={correct.isPending}
                  onClick={() => correct.mutate(one.code)}
                >
                  <kbd>{at + 1}</kbd> {name(one.code)} <span className="note">{share(one.confidence / 1000, 0)}</span>
                </Button>
              </li>
            ))}
          </ul>
          <Select
            aria-label={t("other")}
            placeholder={t("other")}
            value={null}
            showSearch={{ optionFilterProp: "label" }}
            disabled={correct.isPending}
            options={reasons.map((one) => ({ value: one.code, label: byLocale(one.zh, one.en) }))}
            onChange={(code: string | null) => code && correct.mutate(code)}
          />
          <Checkbox checked={teaches} onChange={(event) => setTeaches(event.target.checked)}>
            {t("teach")}
          </Checkbox>
          {teaches && (
            <Input
              aria-label={t("phrase")}
              value={phrase}
              maxLength={LONGEST}
              onChange={(event) => setPhrase(event.target.value)}
            />
          )}
          {correct.error && <ProblemNote problem={asProblem(correct.error)} />}
        </>
      )}
    </div>
  );
}
