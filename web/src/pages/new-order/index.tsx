import { useMutation } from "@tanstack/react-query";
import { Button, Checkbox, Input, InputNumber } from "antd";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Answer, NewOrder as Body } from "@/api/types.gen";
import { ask } from "@/client";
import { money } from "@/format";
import { PageHead } from "@/frame/page-head";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { useUnsaved } from "@/parts/use-unsaved";
import { asProblem } from "@/problem";
import { type Draft, emptyDraft, missingOf, orderOf, totalOf } from "./draft";
import { Lines } from "./lines";
import { Made } from "./made";
import { TypeFields } from "./type-fields";
import "./new-order.css";

const TEXT = ["name", "phone", "province", "city", "district", "detail"] as const;
const LIMITS = { detail: 500, note: 500, other: 64 };

/** 建单: an order by hand, decided and promised as every other. */
export default function NewOrder() {
  const { t } = useTranslation(["new-order", "common"]);
  const [draft, setDraft] = useState<Draft>(emptyDraft);
  const [isTouched, touch] = useState(false);
  // Pressed twice, or sent again after a broken line, the order is placed once.
  const sent = useRef<{ key: string; draft: Draft; json: Body } | null>(null);
  const place = useMutation({
    mutationFn: () => {
      // A key belongs to one body, and the body holds the time of payment.
      if (sent.current?.draft !== draft) {
        const json = orderOf(draft, new Date().toISOString());
        sent.current = { key: crypto.randomUUID(), draft, json };
      }
      const { key, json } = sent.current;
      const headers = { "Idempotency-Key": key };
      return ask<Answer>("/v1/orders", { method: "POST", json, headers });
    },
    onSuccess: () => touch(false),
  });
  useUnsaved(isTouched);
  const put = (changes: Partial<Draft>) => {
    touch(true);
    setDraft((old) => ({ ...old, ...changes }));
  };
  const missing = missingOf(draft);
  const total = totalOf(draft);
  if (place.data) {
    const next = () => {
      place.reset();
      setDraft(emptyDraft());
    };
    return (
      <>
        <PageHead back="/orders" />
        <Made made={place.data} onNext={next} />
      </>
    );
  }
  return (
    <>
      <PageHead back="/orders" fact={t("fact")} />
      <form
        className="new-order"
        onSubmit={(event) => {
          event.preventDefault();
          if (missing.length === 0) place.mutate();
        }}
      >
        <Card title={t("goods")}>
          <Lines lines={draft.lines} onChange={(lines) => put({ lines })} />
        </Card>
        <Card title={t("receiver")}>
          <div className="new-order-fields">
            {TEXT.map((name) => (
              <label key={name} data-wide={name === "detail"}>
                <span>{t(name)}</span>
                <Input
                  value={draft[name]}
                  maxLength={name === "detail" ? LIMITS.detail : LIMITS.other}
                  autoComplete="off"
                  onChange={(event) => put({ [name]: event.target.value })}
                />
              </label>
            ))}
          </div>
        </Card>
        <Card title={t("terms")}>
          <div className="new-order-fields">
            <label>
              <span>{t("number")}</span>
              <Input
                className="mono"
                value={draft.number}
                maxLength={LIMITS.other}
                onChange={(event) => put({ number: event.target.value })}
              />
            </label>
            {(["discount", "postage"] as const).map((name) => (
              <label key={name}>
                <span>{t(name)}</span>
                <InputNumber<string>
                  stringMode
                  min="0"
                  precision={2}
                  prefix="¥"
                  value={draft[name]}
                  onChange={(value) => put({ [name]: value })}
                />
              </label>
            ))}
            <label data-wide="true">
              <span>{t("note")}</span>
              <Input
                value={draft.note}
                maxLength={LIMITS.note}
                onChange={(event) => put({ note: event.target.value })}
              />
            </label>
          </div>
          <TypeFields draft={draft} onChange={put} />
          <Checkbox checked={draft.isPaid} onChange={(event) => put({ isPaid: event.target.checked })}>
            {draft.type ? t("isFirstPaid") : t("isPaid")}
          </Checkbox>
        </Card>
        {place.error && <ProblemNote problem={asProblem(place.error)} />}
        <div className="new-order-buttons">
          <Button type="primary" htmlType="submit" disabled={missing.length > 0} loading={place.isPending}>
            {total !== null && total > 0 ? t("placeFor", { amount: money(total) }) : t("place")}
          </Button>
          {isTouched && missing.length > 0 && (
            <span className="note" role="status">
              {t("missing", { what: missing.map((one) => t(one)).join(t("comma")) })}
            </span>
          )}
        </div>
      </form>
    </>
  );
}
