import { CloseOutlined } from "@ant-design/icons";
import { Button, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { useFieldNames } from "@/pages/photo/names";
import { pagesOf } from "@/parts/box-places";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { PageBoxes } from "@/parts/page-boxes";
import { useMay } from "@/session";
import {
  ANCHORS_MAX,
  ANCHORS_MIN,
  anchorOf,
  attempt,
  COLUMN_ROLES,
  type ColumnRole,
  type DocumentTemplate,
  type DocumentTemplateVersion,
  type DocumentTrial,
  FIELD_ROLES,
  fieldOf,
  type FieldRole,
  labelsOf,
  type OriginalView,
  ownLabel,
  type Pointed,
  publish,
} from "./pointing";
import { Acts, Naming } from "./teaching-parts";

interface Props {
  held: DocumentTemplateVersion | undefined;
  view: OriginalView;
  sizes: readonly (readonly [number, number])[];
  points: readonly Pointed[];
  start: DocumentTemplate;
}

/** The sample at the left, what was pointed out at the right, how it reads below. */
export function Desk({ held, view, sizes, points, start }: Props) {
  const { t } = useTranslation("documents");
  const notice = useNotice();
  const go = useNavigate();
  const mayWrite = useMay("modality.write");
  const [template, setTemplate] = useState(start);
  const [code, setCode] = useState(held?.code ?? "");
  const [picked, setPicked] = useState("");
  const [hovered, setHovered] = useState("");
  const [trial, setTrial] = useState<DocumentTrial | null>(null);
  const [busy, setBusy] = useState<"" | "try" | "publish">("");
  const chosen = points.find((one) => one.path === picked);
  const version = (held?.version ?? 0) + 1;
  const isWhole = code.trim() !== "" && template.title.trim() !== "" && template.anchors.length >= ANCHORS_MIN;

  function change(next: Partial<DocumentTemplate>) {
    setTemplate({ ...template, ...next });
    setTrial(null);
  }

  async function act(what: "try" | "publish") {
    setBusy(what);
    try {
      if (what === "try") {
        setTrial(await attempt(code.trim(), { ...template, title: template.title || "—" }, view.row.id));
      } else {
        const made = await publish(code.trim(), template, view.row.id, held?.version ?? 0);
        notice.done(t("templates.published", { code: made.code, version: made.version }));
        void go("/modalities/templates");
      }
    } catch (error) {
      notice.failed(error);
    } finally {
      setBusy("");
    }
  }

  return (
    <div className="templates-desk">
      <Card title={t("templates.sample")} note={view.row.name}>
        <PageBoxes
          title={t("templates.sample")}
          pages={pagesOf(view.row.id, view.row.media_type, sizes)}
          boxes={points.map((one) => ({ ...one, label: one.text }))}
          active={hovered || picked}
          onHover={setHovered}
          {...(mayWrite && { onPick: setPicked })}
        />
      </Card>
      <div className="templates-right">
        <Naming
          code={code}
          title={template.title}
          customer={template.customer ?? ""}
          isNew={!held}
          onCode={setCode}
          onTitle={(title) => change({ title })}
          onCustomer={(customer) => change({ customer: customer.trim() })}
        />
        {mayWrite && (
          <Card title={t("templates.picked")} note={chosen?.text ?? t("templates.pick")}>
            {chosen && <Picked key={picked} chosen={chosen} points={points} template={template} onChange={change} />}
          </Card>
        )}
        <Listed
          title={t("templates.fieldsTitle")}
          rows={(template.fields ?? []).map((one) => `${t(`roles.${one.role}`)} ← ${one.label || t("templates.noLabel")}`)}
          onRemove={mayWrite ? (at) => change({ fields: (template.fields ?? []).filter((_, n) => n !== at) }) : undefined}
        />
        <Listed
          title={t("templates.columnsTitle")}
          rows={(template.columns ?? []).map((one) => `${t(`roles.${one.role}`)} ← ${one.header}`)}
          onRemove={mayWrite ? (at) => change({ columns: (template.columns ?? []).filter((_, n) => n !== at) }) : undefined}
        />
        <Listed
          title={t("templates.anchors")}
          note={t("templates.anchorsNote")}
          rows={template.anchors.map((one) => one.text)}
          onRemove={mayWrite ? (at) => change({ anchors: template.anchors.filter((_, n) => n !== at) }) : undefined}
        />
        <Acts
          version={version}
          mayPublish={mayWrite && isWhole}
          busy={busy}
          onTry={() => void act("try")}
          onPublish={() => void act("publish")}
        />
        {trial && <Tried trial={trial} />}
      </div>
    </div>
  );
}

function Picked(props: {
  chosen: Pointed;
  points: readonly Pointed[];
  template: DocumentTemplate;
  onChange: (next: Partial<DocumentTemplate>) => void;
}) {
  const { t } = useTranslation("documents");
  const { chosen, template, onChange } = props;
  const labels = labelsOf(chosen, props.points);
  const [role, setRole] = useState<FieldRole>("number");
  const [label, setLabel] = useState(labels[0]?.path ?? "");
  const [column, setColumn] = useState<ColumnRole>("code");
  const named = (roles: readonly string[]) => roles.map((value) => ({ value, label: t(`roles.${value}`) }));
  const others = (template.fields ?? []).filter((one) => one.role !== role);
  const columns = (template.columns ?? []).filter((one) => one.role !== column);
  return (
    <div className="templates-picked">
      <label>
        <span>{t("templates.as")}</span>
        <Select value={role} options={named(FIELD_ROLES)} onChange={(value) => setRole(value as FieldRole)} />
      </label>
      <label>
        <span>{t("templates.label")}</span>
        <Select
          value={label}
          options={[
            ...labels.map((one) => ({ value: one.path, label: ownLabel(one.text) || one.text })),
            { value: "", label: t("templates.noLabel") },
          ]}
          onChange={setLabel}
        />
      </label>
      <Button
        onClick={() =>
          onChange({ fields: [...others, fieldOf(role, chosen, labels.find((one) => one.path === label) ?? null)] })
        }
      >
        {t("templates.add")}
      </Button>
      <label>
        <span>{t("templates.asColumn")}</span>
        <Select value={column} options={named(COLUMN_ROLES)} onChange={(value) => setColumn(value as ColumnRole)} />
      </label>
      <Button onClick={() => onChange({ columns: [...columns, { role: column, header: chosen.text }] })}>
        {t("templates.addColumn")}
      </Button>
      <Button
        disabled={template.anchors.length >= ANCHORS_MAX || template.anchors.some((one) => one.text === chosen.text)}
        onClick={() => onChange({ anchors: [...template.anchors, anchorOf(chosen)] })}
      >
        {t("templates.asAnchor")}
      </Button>
    </div>
  );
}

function Listed(props: {
  title: string;
  note?: string;
  rows: readonly string[];
  onRemove: ((at: number) => void) | undefined;
}) {
  const { t } = useTranslation("documents");
  return (
    <Card title={props.title} note={props.note}>
      {props.rows.length === 0 && <p className="muted">{t("templates.nothing")}</p>}
      <ul className="templates-rows">
        {props.rows.map((row, at) => (
          <li key={row}>
            <span>{row}</span>
            {props.onRemove && (
              <Button
                size="small"
                type="text"
                icon={<CloseOutlined />}
                aria-label={`${t("templates.remove")} ${row}`}
                onClick={() => props.onRemove?.(at)}
              />
            )}
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Tried({ trial }: { trial: DocumentTrial }) {
  const { t } = useTranslation("documents");
  const nameOf = useFieldNames();
  return (
    <Card title={t(trial.known ? "templates.known" : "templates.notKnown")} isFlush className={`templates-tried ${trial.known ? "known" : "unknown"}`}>
      <table className="templates-list">
        <thead>
          <tr>
            <th scope="col">{t("templates.field")}</th>
            <th scope="col">{t("templates.value")}</th>
            <th scope="col">{t("templates.sure")}</th>
          </tr>
        </thead>
        <tbody>
          {trial.parsed.fields.map((field) => (
            <tr key={field.path}>
              <td>{nameOf(field.path)}</td>
              <td>{field.said || field.value}</td>
              <td>{Math.floor(field.confidence / 10)}%</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Card>
  );
}
