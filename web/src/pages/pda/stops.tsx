import { useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { count as counted, left, leftWords } from "@/format";
import { useNow } from "@/live/use-live";
import { useProblemWords } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import type { Stop } from "./model";
import { Sheet } from "./shell";
import { soundDone, soundWrong } from "./sound";
import { usePda } from "./use-pda";

const AGAIN_MS = 15_000;
const TAIL = 5;

/** 截单: what is to be stopped and put back, red and above everything else. */
export function Stops({ onSaid, onWrong }: { onSaid: (text: string) => void; onWrong: (text: string) => void }) {
  const { t } = useTranslation("pda");
  const { fetch } = usePda();
  const words = useProblemWords();
  const mayAnswer = useMay("order.recall");
  const [stops, setStops] = useState<readonly Stop[]>([]);
  const [open, setOpen] = useState<Stop | null>(null);
  const [isBusy, setBusy] = useState(false);
  const load = useCallback(async () => {
    try {
      setStops((await fetch<{ items: Stop[]; now?: string }>("/v1/floor/intercepts")).items);
    } catch {
      // Without the network the last list stays: what was asked for is still asked for.
    }
    // The way to the hub is one for the whole page.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);
  useEffect(() => {
    void load();
    const timer = setInterval(() => !document.hidden && void load(), AGAIN_MS);
    return () => clearInterval(timer);
  }, [load]);

  const answer = async (stop: Stop, told: "stopped" | "too_late") => {
    setBusy(true);
    try {
      await fetch(`/v1/orders/${stop.order}/parcels/${stop.fulfilment}/intercept`, { answer: told });
      soundDone();
      onSaid(t(`stops.did.${told}`, { tail: stop.number.slice(-TAIL) }));
    } catch (error) {
      soundWrong();
      onWrong(words(asProblem(error)));
    } finally {
      setBusy(false);
      setOpen(null);
      await load();
    }
  };
  if (stops.length === 0) return null;
  return (
    <section className="pda-stops">
      <h2>{t("stops.title", { count: stops.length })}</h2>
      <ul className="pda-cards">
        {stops.map((stop) => (
          <li key={`${stop.order}/${stop.fulfilment}`} className="pda-task">
            <button type="button" className="pda-card" disabled={!mayAnswer} onClick={() => setOpen(stop)}>
              <span className="pda-number">
                …<strong>{stop.number.slice(-TAIL)}</strong>
              </span>
              <span>
                {t("stops.what", { units: counted(stop.units), state: t(`stops.states.${stop.state}`) })}
                {stop.who && ` · ${stop.who}`}
              </span>
              <Until at={stop.due} />
              <span>{stop.reason}</span>
            </button>
          </li>
        ))}
      </ul>
      {open && (
        <Sheet title={t("stops.ask", { tail: open.number.slice(-TAIL) })} onClose={() => setOpen(null)}>
          <p className="pda-note">{t("stops.follows")}</p>
          <button
            type="button"
            className="pda-button"
            data-main="true"
            disabled={isBusy}
            onClick={() => void answer(open, "stopped")}
          >
            {t("stops.stopped")}
          </button>
          <button
            type="button"
            className="pda-button"
            disabled={isBusy}
            onClick={() => void answer(open, "too_late")}
          >
            {t("stops.too_late")}
          </button>
        </Sheet>
      )}
    </section>
  );
}

function Until({ at }: { at: string }) {
  const now = useNow(new Date(at).getTime());
  return (
    <span className="pda-due" data-late={(left(at, now) ?? 0) < 0 ? "true" : undefined}>
      {leftWords(at, now)}
    </span>
  );
}
