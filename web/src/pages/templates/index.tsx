import { PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { dated } from "@/format";
import { PageHead } from "@/frame/page-head";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import { listTemplates, TEMPLATES } from "./pointing";
import "./templates.css";

/** 单据模板: layouts that were pointed out, by which documents are read with certainty. */
export default function Templates() {
  const { t } = useTranslation("documents");
  const go = useNavigate();
  const mayWrite = useMay("modality.write");
  const list = useQuery({ queryKey: TEMPLATES, queryFn: ({ signal }) => listTemplates(signal) });
  const items = list.data?.items ?? [];
  return (
    <>
      <PageHead
        fact={t("templates.fact")}
        actions={
          mayWrite && (
            <Button type="primary" icon={<PlusOutlined />} onClick={() => void go("/modalities/templates/new")}>
              {t("templates.new")}
            </Button>
          )
        }
      />
      {list.error && <ProblemNote problem={asProblem(list.error)} onRetry={() => void list.refetch()} />}
      {list.isPending && <Skeleton kind="rows" />}
      {list.data && items.length === 0 && <p className="muted">{t("templates.empty")}</p>}
      {items.length > 0 && (
        <Card title={t("templates.columns.title")} isFlush>
          <table className="templates-list">
            <thead>
              <tr>
                {(["title", "code", "customer", "fields", "version", "at", "state"] as const).map((key) => (
                  <th key={key} scope="col">
                    {t(`templates.columns.${key}`)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {items.map((one) => (
                <tr key={one.code}>
                  <td>
                    <Link to={`/modalities/templates/${encodeURIComponent(one.code)}`}>{one.template.title}</Link>
                  </td>
                  <td className="mono">{one.code}</td>
                  <td>{one.template.customer || t("templates.anyone")}</td>
                  <td>{(one.template.fields?.length ?? 0) + (one.template.columns?.length ?? 0)}</td>
                  <td>v{one.version}</td>
                  <td>{dated(one.at_ms)}</td>
                  <td>{t(one.active ? "templates.active" : "templates.retired")}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Card>
      )}
    </>
  );
}
