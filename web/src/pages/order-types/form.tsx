import { useQuery } from "@tanstack/react-query";
import { Checkbox, Input, InputNumber, Select, Switch } from "antd";
import { useTranslation } from "react-i18next";
import { listDefinitionsOptions, listWarehousesOptions } from "@/api/@tanstack/react-query.gen";
import type { ActOffered, OrderType, TypePayment, TypeStage } from "@/api/types.gen";
import { byLocale } from "@/i18n";
import { PaymentPart } from "./payment-part";
import { Field, SaidAt } from "./said";
import { WhenInput } from "./spans";

interface Props {
  type: OrderType;
  acts: readonly ActOffered[];
  picked: number;
  onChange: (changes: Partial<OrderType>) => void;
}

/** The form of a type: payments, the stage that is picked, group, scope, promises. */
export function TypeForm({ type, acts, picked, onChange }: Props) {
  const { t } = useTranslation("order-types");
  const stage = type.stages[picked];
  const putPayment = (at: number, changes: Partial<TypePayment>) =>
    onChange({
      payments: type.payments.map((one, no) => (no === at ? { ...one, ...changes } : one)),
    });
  const putStage = (changes: Partial<TypeStage>) =>
    onChange({
      stages: type.stages.map((one, no) => (no === picked ? { ...one, ...changes } : one)),
    });
  return (
    <>
      {stage && <StagePart stage={stage} at={picked} acts={acts} onChange={putStage} />}
      {type.payments.map((payment, at) => (
        <PaymentPart
          key={payment.stage}
          payment={payment}
          at={at}
          onChange={(changes) => putPayment(at, changes)}
        />
      ))}
      <SaidAt at="/payments" />
      {type.group && <GroupPart type={type} onChange={onChange} />}
      <ScopePart type={type} onChange={onChange} />
      <section className="order-types-part" aria-label={t("promisesPart")}>
        <h3>{t("promisesPart")}</h3>
        <PromisePart type={type} onChange={onChange} />
      </section>
    </>
  );
}

interface StageProps {
  stage: TypeStage;
  at: number;
  acts: readonly ActOffered[];
  onChange: (changes: Partial<TypeStage>) => void;
}

function StagePart({ stage, at, acts, onChange }: StageProps) {
  const { t } = useTranslation("order-types");
  const warehouses = useQuery(listWarehousesOptions({ query: { limit: 200 } }));
  const title = t("stagePart", { name: byLocale(stage.words.zh ?? "", stage.words.en ?? "") });
  return (
    <section className="order-types-part" aria-label={title}>
      <h3>{title}</h3>
      <SaidAt at={`/stages/${at}/enters`} />
      <div className="order-types-grid">
        <Field label={t("stageZh")} at={`/stages/${at}/words/zh`}>
          <Input
            aria-label={t("stageZh")}
            maxLength={32}
            value={stage.words.zh}
            onChange={(event) => onChange({ words: { ...stage.words, zh: event.target.value } })}
          />
        </Field>
        <Field label={t("stageEn")} at={`/stages/${at}/words/en`}>
          <Input
            aria-label={t("stageEn")}
            maxLength={64}
            value={stage.words.en}
            onChange={(event) => onChange({ words: { ...stage.words, en: event.target.value } })}
          />
        </Field>
        <Field label={t("reserve")}>
          <span>
            <Switch
              aria-label={t("reserve")}
              checked={stage.reserve ?? false}
              onChange={(reserve) => onChange({ reserve })}
            />
          </span>
        </Field>
        {stage.reserve && (
          <Field label={t("where")} at={`/stages/${at}/warehouses`}>
            <Select
              aria-label={t("where")}
              mode="multiple"
              allowClear
              placeholder={t("anywhere")}
              value={stage.warehouses ?? []}
              options={(warehouses.data?.items ?? []).map((one) => ({
                value: one.code,
                label: one.name,
              }))}
              onChange={(codes) => onChange({ warehouses: codes })}
            />
          </Field>
        )}
        <Field label={t("open")} at={`/stages/${at}/open`} isWide>
          <Checkbox.Group
            aria-label={t("open")}
            value={[...(stage.open ?? [])]}
            options={acts.map((one) => ({
              value: one.code,
              label: byLocale(one.words.zh ?? "", one.words.en ?? ""),
            }))}
            onChange={(open) => onChange({ open: open.map(String) })}
          />
        </Field>
      </div>
    </section>
  );
}

type PartProps = Pick<Props, "type" | "onChange">;

