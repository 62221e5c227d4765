import { useTranslation } from "react-i18next";
import type { WatermarkCopy, WatermarkVerdict } from "@/api/types.gen";
import { ask } from "@/client";

/** A file that was traced, and what it said. */
export interface Traced {
  name: string;
  verdict: WatermarkVerdict;
}

/** Send a file to be traced. */
export function trace(file: File): Promise<WatermarkVerdict> {
  return ask<WatermarkVerdict>("/v1/watermarks/trace", {
    method: "POST",
    headers: { "Content-Type": "application/octet-stream" },
    body: file,
  });
}

/** Department, name and number of whoever got a copy. */
export function useWho(): (copy: WatermarkCopy) => string {
  const { t } = useTranslation(["watermarks", "common"]);
  return (copy) => {
    const roles = copy.department.split(",").filter(Boolean);
    const parts = roles.map((role) => t(`common:roles.${role}`, { defaultValue: role }));
    const department = copy.kind === "partner" ? t("partner") : parts.join(t("comma"));
    const name = copy.person.includes(copy.recipient)
      ? copy.person
      : [copy.person, copy.recipient].filter(Boolean).join(" ");
    return [department, name].filter(Boolean).join(" · ");
  };
}

/** What a copy is a copy of. */
export function useAssetName(): (asset: string) => string {
  const { t } = useTranslation("watermarks");
  return (asset) => t(`assets.${asset}`, { defaultValue: asset });
}
