import { useMutation, useQuery } from "@tanstack/react-query";
import { Button, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { AccountNames, NewAccountName } from "@/api/types.gen";
import { ask } from "@/client";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { KEY, useAccountName, useChart } from "./model";

const PATH = "/v1/settlement/account-names";
const CODE_MAX = 32;
const NAME_MAX = 64;

/** 科目对照: by which codes finance's own books know the accounts; exports use them. */
export function Accounts() {
  const { t } = useTranslation("settlement");
  const found = useQuery({
    queryKey: [...KEY, "names"],
    queryFn: ({ signal }) => ask<AccountNames>(PATH, { signal }),
  });
  return (
    <Card title={t("accounts")} note={t("accountsNote")} isFlush>
      {found.error && (
        <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />
      )}
      {found.isPending && <Skeleton kind="rows" rows={4} />}
      {found.data && <Editor key={JSON.stringify(found.data)} now={found.data} />}
    </Card>
  );
}

function Editor({ now }: { now: AccountNames }) {
  const { t } = useTranslation("settlement");
  const notice = useNotice();
  const mayWrite = useMay("settlement.write");
  const chart = useChart();
  const nameOf = useAccountName();
  const [own, setOwn] = useState<Record<number, NewAccountName>>(
    Object.fromEntries(now.items.map((one) => [one.account, one])),
  );
  const keep = useMutation({
    mutationFn: () =>
      ask<AccountNames>(PATH, {
        method: "PUT",
        json: Object.values(own).filter((one) => one.code.trim() !== ""),
      }),
    onSuccess: () => {
      notice.done(t("accountsKept"));
      void queries.invalidateQueries({ queryKey: [...KEY, "names"] });
    },
  });
  const field = (account: number, name: "code" | "name", max: number) => (
    <Input
      size="small"
      disabled={!mayWrite}
      maxLength={max}
      aria-label={`${nameOf(account)} ${t(name === "code" ? "ownCode" : "ownName")}`}
      placeholder={name === "code" ? String(account) : nameOf(account)}
      value={own[account]?.[name] ?? ""}
      onChange={(event) =>
        setOwn({
          ...own,
          [account]: { account, code: "", ...own[account], [name]: event.target.value },
        })
      }
    />
  );
  const columns: SmallColumn<number>[] = [
    { key: "code", title: t("columns.code"), render: (one) => <span className="mono">{one}</span> },
    { key: "account", title: t("columns.account"), render: nameOf },
    { key: "own", title: t("ownCode"), render: (one) => field(one, "code", CODE_MAX) },
    { key: "name", title: t("ownName"), render: (one) => field(one, "name", NAME_MAX) },
  ];
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        keep.mutate();
      }}
    >
      <SmallTable
        caption={t("accounts")}
        columns={columns}
        rows={[...chart.keys()].sort((a, b) => a - b)}
        keyOf={String}
        empty={t("noAccounts")}
      />
      {keep.error && <ProblemNote problem={asProblem(keep.error)} />}
      {mayWrite && (
        <div className="settlement-buttons settlement-foot">
          <Button htmlType="submit" loading={keep.isPending}>
            {t("keepAccounts")}
          </Button>
        </div>
      )}
    </form>
  );
}
