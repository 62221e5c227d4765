import { ApiOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { WovenBook, WovenDraftItem, WovenShown } from "@/api/types.gen";
import { dated } from "@/format";
import { byLocale } from "@/i18n";
import { Card } from "@/parts/card";
import { SmallTable } from "@/parts/small-table";
import { ToneTag } from "@/parts/status-tag";
import type { Beginning } from "./begin";
import { whole } from "./woven";

interface Props {
  book: WovenBook;
  mayWrite: boolean;
  onBegin: (from: Beginning) => void;
}

/** What is woven: drafts, what may be called with today's calls, and what to begin from. */
export function WovenList({ book, mayWrite, onBegin }: Props) {
  const { t } = useTranslation("weaver");
  return (
    <div className="weaver-list">
      {book.drafts.length > 0 && (
        <Card title={t("drafts")} isFlush>
          <Drafts rows={book.drafts} />
        </Card>
      )}
      <Card title={t("published")} note={t("publishedNote")} isFlush>
        <Versions rows={book.versions} />
      </Card>
      {mayWrite && (
        <Card title={t("templates")} note={t("templatesNote")}>
          <ul className="weaver-templates">
            {book.templates.map((one) => (
              <li key={one.code}>
                <ApiOutlined aria-hidden />
                <span>
                  <b>{byLocale(one.zh ?? "", one.en ?? "")}</b>
                  <span className="note">{t(`about.${one.code}`)}</span>
                </span>
                <Button onClick={() => onBegin({ template: whole(one) })}>{t("use")}</Button>
              </li>
            ))}
          </ul>
        </Card>
      )}
    </div>
  );
}

function Drafts({ rows }: { rows: readonly WovenDraftItem[] }) {
  const { t } = useTranslation("weaver");
  return (
    <SmallTable<WovenDraftItem>
      caption={t("drafts")}
      rows={rows}
      keyOf={(one) => one.id}
      empty=""
      columns={[
        {
          key: "name",
          title: t("capability"),
          render: (one) => (
            <Link to={`/weaver/${one.id}`}>
              {byLocale(one.woven.zh ?? "", one.woven.en ?? "") || one.woven.code}
            </Link>
          ),
        },
        { key: "v", title: t("version"), render: (one) => `v${one.woven.version}` },
        {
          key: "state",
          title: t("state"),
          render: (one) => <ToneTag tone="pend">{t(`states.${one.state}`)}</ToneTag>,
        },
        {
          key: "errors",
          title: t("toMend"),
          isNumber: true,
          render: (one) => (one.errors > 0 ? one.errors : "—"),
        },
        { key: "by", title: t("editedBy"), render: (one) => one.edited_by },
        { key: "at", title: t("editedAt"), render: (one) => dated(one.edited) },
      ]}
    />
  );
}

function Versions({ rows }: { rows: readonly WovenShown[] }) {
  const { t } = useTranslation("weaver");
  return (
    <SmallTable<WovenShown>
      caption={t("published")}
      rows={rows}
      keyOf={(one) => one.digest}
      empty={t("none")}
      columns={[
        {
          key: "name",
          title: t("capability"),
          render: (one) => (
            <Link to={`/weaver/${one.woven.code}`}>
              {byLocale(one.woven.zh ?? "", one.woven.en ?? "")}
            </Link>
          ),
        },
        {
          key: "v",
          title: t("version"),
          render: (one) => (
            <span className="mono">
              {one.woven.code} v{one.woven.version}
            </span>
          ),
        },
        {
          key: "state",
          title: t("state"),
          render: (one) => (
            <ToneTag tone={one.active ? "kept" : "excused"}>
              {one.active ? t("active") : t("retired")}
            </ToneTag>
          ),
        },
        { key: "calls", title: t("callsToday"), isNumber: true, render: (one) => one.calls ?? 0 },
        { key: "no", title: t("refused"), isNumber: true, render: (one) => one.refused ?? 0 },
        {
          key: "failed",
          title: t("failed"),
          isNumber: true,
          render: (one) => (
            <span data-tone={one.failed ? "broken" : undefined} title={one.trouble}>
              {one.failed ?? 0}
            </span>
          ),
        },
        {
          key: "ms",
          title: t("meanMs"),
          isNumber: true,
          render: (one) => (one.calls ? Math.round((one.spent_ms ?? 0) / one.calls) : "—"),
        },
      ]}
    />
  );
}
