import { useMutation } from "@tanstack/react-query";
import { Switch } from "antd";
import { useTranslation } from "react-i18next";
import { ask } from "@/client";
import { age, count, exact } from "@/format";
import { Card } from "@/parts/card";
import { DigestText } from "@/parts/digest-text";
import { useNotice } from "@/parts/notice";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { type Book, BOOKS_KEY, type LogState } from "./evidence";

/** The books, and whether everybody may read their checkpoints, tiles and proofs. */
export function Books({ view }: { view: LogState }) {
  const { t } = useTranslation("evidence");
  const mayWrite = useMay("log.write");
  const notice = useNotice();
  const open = useMutation({
    mutationFn: (isPublic: boolean) =>
      ask<LogState>("/v1/books/settings", { method: "PATCH", json: { public: isPublic } }),
    onSuccess: (state) => {
      queries.setQueryData(BOOKS_KEY, state);
      notice.done(t(state.public ? "opened" : "closed"));
    },
    onError: (error) => notice.failed(error),
  });
  const columns: SmallColumn<Book>[] = [
    {
      key: "origin",
      title: t("columns.book"),
      render: (b) => (
        <>
          <code>{b.origin}</code>
          {b.linked_from && (
            <div className="note">
              {t("linked", { origin: b.linked_from, size: count(b.linked_size) })}
            </div>
          )}
        </>
      ),
    },
    { key: "size", title: t("columns.leaves"), isNumber: true, render: (b) => count(b.size) },
    { key: "signed", title: t("columns.signed"), isNumber: true, render: (b) => count(b.signed) },
    {
      key: "at",
      title: t("columns.signedAt"),
      render: (b) => (b.signed_at ? <span title={exact(b.signed_at)}>{age(b.signed_at)}</span> : "—"),
    },
    {
      key: "root",
      title: t("columns.root"),
      render: (b) => (b.root ? <DigestText hex={b.root} /> : "—"),
    },
    {
      key: "cosigned",
      title: t("columns.cosigned"),
      isNumber: true,
      render: (b) => (b.cosigned ? count(b.cosigned) : "—"),
    },
    {
      key: "address",
      title: t("columns.address"),
      render: (b) =>
        b.signed > 0 ? (
          <a href={`/log/${b.origin.replace(/^danshu\//, "")}/checkpoint`}>{t("readCheckpoint")}</a>
        ) : (
          "—"
        ),
    },
  ];
  return (
    <Card
      title={t("books")}
      note={t(view.public ? "isPublic" : "isPrivate")}
      extra={
        <label className="evidence-switch">
          <Switch
            size="small"
            checked={view.public}
            disabled={!mayWrite}
            loading={open.isPending}
            onChange={(isPublic) => open.mutate(isPublic)}
            aria-label={t("publish")}
          />
          {t("publish")}
        </label>
      }
      isFlush
    >
      <SmallTable
        caption={t("books")}
        columns={columns}
        rows={view.books}
        keyOf={(b) => b.half}
        empty={t("noBook")}
      />
    </Card>
  );
}
