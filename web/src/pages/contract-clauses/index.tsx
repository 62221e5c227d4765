import { useQuery } from "@tanstack/react-query";
import { Button, Segmented } from "antd";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { listClausesOptions } from "@/api/@tanstack/react-query.gen";
import { count } from "@/format";
import { PageHead } from "@/frame/page-head";
import { byLocale } from "@/i18n";
import { DigestText } from "@/parts/digest-text";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { ToneTag } from "@/parts/status-tag";
import { useAsked } from "@/parts/use-asked";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import "./clauses.css";

/** Bring the version that a link names into view. */
function show(item: HTMLLIElement | null) {
  item?.scrollIntoView({ block: "center" });
}

/** 承诺条款: the text as shown, its version, the orders that are bound to it. */
export default function Clauses() {
  const { t } = useTranslation("clauses");
  const { asked, ask } = useAsked();
  const go = useNavigate();
  const mayWrite = useMay("contract.write");
  const read = useQuery(listClausesOptions());
  const isAll = asked("show") === "all";
  const at = asked("at");
  const items = (read.data?.items ?? []).filter((one) => isAll || one.active);
  return (
    <>
      <PageHead
        fact={t("fact")}
        actions={
          <>
            <Segmented
              aria-label={t("columns.version")}
              value={isAll ? "all" : "active"}
              options={[
                { value: "active", label: t("onlyInForce") },
                { value: "all", label: t("all") },
              ]}
              onChange={(show) => ask({ show: show === "all" ? "all" : "" })}
            />
            {mayWrite && <Button onClick={() => void go("/contract/actions")}>{t("draft")}</Button>}
          </>
        }
      />
      {read.error && (
        <ProblemNote problem={asProblem(read.error)} onRetry={() => void read.refetch()} />
      )}
      {read.isLoading && <Skeleton kind="rows" />}
      {read.data && items.length === 0 && <p className="note">{t("none")}</p>}
      <ul className="clauses" aria-label={t("caption")}>
        {items.map((one) => (
          <li
            key={one.digest}
            className="card"
            aria-current={one.digest === at ? "true" : undefined}
            ref={one.digest === at ? show : undefined}
          >
            <header>
              <h2>{byLocale(one.name_zh, one.name_en)}</h2>
              <ToneTag tone={one.active ? "kept" : "excused"}>
                {`v${one.version} ${t(one.active ? "inForce" : "old")}`}
              </ToneTag>
              <span className="card-extra">
                {t(one.exact ? "bound" : "atLeast", { count: one.bound, formatted: count(one.bound) })}
              </span>
            </header>
            <div className="card-body">
              <p className="clause-text" lang={byLocale("zh-CN", "en")}>
                {byLocale(one.text_zh, one.text_en)}
              </p>
              <p className="note">
                {t("columns.breach")} · {byLocale(one.breach_zh, one.breach_en)}
              </p>
              <p className="note">
                {t("columns.digest")}{" "}
                <DigestText hex={byLocale(one.text_digest_zh, one.text_digest_en)} />
                {one.action && (
                  <Link to={`/contract/actions/${one.code}?v=${one.version}`}>{t("toAction")}</Link>
                )}
              </p>
            </div>
          </li>
        ))}
      </ul>
    </>
  );
}
