import { DeleteOutlined, PlusOutlined, QuestionCircleOutlined } from "@ant-design/icons";
import { Button, Tooltip } from "antd";
import { useTranslation } from "react-i18next";
import type { Candidate, Review } from "@/api/types.gen";
import { answersOf, type Row } from "./draft";
import { Editor } from "./editor";
import { toneOf } from "./marks";

interface Props {
  review: Review;
  rows: readonly Row[];
  titles: Readonly<Record<string, string>>;
  active: string;
  doubtful: Row | undefined;
  settled: ReadonlySet<string>;
  isOff: boolean;
  nameOf: (path: string) => string;
  onHover: (path: string) => void;
  onChange: (row: Row, value: string, title?: string) => void;
  onAddLine: () => void;
  onDropLine: (at: number) => void;
}

/** 识别结果: what was read, how sure it is and why; each value can be put right. */
export function Fields(props: Props) {
  const { rows, titles, active, doubtful, settled, isOff, nameOf, onHover, onChange } = props;
  const { t } = useTranslation("review");
  return (
    <div className="review-fields">
      <table>
        <caption className="visually-hidden">{t("fields")}</caption>
        <thead>
          <tr>
            <th scope="col">{t("columns.field")}</th>
            <th scope="col">{t("columns.value")}</th>
            <th scope="col" className="num">
              {t("columns.worth")}
            </th>
            <th scope="col">{t("columns.basis")}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr
              key={row.path}
              data-path={row.path}
              data-doubtful={row.path === doubtful?.path}
              data-active={row.path === active}
              onMouseEnter={() => onHover(row.path)}
              onMouseLeave={() => onHover("")}
              onFocus={() => onHover(row.path)}
            >
              <th scope="row">
                {nameOf(row.path)}
                {row.name === "sku" && row.line > 0 && !isOff && row.path.startsWith("/lines/") && (
                  <Tooltip title={t("dropLine", { n: row.line })}>
                    <Button
                      type="text"
                      size="small"
                      aria-label={t("dropLine", { n: row.line })}
                      icon={<DeleteOutlined />}
                      onClick={() => props.onDropLine(row.line - 1)}
                    />
                  </Tooltip>
                )}
              </th>
              <td>
                <Editor
                  kind={row.kind}
                  label={nameOf(row.path)}
                  value={row.value}
                  title={titles[`${row.kind} ${row.value}`] ?? ""}
                  candidates={answersOf(row)}
                  tone={row.path === doubtful?.path ? "risk" : ""}
                  isOff={isOff}
                  onChange={(value, title) => onChange(row, value, title)}
                />
              </td>
              <td className="num">
                <Worth row={row} isSettled={settled.has(row.path)} />
              </td>
              <td className="note">{<Basis row={row} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {!isOff && (
        <Button type="text" size="small" icon={<PlusOutlined />} onClick={props.onAddLine}>
          {t("addLine")}
        </Button>
      )}
    </div>
  );
}

/** 把握: what reviews make of the confidence; a value that a person put in has none. */
function Worth({ row, isSettled }: { row: Row; isSettled: boolean }) {
  const { t } = useTranslation("review");
  if (isSettled) return <span className="muted">{t("byHand")}</span>;
  if (!row.field) return <span className="muted">—</span>;
  const { worth, low, seen, raw } = row.field;
  const percent = Math.round(worth / 10);
  const told = seen
    ? t("calibrated", { low: Math.round(low / 10), seen, raw: Math.round(raw / 10) })
    : t("uncalibrated");
  return (
    <Tooltip title={told}>
      <b className={`review-worth ${toneOf(worth)}`}>
        {percent}%{seen === 0 && <span aria-label={t("uncalibrated")}>*</span>}
      </b>
    </Tooltip>
  );
}

/** 依据: why the value is believed, and what the original says. */
function Basis({ row }: { row: Row }) {
  const { t } = useTranslation("review");
  const { field, question } = row;
  const told: string[] = [];
  if (question) told.push(t(`questions.${question.code}`, { defaultValue: question.code }));
  if (field?.said) told.push(t("said", { said: field.said }));
  if (field?.rule) told.push(t("rule", { rule: field.rule }));
  else if (field?.reason) told.push(t(`reasons.${field.reason}`, { defaultValue: field.reason }));
  const chosen = field?.candidates.find((one) => one.value === row.value);
  if (chosen?.said) told.push(chosen.said);
  return <>{told.join(" · ")}</>;
}

/** The doubtful field with its numbered answers; 其他 goes to its editor. */
export function Answers({ row, name, review, onAnswer, onOther }: {
  row: Row;
  name: string;
  review: Review;
  onAnswer: (answer: Candidate) => void;
  onOther: () => void;
}) {
  const { t } = useTranslation("review");
  const answers = answersOf(row);
  const teaches = Boolean(row.field?.said) && ["sku", "store", "customer"].includes(row.kind);
  return (
    <section className="review-answers" aria-label={t("choose", { name })}>
      <h3>
        <QuestionCircleOutlined /> {t("choose", { name })}
      </h3>
      <div>
        {answers.map((one, at) => (
          <Button
            key={one.value}
            type={at === 0 ? "primary" : "default"}
            onClick={() => onAnswer(one)}
          >
            <kbd>{at + 1}</kbd> {one.title || one.value}
            {one.title && one.title !== one.value ? ` · ${one.value}` : ""}
            {one.said ? ` · ${one.said}` : ""}
          </Button>
        ))}
        <Button onClick={onOther}>
          <kbd>{answers.length + 1}</kbd> {t("other")}
        </Button>
      </div>
      {teaches && review.turn === 1 && (
        <p className="note">{t("teaches", { said: row.field?.said })}</p>
      )}
    </section>
  );
}
