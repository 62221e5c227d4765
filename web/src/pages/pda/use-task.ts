import { useCallback, useEffect, useMemo, useState } from "react";
import { asProblem, type Problem } from "@/problem";
import { withQueue } from "./match";
import { type Line, pathOf, type Task } from "./model";
import { useOutbox, usePda } from "./use-pda";

interface Scanned {
  line: Line | null;
  waybill: string;
}

/**
 * A task as the hub last showed it, with what waits in the queue counted in; from the device's store
 * when the hub is out of reach.
 */
export function useTask(key: string) {
  const { outbox, fetch } = usePda();
  const { acts } = useOutbox();
  const [task, setTask] = useState<Task | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);

  const load = useCallback(async () => {
    try {
      const read = await fetch<Task>(pathOf(key));
      setTask(read);
      setProblem(null);
      await outbox.keep(key, read);
    } catch (error) {
      const kept = await outbox.task(key);
      if (kept) setTask((shown) => shown ?? kept);
      else setProblem(asProblem(error));
    }
    // What is asked depends on the task alone.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [key, outbox]);
  useEffect(() => void load(), [load]);

  /** Take over what the hub answered to a scan or a photo. */
  const learn = useCallback(
    (answer: unknown) => {
      const { line, waybill } = answer as Partial<Scanned>;
      const photo = answer as { digest?: string; size?: number };
      setTask((shown) => {
        if (!shown) return shown;
        const next = { ...shown };
        if (line) next.lines = shown.lines.map((one) => (one.sku === line.sku ? line : one));
        if (waybill) next.scanned_waybill = waybill;
        if (photo.digest && !shown.photos.some((one) => one.digest === photo.digest)) {
          next.photos = [...shown.photos, { digest: photo.digest, size: photo.size ?? 0 }];
        }
        void outbox.keep(key, next);
        return next;
      });
    },
    [key, outbox],
  );

  const mine = useMemo(() => acts.filter((act) => act.task === key), [acts, key]);
  const shown = useMemo(() => (task ? withQueue(task, mine) : null), [task, mine]);
  return { task: shown, problem, load, learn, waiting: mine.length };
}
