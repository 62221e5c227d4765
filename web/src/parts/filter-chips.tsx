import { CloseOutlined, DownOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Input, Popover } from "antd";
import { lazy, type ReactNode, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { useKeys } from "@/keys/use-keys";
import { type Filter, type FilterField, replaced } from "./filters";
import { useFilterWords } from "./filter-words";

const FilterEditor = lazy(() => import("./filter-editor"));

interface Props {
  fields: readonly FilterField[];
  filters: readonly Filter[];
  onChange: (filters: readonly Filter[]) => void;
  /** How many unset fields are offered as chips; the others are behind 条件. */
  offered?: number;
  /** At the right: the exact total, density, columns. */
  right?: ReactNode;
}

/** Set filters first and tinted, then offered ones; `/` opens the list of all fields. */
export function FilterChips({ fields, filters, onChange, offered = 3, right }: Props) {
  const { t } = useTranslation();
  const [open, setOpen] = useState<string | null>(null);
  const [isListing, list] = useState(false);
  useKeys([{ keys: "/", label: t("keys.filter"), run: () => list(true) }]);
  const unset = fields.filter((field) => !filters.some((one) => one.field === field.key));
  // The field that is being added has a chip, wherever it came from.
  const added = fields.find((field) => field.key === open);
  const shown = unset.slice(0, offered);
  if (added && !shown.includes(added)) shown.push(added);
  const chip = (field: FilterField, id: string, filter?: Filter) => (
    <Chip
      key={id}
      field={field}
      {...(filter ? { filter } : {})}
      isOpen={open === id}
      onOpen={(isOpen) => setOpen(isOpen ? id : null)}
      onChange={(next) => onChange(replaced(filters, filter, next))}
    />
  );
  return (
    <div className="chips" role="group" aria-label={t("filters.label")}>
      {filters.map((filter) => {
        const known = fields.find((one) => one.key === filter.field);
        const field = known ?? { key: filter.field, label: filter.field, kind: "text" as const };
        return chip(field, `${filter.field}.${filter.op}`, filter);
      })}
      {shown.map((field) => chip(field, field.key))}
      <Popover
        trigger="click"
        placement="bottomLeft"
        open={isListing}
        onOpenChange={list}
        destroyOnHidden
        content={
          <FieldList
            fields={fields}
            onPick={(key) => {
              list(false);
              setOpen(key);
            }}
          />
        }
      >
        <Button type="link" size="small" icon={<PlusOutlined />}>
          {t("filters.more")}
        </Button>
      </Popover>
      {right !== undefined && <div className="chips-right">{right}</div>}
    </div>
  );
}

interface ChipProps {
  field: FilterField;
  filter?: Filter;
  isOpen: boolean;
  onOpen: (isOpen: boolean) => void;
  onChange: (filter: Filter) => void;
}

function Chip({ field, filter, isOpen, onOpen, onChange }: ChipProps) {
  const { t } = useTranslation();
  const words = useFilterWords();
  return (
    <span className="chip" data-set={filter !== undefined}>
      <Popover
        trigger="click"
        placement="bottomLeft"
        open={isOpen}
        onOpenChange={onOpen}
        destroyOnHidden
        content={
          <Suspense>
            <FilterEditor
              field={field}
              {...(filter ? { filter } : {})}
              onApply={(next) => {
                onOpen(false);
                onChange(next);
              }}
            />
          </Suspense>
        }
      >
        <button type="button" aria-expanded={isOpen}>
          {field.label}
          {filter ? <b>{words(field, filter)}</b> : <DownOutlined />}
        </button>
      </Popover>
      {filter && (
        <button
          type="button"
          className="chip-drop"
          aria-label={t("filters.drop", { label: field.label })}
          onClick={() => onChange({ ...filter, values: [] })}
        >
          <CloseOutlined />
        </button>
      )}
    </span>
  );
}

function FieldList({
  fields,
  onPick,
}: {
  fields: readonly FilterField[];
  onPick: (key: string) => void;
}) {
  const { t } = useTranslation();
  const [text, type] = useState("");
  const wanted = text.trim().toLowerCase();
  const found = fields.filter((field) =>
    `${field.label} ${field.key}`.toLowerCase().includes(wanted),
  );
  return (
    <form
      className="field-list"
      onSubmit={(event) => {
        event.preventDefault();
        const first = found[0];
        if (first) onPick(first.key);
      }}
    >
      <Input
        autoFocus
        value={text}
        onChange={(event) => type(event.target.value)}
        placeholder={t("filters.find")}
        aria-label={t("filters.find")}
      />
      <ul>
        {found.map((field) => (
          <li key={field.key}>
            <button type="button" onClick={() => onPick(field.key)}>
              {field.label}
            </button>
          </li>
        ))}
      </ul>
    </form>
  );
}
