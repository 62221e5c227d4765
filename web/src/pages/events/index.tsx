import { PlusOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { SubscriptionView } from "@/api/types.gen";
import { PageHead } from "@/frame/page-head";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import { DeadLetters } from "./dead-letters";
import { Deliveries } from "./deliveries";
import "./events.css";
import { rank, useSubscriptions } from "./model";
import { ReplayForm } from "./replay-form";
import { SecretNote } from "./secret-note";
import { SubscriptionCard } from "./subscription-card";
import { SubscriptionForm } from "./subscription-form";

/** What is open beside the list. */
type Open =
  | { kind: "form"; of: SubscriptionView | null }
  | { kind: "log" | "replay"; of: SubscriptionView }
  | { kind: "secret"; secret: string; url: string };

/** 事件订阅: what fails stands first; dead letters are delivered again. */
export default function EventsPage() {
  const { t } = useTranslation("events");
  const [open, setOpen] = useState<Open | null>(null);
  const mayWrite = useMay("subscription.write");
  const { list, items } = useSubscriptions();
  const ailing = items.filter((one) => rank(one) < 3).length;
  const dead = items.reduce((sum, one) => sum + one.dead, 0);
  const close = () => setOpen(null);
  const newest = (one: SubscriptionView) => items.find((each) => each.id === one.id) ?? one;
  return (
    <>
      <PageHead
        fact={list.data && t(ailing ? "factAiling" : "fact", { n: items.length, ailing, dead })}
        actions={
          mayWrite && (
            <Button
              type="primary"
              icon={<PlusOutlined />}
              onClick={() => setOpen({ kind: "form", of: null })}
            >
              {t("add")}
            </Button>
          )
        }
      />
      <div className="events">
        {list.error && (
          <ProblemNote problem={asProblem(list.error)} onRetry={() => void list.refetch()} />
        )}
        {list.isPending && <Skeleton kind="card" />}
        {list.data && items.length === 0 && (
          <div className="events-none">
            <p>{t("none")}</p>
            <p className="note">{t("noneNote")}</p>
          </div>
        )}
        {items.length > 0 && (
          <ul className="events-list" aria-label={t("list")}>
            {items.map((one) => (
              <SubscriptionCard
                key={one.id}
                one={one}
                onLog={() => setOpen({ kind: "log", of: one })}
                onReplay={() => setOpen({ kind: "replay", of: one })}
                onEdit={() => setOpen({ kind: "form", of: one })}
                onSecret={(secret) => setOpen({ kind: "secret", secret, url: one.url })}
              />
            ))}
          </ul>
        )}
        {items.length > 0 && <DeadLetters subscriptions={items} />}
      </div>
      {open?.kind === "form" && (
        <SubscriptionForm
          found={open.of}
          onClose={close}
          onMade={(secret, url) => setOpen({ kind: "secret", secret, url })}
        />
      )}
      {open?.kind === "log" && <Deliveries of={newest(open.of)} onClose={close} />}
      {open?.kind === "replay" && <ReplayForm of={open.of} onClose={close} />}
      {open?.kind === "secret" && (
        <SecretNote secret={open.secret} url={open.url} onClose={close} />
      )}
    </>
  );
}
