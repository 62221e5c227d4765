import { useTranslation } from "react-i18next";
import type { Day } from "./calendars";

interface Props {
  days: readonly Day[];
  /** Days that are being changed. */
  changed?: ReadonlyMap<string, boolean>;
  /** Turns a day from work to rest and back. */
  onTurn?: (day: Day) => void;
}

const MARKS = ["holiday", "make_up", "own", "weekend"] as const;

/** A year as twelve months; each day says whether it is worked, and why. */
export function YearGrid({ days, changed, onTurn }: Props) {
  const { t } = useTranslation("calendars");
  const months = Array.from({ length: 12 }, (_, month) =>
    days.filter((day) => Number(day.date.slice(5, 7)) === month + 1),
  );
  const worked = days.filter((day) => changed?.get(day.date) ?? day.works).length;
  return (
    <>
      <p className="note">{t("worked", { worked, rest: days.length - worked })}</p>
      <div className="year">
        {months.map((month, at) => (
          <table key={month[0]?.date ?? at} className="month">
            <caption>{t(`months.${at + 1}`)}</caption>
            <thead>
              <tr>
                {[1, 2, 3, 4, 5, 6, 7].map((day) => (
                  <th key={day} scope="col" abbr={t(`daysLong.${day}`)}>
                    {t(`days.${day}`)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {weeks(month).map((week) => (
                <tr key={week.find(Boolean)?.date}>
                  {week.map((day, place) => (
                    <td key={day?.date ?? `empty ${place}`}>
                      {day && <Cell day={day} changed={changed} onTurn={onTurn} />}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        ))}
      </div>
      <ul className="year-legend" aria-label={t("legend")}>
        {MARKS.map((mark) => (
          <li key={mark}>
            <i data-why={mark} data-works={mark === "make_up"} aria-hidden /> {t(`why.${mark}`)}
          </li>
        ))}
      </ul>
    </>
  );
}

interface CellProps {
  day: Day;
  changed: ReadonlyMap<string, boolean> | undefined;
  onTurn: ((day: Day) => void) | undefined;
}

function Cell({ day, changed, onTurn }: CellProps) {
  const { t } = useTranslation("calendars");
  const turned = changed?.get(day.date);
  const works = turned ?? day.works;
  const why = turned === undefined ? day.why : "own";
  const words = [day.date, t(works ? "works" : "rests"), t(`why.${why}`), day.name]
    .filter(Boolean)
    .join(" ");
  const mark = { "data-why": why, "data-works": works, title: words };
  const number = Number(day.date.slice(8));
  if (!onTurn) {
    return (
      <span className="day" {...mark}>
        {number}
        <span className="visually-hidden">{` ${t(works ? "works" : "rests")} ${day.name}`}</span>
      </span>
    );
  }
  return (
    <button type="button" className="day" aria-label={words} {...mark} onClick={() => onTurn(day)}>
      {number}
    </button>
  );
}

/** The days of a month in weeks from Monday on. */
function weeks(month: readonly Day[]): (Day | undefined)[][] {
  const first = month[0];
  if (!first) return [];
  const before = (new Date(`${first.date}T00:00:00Z`).getUTCDay() + 6) % 7;
  const places: (Day | undefined)[] = [...Array<undefined>(before), ...month];
  while (places.length % 7) places.push(undefined);
  return Array.from({ length: places.length / 7 }, (_, week) => places.slice(week * 7, week * 7 + 7));
}
