import { UserAddOutlined } from "@ant-design/icons";
import { Button, Segmented, Tag } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { ask } from "@/client";
import { near } from "@/format";
import { PageHead } from "@/frame/page-head";
import type { Column } from "@/parts/ledger-columns";
import { LedgerTable } from "@/parts/ledger-table";
import { Peek } from "@/parts/peek";
import { useKeyset } from "@/parts/use-keyset";
import { useMay } from "@/session";
import { Invite } from "./invite";
import "./people.css";
import { type Page, PEOPLE_KEY, type Person, STATES } from "./person";
import { PersonSheet } from "./person-sheet";

/** 人员与角色: who works here, as what, and how they prove it. */
export default function People() {
  const { t } = useTranslation(["people", "common"]);
  const [asked, setAsked] = useSearchParams();
  const [isInviting, setInviting] = useState(false);
  const mayWrite = useMay("person.write");
  const state = asked.get("state") ?? "";
  const peek = asked.get("peek") ?? "";
  const list = useKeyset<Person, Page>({
    queryKey: [...PEOPLE_KEY, state],
    fetch: (cursor, signal) =>
      ask<Page>(`/v1/people?${new URLSearchParams({ limit: "100", state, cursor })}`, { signal }),
  });
  const columns = useMemo<Column<Person>[]>(() => {
    const roles = (p: Person) => p.roles.map((r) => t(`common:roles.${r}`)).join(t("comma"));
    const ways = (p: Person) =>
      [
        p.passkeys ? t("passkeys", { count: p.passkeys }) : "",
        p.password ? t("password") : "",
        p.totp ? t("totp") : "",
      ]
        .filter(Boolean)
        .join(" · ") || "—";
    const plain = (key: string, width: number, text: (p: Person) => string): Column<Person> => ({
      key,
      title: t(`columns.${key}`),
      width,
      text,
      render: text,
    });
    return [
      { ...plain("number", 96, (p) => p.number), fixed: true },
      plain("name", 140, (p) => p.name),
      plain("login", 180, (p) => p.login),
      plain("roles", 220, roles),
      plain("warehouses", 160, (p) => p.warehouses.join(t("comma")) || t("allWarehouses")),
      {
        ...plain("state", 100, (p) => t(`states.${p.state}`)),
        render: (p) => (
          <Tag color={p.state === "active" ? "success" : "default"}>{t(`states.${p.state}`)}</Tag>
        ),
      },
      plain("ways", 220, ways),
      plain("seen", 130, (p) => (p.seen ? near(p.seen) : "—")),
    ];
  }, [t]);

  function set(name: string, value: string) {
    setAsked(
      (old) => {
        const next = new URLSearchParams(old);
        if (value) next.set(name, value);
        else next.delete(name);
        return next;
      },
      { replace: true },
    );
  }

  const held = list.rows.find((p) => p.id === peek);
  return (
    <>
      <PageHead
        fact={t("fact")}
        actions={
          mayWrite && (
            <Button type="primary" icon={<UserAddOutlined />} onClick={() => setInviting(true)}>
              {t("invite")}
            </Button>
          )
        }
      />
      <div className="people-bar">
        <Segmented
          aria-label={t("columns.state")}
          value={state}
          options={[
            { value: "", label: t("states.all") },
            ...STATES.map((one) => ({ value: one, label: t(`states.${one}`) })),
          ]}
          onChange={(value) => set("state", value)}
        />
      </div>
      <LedgerTable
        caption={t("caption")}
        columns={columns}
        rows={list.rows}
        keyOf={(p) => p.id}
        nameOf={(p) => `${p.number} ${p.name}`}
        hasMore={list.hasMore}
        onMore={list.onMore}
        isLoading={list.isLoading}
        isWaiting={list.isWaiting}
        problem={list.problem}
        onRetry={list.onRetry}
        onOpen={(p) => set("peek", p.id)}
        onPeek={(p) => set("peek", p?.id ?? "")}
        peeked={peek}
        empty={t("empty")}
        card={(p) => (
          <>
            <b>{p.number}</b> {p.name} · {p.roles.map((r) => t(`common:roles.${r}`)).join(t("comma"))}
          </>
        )}
      />
      <Peek
        title={held ? `${held.number} ${held.name}` : ""}
        isOpen={held !== undefined}
        onClose={() => set("peek", "")}
      >
        {held && <PersonSheet key={held.id} person={held} mayWrite={mayWrite} />}
      </Peek>
      {isInviting && <Invite onClose={() => setInviting(false)} />}
    </>
  );
}
