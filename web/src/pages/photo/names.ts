import { useTranslation } from "react-i18next";

/** Give the words for a field of a draft by its path: 第 2 行 数量. */
export function useFieldNames(): (path: string) => string {
  const { t } = useTranslation("documents");
  return (path) => {
    const line = /^\/lines\/(\d+)\/(\w+)$/.exec(path);
    if (line) return t("fields.line", { line: Number(line[1]) + 1, field: t(`fields.${line[2]}`) });
    const name = path.split("/")[1] ?? "";
    return t(`fields.${name}`, { defaultValue: name });
  };
}
