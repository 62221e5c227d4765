import { useTranslation } from "react-i18next";
import type { Policies } from "@/api/types.gen";
import { Card } from "@/parts/card";
import { useAsked } from "@/parts/use-asked";
import { PolicyText } from "./policy-text";

const PERSONS = [
  "service",
  "warehouse",
  "reviewer",
  "policy",
  "legal",
  "finance",
  "steward",
  "planner",
  "sre",
  "admin",
];

/** 内置策略: one file a role, as it is in force beneath the merchant's own. */
export function Shipped({ policies }: { policies: Policies }) {
  const { t } = useTranslation(["authorisation", "common"]);
  const { asked, ask } = useAsked();
  const order = ["all", ...PERSONS, "keys"];
  const files = [...policies.shipped].sort(
    (one, two) => order.indexOf(one.name) - order.indexOf(two.name),
  );
  const name = (file: string) =>
    PERSONS.includes(file)
      ? t(`common:roles.${file}`)
      : t(`shipped.${file}`, { defaultValue: file });
  const chosen = asked("file") || "all";
  const text =
    chosen === "schema"
      ? policies.schema_text
      : (files.find((file) => file.name === chosen)?.text ?? "");
  return (
    <div className="rights-shipped">
      <nav aria-label={t("tabs.shipped")}>
        <ul>
          {[...files.map((file) => file.name), "schema"].map((file) => (
            <li key={file}>
              <button
                type="button"
                aria-current={file === chosen}
                onClick={() => ask({ file: file === "all" ? "" : file })}
              >
                {name(file)}
              </button>
            </li>
          ))}
        </ul>
      </nav>
      <Card title={name(chosen)} note={t("shipped.note")}>
        <PolicyText text={text} />
      </Card>
    </div>
  );
}
