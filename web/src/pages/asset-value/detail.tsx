import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { AssetCostPage, AssetValue, RightItem, RightList } from "@/api/types.gen";
import { ask } from "@/client";
import { brief, exact, money } from "@/format";
import { Card } from "@/parts/card";
import { DigestText } from "@/parts/digest-text";
import { ProblemNote } from "@/parts/problem-note";
import { SmallTable } from "@/parts/small-table";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import { CostForm } from "./cost-form";
import { called, KEY } from "./model";
import { RightForm } from "./right-form";
import { Valuations } from "./valuations";

/** One asset: its entry in the register, its valuation, its costs. */
export function Detail({ value }: { value: AssetValue }) {
  const { t } = useTranslation("assetValue");
  const register = useQuery({
    queryKey: [...KEY, "rights"],
    queryFn: ({ signal }) => ask<RightList>("/v1/rights-register", { signal }),
  });
  const right = register.data?.items.find((one) => one.asset === value.asset);
  return (
    <section className="value-detail" aria-label={called(value.title)}>
      <h2 className="value-name">
        {called(value.title)} <Link to={`/assets/${value.asset}`}>{t("openAsset")}</Link>
      </h2>
      {register.error && <ProblemNote problem={asProblem(register.error)} />}
      <div className="value-columns">
        <Valuations value={value} />
        <div className="value-side">
          {register.data && <RightCard asset={value.asset} right={right} />}
          <Costs asset={value.asset} />
        </div>
      </div>
    </section>
  );
}

function RightCard({ asset, right }: { asset: string; right: RightItem | undefined }) {
  const { t } = useTranslation("assetValue");
  const mayWrite = useMay("licence.write");
  const [isOpen, setOpen] = useState(false);
  const entry = right?.entry;
  return (
    <Card
      title={t("register")}
      note={right && t("version", { no: right.version })}
      extra={
        mayWrite && (
          <Button size="small" onClick={() => setOpen(true)}>
            {t(right ? "changeRight" : "registerRight")}
          </Button>
        )
      }
    >
      {!right || !entry ? (
        <p className="note">{t("noRightNote")}</p>
      ) : (
        <dl className="value-facts">
          <dt>{t("right.source")}</dt>
          <dd>{t(`sources.${entry.source}`)}</dd>
          <dt>{t("right.basis")}</dt>
          <dd>{t(`bases.${entry.basis}`)}</dd>
          <dt>{t("right.holder")}</dt>
          <dd>{entry.holder}</dd>
          <dt>{t("right.rights")}</dt>
          <dd>
            {(entry.rights ?? []).map((one) => t(`rights.${one}`)).join("、") || "—"}{" "}
            <span className="note">{t("unverified")}</span>
          </dd>
          {entry.limits && (
            <>
              <dt>{t("right.limits")}</dt>
              <dd>{entry.limits}</dd>
            </>
          )}
          {(entry.contracts ?? []).length > 0 && (
            <>
              <dt>{t("right.contracts")}</dt>
              <dd>{(entry.contracts ?? []).join("、")}</dd>
            </>
          )}
          {(entry.evidence ?? []).length > 0 && (
            <>
              <dt>{t("right.evidence")}</dt>
              <dd>
                {(entry.evidence ?? []).map((digest) => (
                  <DigestText key={digest} hex={digest} />
                ))}
              </dd>
            </>
          )}
          <dt>{t("right.by")}</dt>
          <dd title={exact(right.at)}>
            {right.by} · {brief(right.at)}
          </dd>
        </dl>
      )}
      {isOpen && <RightForm asset={asset} right={right} onClose={() => setOpen(false)} />}
    </Card>
  );
}

function Costs({ asset }: { asset: string }) {
  const { t } = useTranslation("assetValue");
  const mayWrite = useMay("licence.write");
  const [isOpen, setOpen] = useState(false);
  const found = useQuery({
    queryKey: [...KEY, "costs", asset],
    queryFn: ({ signal }) => ask<AssetCostPage>(`/v1/asset-costs/${asset}?limit=20`, { signal }),
  });
  return (
    <Card
      title={t("costs")}
      note={t("costsNote")}
      extra={
        mayWrite && (
          <Button size="small" onClick={() => setOpen(true)}>
            {t("enterCost")}
          </Button>
        )
      }
      isFlush
    >
      {found.error && <ProblemNote problem={asProblem(found.error)} />}
      <SmallTable
        caption={t("costs")}
        columns={[
          { key: "day", title: t("cost.day"), render: (one) => one.entry.day },
          { key: "kind", title: t("cost.kind"), render: (one) => t(`costKinds.${one.entry.kind}`) },
          { key: "phase", title: t("cost.phase"), render: (one) => t(`phases.${one.entry.phase}`) },
          {
            key: "amount",
            title: t("cost.amount"),
            isNumber: true,
            render: (one) => money(one.entry.amount_fen),
          },
        ]}
        rows={found.data?.items ?? []}
        keyOf={(one) => one.id}
        empty={t("noCosts")}
      />
      {isOpen && <CostForm asset={asset} onClose={() => setOpen(false)} />}
    </Card>
  );
}
