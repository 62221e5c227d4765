import { useTranslation } from "react-i18next";
import { timeOfDay } from "@/format";
import { byLocale } from "@/i18n";
import { useSession } from "@/session";
import { Button, Foot, Head, Strip } from "./shell";
import { useOutbox, usePda } from "./use-pda";

/** What waits to be sent, and what the hub said no to. */
export function QueuePage() {
  const { t } = useTranslation(["pda", "nav"]);
  const { person } = useSession();
  const { outbox } = usePda();
  const { acts, refused } = useOutbox();
  return (
    <div className="pda">
      <Head title={t("nav:pages.pdaQueue")} back="/pda" />
      <Strip />
      <main className="pda-main" id="main">
        {refused.length > 0 && (
          <section>
            <h2>{t("refusedTitle", { count: refused.length })}</h2>
            <ul className="pda-cards">
              {refused.map((one) => (
                <li key={one.id} className="pda-card">
                  <b>{t(`acts.${one.what}`)}</b>
                  <span>{byLocale(one.reason, one.reason_en) || one.code}</span>
                  <span className="pda-due">{timeOfDay(one.at)}</span>
                  <button type="button" className="pda-plain" onClick={() => void outbox.forgive(one.id)}>
                    {t("read")}
                  </button>
                </li>
              ))}
            </ul>
          </section>
        )}
        <section>
          <h2>{t("waiting", { count: acts.length })}</h2>
          {acts.length === 0 && <p className="pda-note">{t("queueEmpty")}</p>}
          <ul className="pda-cards">
            {acts.map((act) => (
              <li key={act.seq} className="pda-card">
                <b>{t(`acts.${act.what}`)}</b>
                <span className="pda-code">{String(act.json?.code ?? act.task.slice(0, 8))}</span>
                <span className="pda-due">
                  {t("deviceTime", { at: timeOfDay(act.at) })}
                  {act.person === person.id ? "" : ` · ${t("someoneElse")}`}
                </span>
              </li>
            ))}
          </ul>
        </section>
        <p className="pda-hint">{t("hint.queue")}</p>
      </main>
      <Foot>
        <Button isMain onClick={() => void outbox.drain()}>
          {t("sendNow")}
        </Button>
      </Foot>
    </div>
  );
}
