import { useTranslation } from "react-i18next";
import type { PromiseSheet } from "@/api/types.gen";
import { Card } from "@/parts/card";
import { PromiseClock } from "@/parts/promise-clock";
import type { PromiseState } from "@/parts/status-tag";
import { pick, wide } from "./words";

const FULL = 1000;

/** The promises by the text that was shown, with their clocks. */
export function PromisesCard({ promises }: { promises: readonly PromiseSheet[] }) {
  const { t } = useTranslation("order");
  return (
    <Card title={t("promises.title")} note={t("promises.note")}>
      {promises.length === 0 && <p className="muted">{t("promises.none")}</p>}
      {promises.map((one) => (
        <PromiseClock
          key={one.code}
          name={pick(one.name)}
          state={one.state as PromiseState}
          text={wide(one.text)}
          due={one.due || undefined}
          before={one.before || undefined}
          share={one.used_permille / FULL}
          {...(one.marks_permille.length > 0
            ? { marks: one.marks_permille.map((mark) => mark / FULL) }
            : {})}
          pauses={one.pauses.map((p) => [p.from_permille / FULL, p.until_permille / FULL] as const)}
          segments={one.events.map((event) => ({
            at: event.at,
            word: pick(event.word),
            source: event.source,
          }))}
          waits={t("promises.starts", { event: pick(one.start_event) })}
        />
      ))}
    </Card>
  );
}
