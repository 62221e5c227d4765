import { useCallback, useEffect, useMemo, useState } from "react";
import { asProblem, type Problem } from "@/problem";
import { withQueue } from "./match";
import { pathOf, type Task } from "./model";
import { useOutbox, usePda } from "./use-pda";

/**
 * A task as the hub last showed it, with what waits in the queue counted in; from the device's store
 * when the hub is out of reach.
 */
export function useTask(key: string) {
  const { outbox, fetch } = usePda();
  const { acts, tasks } = useOutbox();
  const [problem, setProblem] = useState<Problem | null>(null);

  const load = useCallback(async () => {
    try {
      await outbox.keep(key, await fetch<Task>(pathOf(key)));
      setProblem(null);
    } catch (error) {
      const found = asProblem(error);
      if (!found.passes || !(await outbox.recall(key))) setProblem(found);
    }
    // What is asked depends on the task alone.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [key, outbox]);
  useEffect(() => void load(), [load]);

  const task = tasks[key];
  const shown = useMemo(
    () =>
      task
        ? withQueue(
            task,
            acts.filter((act) => act.task === key),
          )
        : null,
    [task, acts, key],
  );
  return { task: problem ? null : shown, problem, load };
}
