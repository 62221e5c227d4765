import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { DeadLetter } from "@/api/types.gen";
import { ask } from "@/client";
import { near } from "@/format";
import { Peek } from "@/parts/peek";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem } from "@/problem";
import { LETTERS, useEventTypes, useWhy } from "./model";

/** A dead letter's event, made again from its leaf in the log. */
export function EventPeek({ letter, onClose }: { letter: DeadLetter; onClose: () => void }) {
  const { t } = useTranslation("events");
  const types = useEventTypes();
  const why = useWhy();
  const read = useQuery({
    queryKey: [LETTERS, letter.id, "event"],
    queryFn: ({ signal }) => ask<unknown>(`${LETTERS}/${letter.id}/event`, { signal }),
  });
  return (
    <Peek title={types.nameOf(letter.type)} isOpen onClose={onClose}>
      <p>{why(letter.trouble)}</p>
      <p className="note">
        {t("letters.history", {
          parked: near(letter.parked),
          tries: letter.tries,
          died: near(letter.died),
        })}
      </p>
      {read.error && (
        <ProblemNote problem={asProblem(read.error)} onRetry={() => void read.refetch()} />
      )}
      {read.isPending && <Skeleton kind="card" />}
      {read.data !== undefined && (
        <pre className="events-json">{JSON.stringify(read.data, null, 2)}</pre>
      )}
    </Peek>
  );
}
