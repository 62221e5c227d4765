import { LockOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { AskedWindow, CatalogueAnswer, CatalogueEntry } from "@/api/types.gen";
import { byLocale } from "@/i18n";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem } from "@/problem";
import { change, figure, nameOf, rowName, toneOf, useAnswer } from "./model";
import { Parts } from "./parts";

interface Props {
  q: string;
  metric: string;
  asOf: number;
  entries: readonly CatalogueEntry[];
  onChoose: (metric: string) => void;
}

/** The answer, first: by which formula, over which time, the number, where it is from. */
export function Answer({ q, metric, asOf, entries, onChoose }: Props) {
  const found = useAnswer(q, metric, asOf);
  if (found.error) {
    return <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />;
  }
  if (!found.data) return <Skeleton kind="rows" rows={3} />;
  const told = found.data;
  return (
    <div className="assets-answer" aria-live="polite">
      <div className="assets-said">
        <Heard told={told} />
        {told.verdict === "answered" && <Sentence told={told} entries={entries} />}
        {told.verdict === "locked" && <Locked told={told} />}
        {told.verdict === "ambiguous" && <Choices told={told} onChoose={onChoose} />}
        {told.verdict === "unknown" && <Unknown told={told} entries={entries} />}
        {told.verdict === "unready" && <Unready told={told} />}
        {told.verdict === "answered" && told.choices.length > 1 && (
          <Others told={told} onChoose={onChoose} />
        )}
      </div>
      {told.figures && told.figures.rows.length > 0 && <Parts told={told} figures={told.figures} />}
    </div>
  );
}

/** What was taken for what, and what was not understood. */
function Heard({ told }: { told: CatalogueAnswer }) {
  const { t } = useTranslation("assets");
  const unknown = told.verdict === "answered" ? [] : told.unknown;
  if (told.heard.length === 0 && unknown.length === 0) return null;
  return (
    <p className="note">
      {told.heard.map((one) => t("heard", { written: one.written, taken: one.taken })).join(" ")}
      {unknown.length > 0 && t("notUnderstood", { words: unknown.join(t("and")) })}
    </p>
  );
}

function useWindow() {
  const { t } = useTranslation("assets");
  return (window: AskedWindow) =>
    t(`windows.${window.code}`, {
      n: window.n,
      name: window.name ? t(`festivals.${window.name}`, { defaultValue: window.name }) : "",
      since: window.since,
      last: window.last,
      defaultValue: t("windows.days", { since: window.since, last: window.last }),
    });
}

function Sentence({ told, entries }: { told: CatalogueAnswer; entries: readonly CatalogueEntry[] }) {
  const { t } = useTranslation(["assets", "common"]);
  const window = useWindow();
  const figures = told.figures;
  if (!figures) return null;
  const channels = (code: string) => t(`common:channels.${code}`, { defaultValue: code });
  const where = told.where.map((one) => one.said).join(t("and"));
  const version = figures.version ? t("version", { n: figures.version }) : t("shipped");
  const [first, ...rest] = told.shape === "trend" ? [] : figures.rows;
  const delta = change(figures, figures.total, figures.previous);
  const leadDelta = first ? change(figures, first.value, first.previous) : "";
  const named = (row: typeof first) => (row ? rowName(row, channels, told.by) : "");
  const asset = entries.find((one) => one.name === figures.asset);
  return (
    <>
      <p className="note">
        {t("by", { title: nameOf(figures.title), version })}
        {t("comma")}
        {window(told.window)}
        {where && t("inWhere", { where })}
        {!told.is_dated && t("usual")}
        {first && figures.unit !== "thousandths" && t("inAll", { total: figure(figures, figures.total) })}
      </p>
      {first ? (
        <p className="assets-figure">
          <strong>
            {named(first)} {figure(figures, first.value)}
          </strong>
          {rest.length > 0 &&
            t("then", {
              parts: rest
                .slice(0, 2)
                .map((row) => `${named(row)} ${figure(figures, row.value)}`)
                .join(t("and")),
            })}
          {t("stop")}
          {leadDelta && first.value !== null && first.previous !== null && (
            <span data-tone={toneOf(figures.better, first.value, first.previous)}>
              {t("against", { name: named(first), delta: leadDelta })}
            </span>
          )}
        </p>
      ) : (
        <p className="assets-figure">
          <strong>
            {nameOf(figures.title)} {figure(figures, figures.total)}
          </strong>
          {t("stop")}
          {delta && figures.total !== null && figures.previous !== null && told.against && (
            <span data-tone={toneOf(figures.better, figures.total, figures.previous)}>
              {t(told.against.since.slice(5) === told.window.since.slice(5) ? "againstYear" : "againstBefore", {
                before: figure(figures, figures.previous),
                delta,
              })}
            </span>
          )}
        </p>
      )}
      <p className="assets-from">
        {t("from")}{" "}
        {asset ? <Link to={`/assets/${asset.name}`}>{nameOf(asset.title)}</Link> : t("sources")}
        {" · "}
        <Link to={`/assets/metrics?code=${figures.code}`}>{t("howReckoned")}</Link>
        {asset?.kind === "built" && (
          <>
            {" · "}
            <Link to={`/assets/${asset.name}?cell=%7B%7D`}>{t("toRaw")}</Link>
          </>
        )}
      </p>
    </>
  );
}

