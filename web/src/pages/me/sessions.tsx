import { DesktopOutlined } from "@ant-design/icons";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Button, Tag } from "antd";
import { useTranslation } from "react-i18next";
import { ask } from "@/client";
import { near } from "@/format";
import { Card } from "@/parts/card";
import { useConfirm } from "@/parts/confirm";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import { queries } from "@/queries";

interface Item {
  id: string;
  method: string;
  agent: string;
  address: string;
  made: string;
  seen: string;
  here: boolean;
}

const SESSIONS_KEY = ["me", "sessions"];

/** Where this person is signed in; a lost device is signed out from here. */
export function Sessions() {
  const { t } = useTranslation("me");
  const notice = useNotice();
  const confirm = useConfirm();
  const list = useQuery({
    queryKey: SESSIONS_KEY,
    queryFn: () => ask<{ items: Item[] }>("/v1/people/me/sessions"),
  });
  const end = useMutation({
    mutationFn: (id: string) => ask<undefined>(`/v1/people/me/sessions/${id}`, { method: "DELETE" }),
    onSuccess: async () => {
      notice.done(t("ended"));
      await queries.invalidateQueries({ queryKey: SESSIONS_KEY });
    },
    onError: (error) => notice.failed(error),
  });

  async function leaveAll() {
    const isMeant = await confirm({
      title: t("everywhereAsk"),
      text: t("everywhereNote"),
      act: t("everywhere"),
      isDanger: true,
    });
    if (!isMeant) return;
    await ask<undefined>("/v1/session?everywhere=true", { method: "DELETE" });
    window.location.assign("/sign-in");
  }

  return (
    <Card
      title={t("sessions")}
      note={list.data && t("sessionsCount", { count: list.data.items.length })}
      extra={
        <Button size="small" type="link" onClick={() => void leaveAll()}>
          {t("everywhere")}
        </Button>
      }
    >
      {list.error && <ProblemNote problem={asProblem(list.error)} onRetry={() => void list.refetch()} />}
      <ul className="me-list">
        {list.data?.items.map((item) => (
          <li key={item.id}>
            <DesktopOutlined />
            <div title={item.agent}>
              {t(`methods.${item.method}`, { defaultValue: item.method })} · {item.address}
              <small>
                {t("since", { at: near(item.made) })} · {t("seen", { at: near(item.seen) })} ·{" "}
                {item.agent}
              </small>
            </div>
            {item.here ? (
              <Tag>{t("here")}</Tag>
            ) : (
              <Button size="small" onClick={() => end.mutate(item.id)}>
                {t("end")}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </Card>
  );
}
