import { QuestionCircleOutlined } from "@ant-design/icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, InputNumber, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Offered, OffersShown, OrderSheet } from "@/api/types.gen";
import { ask } from "@/client";
import { count, dated, money } from "@/format";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { asProblem } from "@/problem";

const HOURS = [2, 24, 72] as const;

interface Props {
  id: string;
  sheet: OrderSheet;
  /** What may stand in for short lines by the buyer's word. */
  candidates: readonly Offered[];
  onDone: () => Promise<void>;
}

/** 征询替代: what the buyer is asked on the evidence page, and what they may be asked. */
export function SubstituteOffers({ id, sheet, candidates, onDone }: Props) {
  const { t } = useTranslation("amendments");
  const { done } = useNotice();
  const client = useQueryClient();
  const path = `/v1/orders/${id}/substitutes/offers`;
  const key = ["substitute-offers", id, sheet.seq];
  const open = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => ask<OffersShown>(path, { signal }),
  });
  const settle = async (word: string) => {
    done(word);
    await client.invalidateQueries({ queryKey: key });
    await onDone();
  };
  const withdraw = useMutation({
    mutationFn: (no: number) => ask(`${path}/${no}/withdraw`, { method: "POST" }),
    onSuccess: () => settle(t("offers.withdrawn")),
  });
  const offers = open.data?.items ?? [];
  const asked = new Set(offers.map((one) => one.line));
  const left = candidates.filter((one) => !asked.has(one.line));
  if (!open.error && offers.length + left.length === 0) return null;
  return (
    <section className="amend-offers" aria-label={t("offers.title")}>
      {open.error && (
        <ProblemNote problem={asProblem(open.error)} onRetry={() => void open.refetch()} />
      )}
      {offers.map((one) => (
        <p key={one.no} className="note">
          {t(one.stale ? "offers.stale" : "offers.waits", {
            no: one.line,
            units: count(one.units),
            name: one.title || one.sku,
            paid: money(one.paid, sheet.currency),
            until: dated(one.until),
          })}{" "}
          <button
            type="button"
            className="as-link"
            disabled={withdraw.isPending}
            onClick={() => withdraw.mutate(one.no)}
          >
            {t("offers.withdraw")}
          </button>
        </p>
      ))}
      {withdraw.error && <ProblemNote problem={asProblem(withdraw.error)} />}
      {left.map((one) => (
        <Candidate
          key={`${one.line} ${one.substitute}`}
          path={path}
          one={one}
          currency={sheet.currency}
          onAsked={() => settle(t("offers.asked"))}
        />
      ))}
    </section>
  );
}

interface CandidateProps {
  path: string;
  one: Offered;
  currency: string;
  onAsked: () => Promise<void>;
}

/** A substitute that needs the buyer's word: how many, for how long, and the asking. */
function Candidate({ path, one, currency, onAsked }: CandidateProps) {
  const { t } = useTranslation("amendments");
  const most = Math.min(one.short, one.units);
  const [units, setUnits] = useState(most);
  const [hours, setHours] = useState<number>(24);
  const offer = useMutation({
    mutationFn: () =>
      ask(path, { method: "POST", json: { line: one.line, sku: one.substitute, units, hours } }),
    onSuccess: onAsked,
  });
  return (
    <div className="amend-offer">
      <p className="note">
        {t("offeredConsent", {
          no: one.line,
          short: count(one.short),
          name: one.name,
          most: money(one.most, currency),
        })}
      </p>
      <InputNumber
        aria-label={t("quantityOf", { name: one.name })}
        min={1}
        max={most}
        precision={0}
        value={units}
        onChange={(value) => value !== null && setUnits(value)}
      />
      <Select<number>
        aria-label={t("offers.hours")}
        value={hours}
        options={HOURS.map((value) => ({ value, label: t("offers.within", { n: value }) }))}
        onChange={setHours}
      />
      <Button
        size="small"
        icon={<QuestionCircleOutlined />}
        loading={offer.isPending}
        onClick={() => offer.mutate()}
      >
        {t("offers.ask")}
      </Button>
      {offer.error && <ProblemNote problem={asProblem(offer.error)} />}
    </div>
  );
}
