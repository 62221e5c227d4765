import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Input, Select } from "antd";
import { useTranslation } from "react-i18next";
import { type Clause, readWhere } from "./cells";
import type { Sayer } from "./sayer";
import { TestEditor } from "./test-editor";

interface Props {
  where: string;
  sayer: Sayer;
  isDisabled?: boolean;
  onChange: (where: string) => void;
}

/** Which warehouses: tests that all hold, one a line; what no form shows is typed as it is. */
export function WhereEditor({ where, sayer, isDisabled, onChange }: Props) {
  const { t } = useTranslation("policies");
  const clauses = readWhere(where);
  if (!clauses) {
    return (
      <Input.TextArea
        className="mono"
        aria-label={t("edit.where")}
        autoSize
        value={where}
        disabled={isDisabled ?? false}
        onChange={(event) => onChange(event.target.value.replaceAll("\n", " "))}
      />
    );
  }
  const write = (next: readonly Clause[]) => onChange(sayer.writeWhere(next));
  const fields = [...sayer.warehouse.values()];
  const unused = fields.find((one) => !clauses.some((clause) => clause.field === one.path));
  return (
    <fieldset className="policy-where" disabled={isDisabled ?? false}>
      <legend>{t("edit.where")}</legend>
      {clauses.length === 0 && <span className="note">{t("say.everywhere")}</span>}
      {clauses.map((clause, at) => {
        const field = sayer.warehouse.get(clause.field);
        const put = (next: Clause) => write(clauses.map((one, n) => (n === at ? next : one)));
        return (
          <div key={at} className="policy-where-line">
            <Select
              aria-label={t("edit.field")}
              value={clause.field}
              disabled={isDisabled ?? false}
              showSearch={{ optionFilterProp: "label" }}
              popupMatchSelectWidth={false}
              options={fields.map((one) => ({ value: one.path, label: sayer.name(one) }))}
              onChange={(path: string) => put(first(path, sayer))}
            />
            {field && (
              <TestEditor
                field={field}
                test={clause.test}
                sayer={sayer}
                isDisabled={isDisabled ?? false}
                onChange={(test) => put({ ...clause, test })}
              />
            )}
            {!isDisabled && (
              <Button
                type="text"
                icon={<DeleteOutlined />}
                aria-label={t("edit.dropTest", { field: field ? sayer.name(field) : clause.field })}
                onClick={() => write(clauses.filter((_, n) => n !== at))}
              />
            )}
          </div>
        );
      })}
      {!isDisabled && unused && (
        <Button size="small" icon={<PlusOutlined />} onClick={() => write([...clauses, first(unused.path, sayer)])}>
          {t("edit.addTest")}
        </Button>
      )}
    </fieldset>
  );
}

/** A test of a field as it begins: its first word, or true. */
function first(path: string, sayer: Sayer): Clause {
  const field = sayer.warehouse.get(path);
  const choice = field && sayer.choices(field)?.[0]?.value;
  const op = field?.kind === "int" || field?.kind === "ratio" ? "ge" : "eq";
  return { field: path, test: { op, values: [choice ?? (field?.kind === "text" ? "" : "1")] } };
}
