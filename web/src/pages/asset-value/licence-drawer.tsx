import { useMutation, useQuery } from "@tanstack/react-query";
import { Alert, Button, Drawer, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type {
  LicenceDeliveryBegun,
  LicenceItem,
  LicenceKey,
  LicenceKeys,
  LicenceStatement,
} from "@/api/types.gen";
import { ask } from "@/client";
import { brief, count, exact, money } from "@/format";
import { DigestText } from "@/parts/digest-text";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { SmallTable } from "@/parts/small-table";
import { ToneTag } from "@/parts/status-tag";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { KEY } from "./model";

interface Props {
  licence: LicenceItem;
  people: Record<string, string>;
  onClose: () => void;
}

/** One licence: its terms, its statement of a month, its deliveries and keys. */
export function LicenceDrawer({ licence, people, onClose }: Props) {
  const { t } = useTranslation("assetValue");
  const who = (subject: string) => people[subject] ?? subject;
  const { terms } = licence;
  return (
    <Drawer open size={560} title={t("licenceTitle", { no: licence.no, who: terms.recipient.name })} onClose={onClose}>
      <dl className="value-facts">
        <dt>{t("licence.contract")}</dt>
        <dd>{terms.contract || "—"}</dd>
        <dt>{t("licence.columns")}</dt>
        <dd>{(terms.columns ?? []).join("、") || t("onlyRoom")}</dd>
        <dt>{t("licence.limits")}</dt>
        <dd>
          {t("limitsTold", {
            rows: count(terms.rows_day ?? 0),
            queries: count(terms.queries_day ?? 0),
            k: count(terms.k ?? 0),
          })}
        </dd>
        <dt>{t("licence.territory")}</dt>
        <dd>{(terms.territory ?? []).join("、") || terms.recipient.country || "CN"}</dd>
        <dt>{t("licence.conditions")}</dt>
        <dd>
          {t(terms.resale ? "resale" : "noResale")} · {t(terms.audit === false ? "noAudit" : "audit")}
        </dd>
        <dt>{t("licence.people")}</dt>
        <dd title={exact(licence.drafted)}>
          {t("draftedShort", { by: who(licence.drafted_by), at: brief(licence.drafted) })}
          {licence.answered_by && ` ${t("answeredShort", { by: who(licence.answered_by) })}`}
          {licence.ended_by && ` ${t("endedShort", { by: who(licence.ended_by) })}`}
        </dd>
        {licence.reason && (
          <>
            <dt>{t("reason")}</dt>
            <dd>{licence.reason}</dd>
          </>
        )}
        <dt>{t("licence.digest")}</dt>
        <dd>
          <DigestText hex={licence.digest} />
        </dd>
      </dl>
      {licence.standing === "active" && <Deliver licence={licence} />}
      <Statement licence={licence} />
      {licence.standing === "active" && <Keys licence={licence} />}
    </Drawer>
  );
}

function Deliver({ licence }: { licence: LicenceItem }) {
  const { t } = useTranslation("assetValue");
  const mayShare = useMay("asset.share");
  const [begun, setBegun] = useState<LicenceDeliveryBegun>();
  const deliver = useMutation({
    mutationFn: () =>
      ask<LicenceDeliveryBegun>(`/v1/licences/${licence.id}/deliveries`, {
        method: "POST",
        json: { file: "csv" },
      }),
    onSuccess: setBegun,
  });
  if (!mayShare || (licence.terms.columns ?? []).length === 0) return null;
  return (
    <section className="value-section">
      <h3>{t("delivery")}</h3>
      <p className="note">{t("deliveryNote")}</p>
      {deliver.error && <ProblemNote problem={asProblem(deliver.error)} />}
      {begun ? (
        <p>
          <ToneTag tone={begun.state === "refused" ? "broken" : "pend"}>
            {t(`deliveries.${begun.state}`)}
          </ToneTag>{" "}
          {begun.needs.length > 0 && t("deliveryNeeds", { n: count(begun.needs.length) })}{" "}
          <a href="/assets/shares">{t("openShares")}</a>
        </p>
      ) : (
        <Button size="small" type="primary" loading={deliver.isPending} onClick={() => deliver.mutate()}>
          {t("deliver")}
        </Button>
      )}
    </section>
  );
}

function Statement({ licence }: { licence: LicenceItem }) {
  const { t } = useTranslation("assetValue");
  const [month, setMonth] = useState("");
  const path = `/v1/licences/${licence.id}/statement`;
  const found = useQuery({
    queryKey: [...KEY, "statement", licence.id, month],
    queryFn: ({ signal }) => ask<LicenceStatement>(`${path}?month=${month}`, { signal }),
  });
  const told = found.data?.statement;
  return (
    <section className="value-section">
      <h3>{t("statement")}</h3>
      {found.error && <ProblemNote problem={asProblem(found.error)} />}
      {found.isPending && <Skeleton kind="rows" rows={3} />}
      {found.data && told && (
        <>
          <div className="value-buttons">
            <Select
              size="small"
              aria-label={t("month")}
              value={told.month}
              options={[...new Set([told.month, ...found.data.months])]
                .sort()
                .reverse()
                .map((one) => ({ value: one, label: one }))}
              onChange={setMonth}
            />
            <Button size="small" href={`${path}.csv?month=${told.month}`}>
              {t("downloadCsv")}
            </Button>
          </div>
          <SmallTable
            caption={t("statement")}
            columns={[
              { key: "charge", title: t("charge"), render: (one) => t(`charges.${one.charge}`) },
              { key: "n", title: t("quantity"), isNumber: true, render: (one) => count(one.quantity) },
              { key: "each", title: t("each"), isNumber: true, render: (one) => money(one.each_fen) },
              { key: "sum", title: t("amount"), isNumber: true, render: (one) => money(one.amount_fen) },
            ]}
            rows={told.lines}
            keyOf={(one) => one.charge}
            empty={t("nothingDue")}
          />
          <p className="value-due">
            {t("dueTold", { due: money(told.due_fen), tax: money(told.tax_fen) })}
          </p>
          <SmallTable
            caption={t("uses")}
            columns={[
              { key: "at", title: t("at"), render: (one) => <span title={exact(one.at)}>{brief(one.at)}</span> },
              { key: "kind", title: t("use"), render: (one) => t(`useKinds.${one.kind}`) },
              { key: "rows", title: t("columns.rows"), isNumber: true, render: (one) => count(one.rows) },
              { key: "mark", title: t("mark"), render: (one) => (one.mark ? t("markNo", { no: one.mark }) : "—") },
            ]}
            rows={found.data.uses}
            keyOf={(one) => one.id}
            empty={t("noUses")}
          />
        </>
      )}
    </section>
  );
}

function Keys({ licence }: { licence: LicenceItem }) {
  const { t } = useTranslation("assetValue");
  const mayApprove = useMay("licence.approve");
  const notice = useNotice();
  const [made, setMade] = useState<LicenceKey>();
  const path = `/v1/licences/${licence.id}/keys`;
  const found = useQuery({
    queryKey: [...KEY, "keys", licence.id],
    queryFn: ({ signal }) => ask<LicenceKeys>(path, { signal }),
  });
  const issue = useMutation({
    mutationFn: () =>
      ask<LicenceKey>(path, { method: "POST", json: { name: licence.terms.recipient.name } }),
    onSuccess: async (key) => {
      setMade(key);
      await queries.invalidateQueries({ queryKey: KEY });
    },
    onError: (error) => notice.failed(error),
  });
  return (
    <section className="value-section">
      <h3>{t("keys")}</h3>
      <p className="note">{t("keysNote")}</p>
      {found.error && <ProblemNote problem={asProblem(found.error)} />}
      <ul className="value-keys">
        {(found.data?.items ?? []).map((one) => (
          <li key={one.id}>
            <code>{one.id}</code> {one.name} {one.revoked && <ToneTag tone="excused">{t("revoked")}</ToneTag>}
          </li>
        ))}
      </ul>
      {made?.key && <Alert type="success" title={t("keyOnce")} description={<code className="value-key">{made.key}</code>} />}
      {mayApprove && (
        <Button size="small" loading={issue.isPending} onClick={() => issue.mutate()}>
          {t("issueKey")}
        </Button>
      )}
    </section>
  );
}
