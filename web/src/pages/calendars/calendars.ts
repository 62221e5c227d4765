import type { CalendarSeen, CalendarYear, Day, DayChange, HubCalendarsDraft as Draft } from "@/api/types.gen";
import { ask } from "@/client";
import { query } from "@/parts/use-asked";
import { queries } from "@/queries";

export type { CalendarSeen, CalendarYear, Day, DayChange, Draft };

export const CALENDARS_KEY = ["calendars"] as const;

export const listQuery = {
  queryKey: [...CALENDARS_KEY, "list"],
  queryFn: ({ signal }: { signal: AbortSignal }) =>
    ask<{ items: readonly CalendarSeen[] }>("/v1/calendars", { signal }),
};

export const nameOf = (one: CalendarSeen) => (one.version ? `${one.id}@${one.version}` : one.id);

export const yearQuery = (calendar: string, year: number) => ({
  queryKey: [...CALENDARS_KEY, calendar, year],
  queryFn: ({ signal }: { signal: AbortSignal }) =>
    ask<CalendarYear>(`/v1/calendars/days?${query({ calendar, year })}`, { signal }),
  staleTime: Infinity,
});

export async function publish(draft: Draft): Promise<CalendarSeen> {
  const made = await ask<CalendarSeen>("/v1/calendars", { method: "POST", json: draft });
  await queries.invalidateQueries({ queryKey: CALENDARS_KEY });
  return made;
}

/** The years that a calendar can be looked at in: those of its notices, or the next few. */
export function yearsOf(calendar: CalendarSeen, thisYear: number): number[] {
  if (calendar.every_year_from) return [thisYear - 1, thisYear, thisYear + 1, thisYear + 2];
  return calendar.years;
}