function Locked({ told }: { told: CatalogueAnswer }) {
  const { t } = useTranslation("assets");
  const first = told.choices[0];
  return (
    <>
      <p className="assets-figure">
        <LockOutlined aria-hidden /> {t("locked", { title: first ? nameOf(first.title) : "" })}
      </p>
      <p className="note">
        {byLocale(told.reason, told.reason_en)}
        {told.clause && <code> {told.clause}</code>} · <Link to="/assets/shares">{t("apply")}</Link>
      </p>
    </>
  );
}

function Choices({ told, onChoose }: { told: CatalogueAnswer; onChoose: (metric: string) => void }) {
  const { t } = useTranslation("assets");
  return (
    <>
      <p className="assets-figure">{t("which")}</p>
      <ul className="assets-choices">
        {told.choices.map((one) => (
          <li key={one.code}>
            <Button size="small" onClick={() => onChoose(one.code)}>
              {nameOf(one.title)}
            </Button>
            {one.lacks.length > 0 && (
              <span className="note">
                {t("lacks", { words: one.lacks.map((d) => t(`dimensions.${d}`, { defaultValue: d })).join(t("and")) })}
              </span>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

function Others({ told, onChoose }: { told: CatalogueAnswer; onChoose: (metric: string) => void }) {
  const { t } = useTranslation("assets");
  return (
    <p className="note assets-others">
      {t("others")}
      {told.choices.slice(1, 4).map((one) => (
        <Button key={one.code} type="link" size="small" onClick={() => onChoose(one.code)}>
          {nameOf(one.title)}
        </Button>
      ))}
    </p>
  );
}

function Unknown({ told, entries }: { told: CatalogueAnswer; entries: readonly CatalogueEntry[] }) {
  const { t } = useTranslation("assets");
  const near = told.nearest.flatMap((name) => entries.filter((one) => one.name === name)).slice(0, 3);
  return (
    <>
      <p className="assets-figure">{t("noNumber")}</p>
      <p className="note">
        {t("kept")}
        {near.length > 0 && t("nearest")}
        {near.map((one) => (
          <Link key={one.name} className="assets-near" to={`/assets/${one.name}`}>
            {nameOf(one.title)}
          </Link>
        ))}
      </p>
    </>
  );
}

function Unready({ told }: { told: CatalogueAnswer }) {
  const { t } = useTranslation("assets");
  const first = told.choices[0];
  return (
    <p className="assets-figure">
      {t("unready", { title: first ? nameOf(first.title) : "" })} <code>{told.trouble}</code>
    </p>
  );
}
