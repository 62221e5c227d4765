import { useTranslation } from "react-i18next";
import type { CatalogueEntry } from "@/api/types.gen";
import { count } from "@/format";
import { ToneTag } from "@/parts/status-tag";
import { GOOD_SCORE, LEVELS, nameOf, ownerOf } from "./model";

interface Props {
  items: readonly CatalogueEntry[];
  chosen: string;
  isCards: boolean;
  onChoose: (name: string) => void;
  onOpen: (name: string) => void;
}

function useTexts() {
  const { t } = useTranslation(["assets", "common"]);
  return {
    t,
    owner: (entry: CatalogueEntry) => {
      const owner = ownerOf(entry);
      return owner ? t(`common:roles.${owner}`, { defaultValue: owner }) : "—";
    },
    refresh: (refresh_s: number) => {
      if (!refresh_s) return "—";
      if (refresh_s < 5_400) return t("every.minutes", { n: Math.max(1, Math.round(refresh_s / 60)) });
      if (refresh_s < 129_600) return t("every.hours", { n: Math.round(refresh_s / 3_600) });
      return t("every.days", { n: Math.round(refresh_s / 86_400) });
    },
  };
}

/** The assets that answer a question, as a list or as cards. */
export function Matches(props: Props) {
  return props.isCards ? <Cards {...props} /> : <List {...props} />;
}

function List({ items, chosen, onChoose, onOpen }: Props) {
  const { t, owner, refresh } = useTexts();
  return (
    <div className="assets-table">
      <table>
        <caption className="visually-hidden">{t("list")}</caption>
        <thead>
          <tr>
            <th scope="col">{t("columns.asset")}</th>
            <th scope="col">{t("columns.owner")}</th>
            <th scope="col">{t("columns.level")}</th>
            <th scope="col">{t("columns.refresh")}</th>
            <th scope="col" className="num">
              {t("columns.score")}
            </th>
            <th scope="col" className="num">
              {t("columns.views")}
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((one) => (
            <tr
              key={one.name}
              data-chosen={one.name === chosen}
              onClick={() => onChoose(one.name)}
              onDoubleClick={() => onOpen(one.name)}
            >
              <td>
                <button type="button" aria-pressed={one.name === chosen} onClick={() => onChoose(one.name)}>
                  {nameOf(one.title)}
                </button>
                <Standing entry={one} />
                <span className="note" title={one.note.description || nameOf(one.about)}>
                  {one.note.description || nameOf(one.about)}
                </span>
              </td>
              <td>{owner(one)}</td>
              <td>
                <ToneTag tone={LEVELS[one.level] ?? "plain"}>{t(`levels.${one.level}`)}</ToneTag>
              </td>
              <td>{refresh(one.refresh_s)}</td>
              <td className="num" data-tone={one.score < 0 ? "plain" : one.score >= GOOD_SCORE ? "kept" : "risk"}>
                {one.score < 0 ? "—" : one.score}
              </td>
              <td className="num">{count(one.views)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Cards({ items, chosen, onChoose }: Props) {
  const { t, owner, refresh } = useTexts();
  return (
    <ul className="assets-cards" aria-label={t("list")}>
      {items.map((one) => (
        <li key={one.name} data-chosen={one.name === chosen}>
          <button type="button" aria-pressed={one.name === chosen} onClick={() => onChoose(one.name)}>
            {nameOf(one.title)}
          </button>
          <ToneTag tone={LEVELS[one.level] ?? "plain"}>{t(`levels.${one.level}`)}</ToneTag>
          <Standing entry={one} />
          <p className="note">{one.note.description || nameOf(one.about)}</p>
          <p className="note">
            {owner(one)} · {refresh(one.refresh_s)} · {t("viewed", { count: one.views })}
          </p>
        </li>
      ))}
    </ul>
  );
}

function Standing({ entry }: { entry: CatalogueEntry }) {
  const { t } = useTranslation("assets");
  const standing = entry.note.standing ?? "";
  if (entry.kind === "registered" && !standing) return <ToneTag>{t("registered")}</ToneTag>;
  if (!standing) return null;
  return <ToneTag tone={standing === "certified" ? "kept" : "risk"}>{t(`standing.${standing}`)}</ToneTag>;
}
