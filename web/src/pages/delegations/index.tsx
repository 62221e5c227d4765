import { UserSwitchOutlined } from "@ant-design/icons";
import { Button, Segmented } from "antd";
import { lazy, Suspense, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { DelegationShown, DelegationsPage } from "@/api/types.gen";
import { ask } from "@/client";
import { dated, exact } from "@/format";
import { PageHead } from "@/frame/page-head";
import "@/parts/delegations/delegations.css";
import { DELEGATIONS_KEY, stateOf, useNames } from "@/parts/delegations/delegations";
import type { Column } from "@/parts/ledger-columns";
import { LedgerTable } from "@/parts/ledger-table";
import { ToneTag } from "@/parts/status-tag";
import { query, useAsked } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { useMay, useSession } from "@/session";

const GiveDialog = lazy(() => import("@/parts/delegations/give-dialog"));
const WithdrawDialog = lazy(() => import("@/parts/delegations/withdraw-dialog"));
const PAGE_ROWS = 100;
const TONES = { holds: "kept", ended: "excused", withdrawn: "excused" } as const;

/** 授权代办: who lets whom do which contract action, until when. */
export default function Delegations() {
  const { t } = useTranslation(["delegations", "common"]);
  const { asked, ask: askFor } = useAsked();
  const { person } = useSession();
  const [isGiving, setGiving] = useState(false);
  const [ending, end] = useState<DelegationShown | null>(null);
  const mayAll = useMay("person.read");
  const mayEndAll = useMay("person.write");
  const isAll = mayAll && asked("scope") !== "mine";
  const names = useNames();
  const list = useKeyset<DelegationShown, DelegationsPage>({
    queryKey: [...DELEGATIONS_KEY, isAll],
    fetch: (cursor, signal) =>
      ask<DelegationsPage>(
        `/v1/delegations?${query({ limit: PAGE_ROWS, everybody: String(isAll), cursor })}`,
        { signal },
      ),
  });
  const columns = useMemo<Column<DelegationShown>[]>(() => {
    type Cell = (one: DelegationShown) => string;
    const plain = (key: string, width: number, text: Cell): Column<DelegationShown> => ({
      key,
      title: t(`columns.${key}`),
      width,
      text,
      render: text,
    });
    const when = (key: "begins" | "ends"): Column<DelegationShown> => ({
      ...plain(key, 128, (one) => dated(one[key])),
      render: (one) => <span title={exact(one[key])}>{dated(one[key])}</span>,
    });
    const state: Cell = (one) => t(`states.${stateOf(one)}`);
    return [
      { ...plain("action", 150, (one) => names.action(one.action)), fixed: true },
      plain("giver", 150, (one) => names.person(one.giver)),
      plain("to", 150, (one) => names.person(one.to)),
      {
        ...plain("state", 104, state),
        least: 92,
        render: (one) => <ToneTag tone={TONES[stateOf(one)]}>{state(one)}</ToneTag>,
      },
      when("begins"),
      when("ends"),
      plain("reason", 220, (one) => one.reason),
      {
        ...plain("act", 124, () => ""),
        least: 116,
        render: (one) => {
          if (!one.holds) return "";
          const isBack = !one.mine && one.to === person.number;
          const may = one.mine || isBack || mayEndAll;
          return (
            <Button
              size="small"
              danger={may}
              disabled={!may}
              title={may ? undefined : t("notYours")}
              onClick={() => end(one)}
            >
              {t(isBack ? "back.act" : "withdraw.act")}
            </Button>
          );
        },
      },
    ];
  }, [t, names.action, names.person, person.number, mayEndAll]);
  return (
    <>
      <PageHead
        fact={t("fact")}
        actions={
          <>
            {mayAll && (
              <Segmented
                aria-label={t("scope")}
                value={isAll ? "all" : "mine"}
                options={[
                  { value: "all", label: t("everybody") },
                  { value: "mine", label: t("mine") },
                ]}
                onChange={(scope) => askFor({ scope: scope === "mine" ? "mine" : "" })}
              />
            )}
            <Button type="primary" icon={<UserSwitchOutlined />} onClick={() => setGiving(true)}>
              {t("give")}
            </Button>
          </>
        }
      />
      <LedgerTable
        caption={t("caption")}
        columns={columns}
        rows={list.rows}
        keyOf={(one) => one.id}
        nameOf={(one) => `${names.action(one.action)} ${one.giver} ${one.to}`}
        hasMore={list.hasMore}
        onMore={list.onMore}
        isLoading={list.isLoading}
        isWaiting={list.isWaiting}
        problem={list.problem}
        onRetry={list.onRetry}
        empty={t("empty")}
        card={(one) => (
          <div className="delegation-card">
            <b>{names.action(one.action)}</b>{" "}
            <ToneTag tone={TONES[stateOf(one)]}>{t(`states.${stateOf(one)}`)}</ToneTag>
            <p className="note">
              {t("fromTo", { giver: names.person(one.giver), to: names.person(one.to) })}
              <br />
              {t("until", { at: dated(one.ends) })} · {one.reason}
            </p>
            {one.holds && (one.mine || one.to === person.number || mayEndAll) && (
              <Button size="small" danger onClick={() => end(one)}>
                {t(!one.mine && one.to === person.number ? "back.act" : "withdraw.act")}
              </Button>
            )}
          </div>
        )}
      />
      <Suspense>
        {isGiving && <GiveDialog onClose={() => setGiving(false)} />}
        {ending && (
          <WithdrawDialog
            one={ending}
            isBack={!ending.mine && ending.to === person.number}
            onClose={() => end(null)}
          />
        )}
      </Suspense>
    </>
  );
}
