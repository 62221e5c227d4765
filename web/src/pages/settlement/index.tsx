import { Button, Segmented } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Settlement } from "@/api/types.gen";
import { count } from "@/format";
import { PageHead } from "@/frame/page-head";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { ToneTag } from "@/parts/status-tag";
import { useAsked } from "@/parts/use-asked";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import { Balances } from "./balances";
import { Files } from "./files";
import { TABS, type Tab, useAccountName, usePeriodName, useSettlement, useSided } from "./model";
import { Periods } from "./periods";
import { Settings } from "./settings";
import { Vouchers } from "./vouchers";
import "./settlement.css";

/** 结算: which period is open, what stands open, the trial balance, and what is behind it. */
export default function SettlementPage() {
  const { t } = useTranslation("settlement");
  const { asked, ask } = useAsked();
  const nameOf = usePeriodName();
  const mayClose = useMay("settlement.close");
  const read = useSettlement();
  const found = read.data;
  const tab = TABS.find((one) => one === asked("tab")) ?? "balances";
  const isOver = found ? isPast(found) : false;
  return (
    <>
      <PageHead
        state={
          found && (
            <ToneTag tone={found.off === 0 ? "kept" : "broken"}>
              {t(found.off === 0 ? "balanced" : "unbalanced")}
            </ToneTag>
          )
        }
        fact={
          found &&
          [
            t("nextIs", { period: nameOf(found.next) }),
            found.behind === 0 ? t("upToDate") : t("behind", { n: count(found.behind) }),
          ].join(" · ")
        }
        actions={
          found &&
          mayClose &&
          isOver &&
          tab !== "periods" && (
            <Button
              type="primary"
              onClick={() => ask({ tab: "periods", period: String(found.next) }, true)}
            >
              {t("checkAndClose", { period: nameOf(found.next) })}
            </Button>
          )
        }
      />
      {read.error && (
        <ProblemNote problem={asProblem(read.error)} onRetry={() => void read.refetch()} />
      )}
      {read.isPending && <Skeleton kind="page" rows={6} />}
      {found && (
        <div className="settlement">
          <OpenItems found={found} />
          <Segmented<Tab>
            className="settlement-tabs"
            aria-label={t("tab")}
            value={tab}
            options={TABS.map((one) => ({ value: one, label: t(`tabs.${one}`) }))}
            onChange={(value) => ask({ tab: value, account: "", day: "", peek: "" }, true)}
          />
          {tab === "balances" && <Balances found={found} />}
          {tab === "vouchers" && <Vouchers found={found} />}
          {tab === "periods" && <Periods found={found} />}
          {tab === "files" && <Files found={found} />}
          {tab === "settings" && <Settings found={found} />}
        </div>
      )}
    </>
  );
}

/** Whether the period to close next is over. */
function isPast(found: Settlement): boolean {
  const next = found.periods.find((one) => one.period === found.next);
  return next !== undefined && next.last < found.today;
}

/** What stands open: owed to buyers, owed by platforms, and what nobody has explained. */
function OpenItems({ found }: { found: Settlement }) {
  const { t } = useTranslation("settlement");
  const nameOf = useAccountName();
  const sided = useSided();
  return (
    <Card title={t("open")} note={t("openNote", { day: found.today })}>
      {found.open.length === 0 && <p className="note">{t("noneOpen")}</p>}
      <dl className="settlement-open">
        {found.open.map((one) => (
          <div key={`${one.account} ${one.currency}`}>
            <dt>{nameOf(one.account)}</dt>
            <dd>
              <Link to={`/settlement?tab=balances&account=${one.account}`}>
                {sided(one.amount, one.currency)}
              </Link>
            </dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}
