import { useTranslation } from "react-i18next";
import type { DataClass } from "@/api/types.gen";
import { byLocale } from "@/i18n";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { asProblem } from "@/problem";
import { ClassCell } from "./columns";
import { LevelTag } from "./level-tag";
import { useLibrary } from "./model";

/** 规则库: each class with its level and clauses, what joining raises, what counting lowers. */
export function Rules() {
  const { t } = useTranslation("assetClasses");
  const read = useLibrary();
  const library = read.data;
  if (read.error) {
    return <ProblemNote problem={asProblem(read.error)} onRetry={() => void read.refetch()} />;
  }
  if (!library) return <Skeleton kind="rows" rows={8} />;
  const standard = (code: string) => {
    const found = library.standards.find((one) => one.code === code);
    return found ? byLocale(found.zh, found.en) : code;
  };
  const columns: SmallColumn<DataClass>[] = [
    { key: "class", title: t("columns.class"), render: (one) => <ClassCell code={one.code} /> },
    { key: "level", title: t("columns.level"), render: (one) => <LevelTag level={one.level ?? 1} /> },
    { key: "sensitive", title: t("sensitive"), render: (one) => (one.sensitive ? t("yes") : "—") },
    {
      key: "data",
      title: t("dataKind"),
      render: (one) => t(`data.${one.data ?? "general"}`),
    },
    {
      key: "rules",
      title: t("restsOn"),
      render: (one) => one.rules.map((rule) => `${standard(rule.standard)} ${rule.clause ?? ""}`).join("；"),
    },
  ];
  const { aggregation } = library;
  return (
    <div className="asset-classes-rules">
      <Card title={t("library")} note={t("version", { n: library.version })} isFlush>
        <SmallTable
          caption={t("library")}
          columns={columns}
          rows={library.classes}
          keyOf={(one) => one.code}
          empty=""
        />
      </Card>
      <Card title={t("joins")} note={t("unreadNote")}>
        <ul className="asset-classes-clauses">
          {library.joins.map((one) => (
            <li key={one.code}>
              {byLocale(one.zh, one.en)}{" "}
              <span className="note">
                {standard(one.standard)} {one.clause}
              </span>{" "}
              {!one.verified_by && <em>{t("unread")}</em>}
            </li>
          ))}
          <li>
            {byLocale(aggregation.zh, aggregation.en)}
            {t("people", { n: aggregation.least_people })}{" "}
            <span className="note">
              {standard(aggregation.standard)} {aggregation.clause}
            </span>{" "}
            {!aggregation.verified_by && <em>{t("unread")}</em>}
          </li>
        </ul>
      </Card>
    </div>
  );
}
