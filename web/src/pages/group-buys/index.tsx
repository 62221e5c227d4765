import { PlusOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { Button, Empty, Segmented } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { GroupBuys as Page, GroupWatched } from "@/api/types.gen";
import { ask as askHub } from "@/client";
import { count } from "@/format";
import { PageHead } from "@/frame/page-head";
import { useLive } from "@/live/use-live";
import { useConfirm } from "@/parts/confirm";
import { useNotice } from "@/parts/notice";
import { Peek } from "@/parts/peek";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { query, useAsked } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { useMay } from "@/session";
import { GroupCard } from "./group-card";
import { GroupOrdersList } from "./group-orders";
import { OpenGroup } from "./open-group";
import "./group-buys.css";

const STATES = ["open", "formed", "failed", "all"] as const;
const KEY = ["group-buys"];
const LIMIT = 24;
const AGAIN_MS = 10_000;

/** 团购: groups that are open, how many orders they still need, and what came of the others. */
export default function GroupBuys() {
  const { t } = useTranslation(["group-buys", "common"]);
  const { asked, ask } = useAsked();
  const client = useQueryClient();
  const confirm = useConfirm();
  const notice = useNotice();
  const mayOpen = useMay("order_type.write");
  const [isOpening, open] = useState(false);
  const state = STATES.find((one) => one === asked("state")) ?? "open";
  const list = useKeyset<GroupWatched, Page>({
    queryKey: [...KEY, state],
    fetch: (cursor, signal) =>
      askHub(
        `/v1/group-buys?${query({ of_state: state === "all" ? "" : state, limit: LIMIT, cursor })}`,
        { signal },
      ),
  });
  const refresh = () => client.invalidateQueries({ queryKey: KEY });
  useLive("orders", () => void refresh());
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) void client.invalidateQueries({ queryKey: KEY });
    }, AGAIN_MS);
    return () => clearInterval(timer);
  }, [client]);
  const { first } = list;
  const counts = first?.counts ?? {};
  const names = new Map((first?.types ?? []).map((one) => [one.type, one]));
  const peeked = list.rows.find((one) => one.id === asked("group"));

  async function close(group: GroupWatched) {
    const isMeant = await confirm({
      title: t("closeAsk", { code: group.code }),
      text: t(group.needed > 0 ? "closeFails" : "closeForms", {
        needed: count(group.needed),
        joined: count(group.joined),
      }),
      act: t("closeIt", { code: group.code }),
      isDanger: group.needed > 0,
    });
    if (!isMeant) return;
    try {
      await askHub(`/v1/order-types/${group.type}/groups/${group.code}/close`, { method: "POST" });
      notice.done(t("closed", { code: group.code }));
      await refresh();
    } catch (error) {
      notice.failed(error);
    }
  }

  const hasTypes = (first?.types.length ?? 0) > 0;
  return (
    <>
      <PageHead
        fact={
          first &&
          t("fact", {
            open: count(counts.open ?? 0),
            formed: count(counts.formed ?? 0),
            failed: count(counts.failed ?? 0),
          })
        }
        actions={
          mayOpen && hasTypes ? (
            <Button type="primary" icon={<PlusOutlined />} onClick={() => open(true)}>
              {t("open")}
            </Button>
          ) : undefined
        }
      />
      <div className="group-buys">
        <Segmented
          aria-label={t("states.label")}
          value={state}
          options={STATES.map((one) => ({ value: one, label: t(`states.${one}`) }))}
          onChange={(value) => ask({ state: value === "open" ? "" : value, group: "" })}
        />
        {list.problem && <ProblemNote problem={list.problem} onRetry={list.onRetry} />}
        {list.isLoading && !first && <Skeleton kind="rows" rows={4} />}
        {first && list.rows.length === 0 && (
          <Empty description={t(hasTypes ? `empty.${state}` : "noType")}>
            {!hasTypes && <Link to="/order-types">{t("toTypes")}</Link>}
          </Empty>
        )}
        <ul className="group-buys-list">
          {list.rows.map((one) => (
            <GroupCard
              key={one.id}
              group={one}
              kind={names.get(one.type)}
              onOrders={() => ask({ group: one.id }, true)}
              onClose={mayOpen && one.state === "open" ? () => void close(one) : undefined}
            />
          ))}
        </ul>
        {list.hasMore && <Button onClick={list.onMore}>{t("more")}</Button>}
      </div>
      {isOpening && first && (
        <OpenGroup
          types={first.types}
          onClose={() => open(false)}
          onDone={async (code) => {
            open(false);
            notice.done(t("opened", { code }));
            ask({ state: "", group: "" });
            await refresh();
          }}
        />
      )}
      <Peek
        title={peeked ? t("ordersOf", { code: peeked.code }) : ""}
        isOpen={peeked !== undefined}
        onClose={() => ask({ group: "" })}
        to={undefined}
      >
        {peeked && <GroupOrdersList group={peeked} />}
      </Peek>
    </>
  );
}
