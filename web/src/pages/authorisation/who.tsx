import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { InputNumber, Select } from "antd";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { askWhoMayOptions } from "@/api/@tanstack/react-query.gen";
import type { Entitlement } from "@/api/types.gen";
import { count } from "@/format";
import { ProblemNote } from "@/parts/problem-note";
import { ToneTag } from "@/parts/status-tag";
import { Skeleton } from "@/parts/skeleton";
import { useAsked } from "@/parts/use-asked";
import { asProblem } from "@/problem";
import { Subject } from "./subject";
import { WarehouseSelect } from "./warehouse-select";

const FIRST = "order.cancel";

/** 谁能做: choose an act and its circumstances; everybody who may, and by which policy. */
export function Who({ actions }: { actions: readonly string[] }) {
  const { t } = useTranslation(["authorisation", "rights"]);
  const { asked, ask } = useAsked();
  const action = asked("action") || FIRST;
  const amount_fen = asked("fen") === "" ? undefined : Number(asked("fen"));
  const warehouse = asked("warehouse");
  const answer = useQuery({
    ...askWhoMayOptions({
      query: {
        action,
        ...(amount_fen === undefined ? {} : { amount_fen }),
        ...(warehouse ? { warehouse } : {}),
      },
    }),
    placeholderData: keepPreviousData,
  });
  const options = useMemo(() => {
    const areas = new Map<string, { value: string; label: string }[]>();
    for (const one of actions) {
      const area = one.slice(0, one.indexOf("."));
      const held = areas.get(area) ?? [];
      held.push({
        value: one,
        label: t(`rights:${one}`, { defaultValue: one }),
      });
      areas.set(area, held);
    }
    return [...areas].map(([area, held]) => ({
      label: t(`areas.${area}`, { defaultValue: area }),
      options: held,
    }));
  }, [actions, t]);
  const items = answer.data?.items ?? [];
  const may = items.filter((one) => one.allowed);
  const people = may.filter((one) => one.who.kind === "person").length;
  return (
    <>
      <div className="rights-question">
        <label>
          {t("who.action")}
          <Select
            showSearch={{ optionFilterProp: "label" }}
            value={action}
            options={options}
            onChange={(value: string) => ask({ action: value })}
          />
        </label>
        <label>
          {t("who.amount")}
          <InputNumber<number>
            prefix="¥"
            min={0}
            precision={2}
            value={amount_fen === undefined ? null : amount_fen / 100}
            onChange={(value) =>
              ask({ fen: value === null ? "" : String(Math.round(value * 100)) })
            }
          />
        </label>
        <label>
          {t("who.warehouse")}
          <WarehouseSelect value={warehouse} onChange={(value) => ask({ warehouse: value })} />
        </label>
      </div>
      {answer.error && (
        <ProblemNote problem={asProblem(answer.error)} onRetry={() => void answer.refetch()} />
      )}
      {answer.isPending && <Skeleton kind="rows" />}
      {answer.data && (
        <>
          <p className="rights-answer" role="status">
            {t("who.answer", {
              people: count(people),
              keys: count(may.length - people),
              action: t(`rights:${answer.data.action}`, { defaultValue: answer.data.action }),
            })}
          </p>
          <div className="card rights-list">
            <table>
              <caption className="visually-hidden">{t("who.caption")}</caption>
              <thead>
                <tr>
                  <th scope="col">{t("who.subject")}</th>
                  <th scope="col">{t("who.verdict")}</th>
                  <th scope="col">{t("who.reasons")}</th>
                </tr>
              </thead>
              <tbody>
                {[...may, ...items.filter((one) => !one.allowed)].map((one) => (
                  <tr key={`${one.who.kind}/${one.who.id}`}>
                    <td>
                      <Subject who={one.who} />
                    </td>
                    <td>
                      <Verdict answer={one} />
                    </td>
                    <td className="mono">{one.reasons.join(" ") || t("who.nothing")}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
    </>
  );
}

function Verdict({ answer }: { answer: Entitlement }) {
  const { t } = useTranslation("authorisation");
  if (!answer.allowed) return <ToneTag tone="excused">{t("who.no")}</ToneTag>;
  if (answer.needs_proof) return <ToneTag tone="info">{t("who.proof")}</ToneTag>;
  return <ToneTag tone="kept">{t("who.yes")}</ToneTag>;
}