function GroupPart({ type, onChange }: PartProps) {
  const { t } = useTranslation("order-types");
  const group = type.group;
  if (!group) return null;
  const put = (changes: Partial<typeof group>) => onChange({ group: { ...group, ...changes } });
  const clause = group.clause ?? {};
  return (
    <section className="order-types-part" aria-label={t("groupPart")}>
      <h3>{t("groupPart")}</h3>
      <div className="order-types-grid">
        <Field label={t("minimum")} at="/group/minimum">
          <InputNumber
            aria-label={t("minimum")}
            min={2}
            max={100_000}
            value={group.minimum}
            onChange={(n) => put({ minimum: n ?? 2 })}
          />
        </Field>
        <WhenInput
          label={t("groupCloses")}
          value={group.closes}
          none={t("never")}
          onChange={(closes) => put({ closes })}
        />
        <Field label={t("clauseZh", { name: t("groupPart") })} at="/group/clause/zh" isWide>
          <Input.TextArea
            aria-label={t("clauseZh", { name: t("groupPart") })}
            rows={2}
            maxLength={2000}
            value={clause.zh}
            onChange={(event) => put({ clause: { ...clause, zh: event.target.value } })}
          />
        </Field>
        <Field label={t("clauseEn", { name: t("groupPart") })} at="/group/clause/en" isWide>
          <Input.TextArea
            aria-label={t("clauseEn", { name: t("groupPart") })}
            rows={2}
            maxLength={2000}
            value={clause.en}
            onChange={(event) => put({ clause: { ...clause, en: event.target.value } })}
          />
        </Field>
      </div>
    </section>
  );
}

function ScopePart({ type, onChange }: PartProps) {
  const { t } = useTranslation("order-types");
  const scope = type.scope ?? {};
  const put = (changes: Partial<typeof scope>) => onChange({ scope: { ...scope, ...changes } });
  return (
    <section className="order-types-part" aria-label={t("scopePart")}>
      <h3>{t("scopePart")}</h3>
      <SaidAt at="/scope" />
      <div className="order-types-grid">
        <Field label={t("named")}>
          <span>
            <Switch
              aria-label={t("named")}
              checked={scope.named ?? false}
              onChange={(named) => put({ named })}
            />
          </span>
        </Field>
        <Field label={t("skus")}>
          <Select
            aria-label={t("skus")}
            mode="tags"
            placeholder={t("allSkus")}
            value={scope.skus ?? []}
            tokenSeparators={[",", " ", "、"]}
            onChange={(skus) => put({ skus })}
          />
        </Field>
        <Field label={t("channels")}>
          <Select
            aria-label={t("channels")}
            mode="tags"
            placeholder={t("allChannels")}
            value={scope.channels ?? []}
            tokenSeparators={[",", " ", "、"]}
            onChange={(channels) => put({ channels })}
          />
        </Field>
        <Field label={t("marks")}>
          <Select
            aria-label={t("marks")}
            value={scope.marks ?? ""}
            options={(["", "deposit", "whole"] as const).map((one) => ({
              value: one,
              label: t(`markWays.${one || "any"}`),
            }))}
            onChange={(marks) => put({ marks })}
          />
        </Field>
        <WhenInput
          label={t("campaignOpens")}
          value={scope.opens ?? ""}
          none={t("atOnce")}
          instantOnly
          onChange={(opens) => put({ opens })}
        />
        <WhenInput
          label={t("campaignCloses")}
          value={scope.closes ?? ""}
          none={t("never")}
          instantOnly
          onChange={(closes) => put({ closes })}
        />
        <Field label={t("buyerUnits")} at="/buyer_units">
          <InputNumber
            aria-label={t("buyerUnits")}
            min={0}
            max={1_000_000}
            value={type.buyer_units ?? 0}
            onChange={(n) => onChange({ buyer_units: n ?? 0 })}
          />
        </Field>
      </div>
    </section>
  );
}

function PromisePart({ type, onChange }: PartProps) {
  const { t } = useTranslation("order-types");
  const list = useQuery(listDefinitionsOptions());
  const offered = (list.data?.items ?? []).filter((one) => one.active);
  return (
    <div className="order-types-grid">
      <Field label={t("promises")} at="/promises">
        <Select
          aria-label={t("promises")}
          mode="multiple"
          allowClear
          value={type.promises ?? []}
          options={offered.map((one) => ({ value: one.code, label: one.code }))}
          onChange={(promises) => onChange({ promises })}
        />
      </Field>
      <WhenInput
        label={t("shipBy")}
        value={type.ship_by ?? ""}
        none={t("noShipBy")}
        onChange={(ship_by) => onChange({ ship_by })}
      />
      <SaidAt at="/ship_by" />
    </div>
  );
}
