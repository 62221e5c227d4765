import { ClockCircleOutlined, LockOutlined, WarningOutlined } from "@ant-design/icons";
import { useTranslation } from "react-i18next";
import { exact, timeOfDay } from "@/format/times";
import { useLiveState } from "@/live/use-live";
import { Popover } from "antd";
import { useTrust } from "./trust";

/** How far the clock may be off and how long ago the log was sealed; never hidden. */
export function TrustStrip() {
  const { t } = useTranslation();
  const trust = useTrust();
  const { isStale, silentS, lastAt } = useLiveState();
  if (isStale) {
    return (
      <output className="trust" data-tone="risk">
        <WarningOutlined />
        {t("trust.lost", { seconds: silentS, at: lastAt ? timeOfDay(lastAt) : t("state.none") })}
      </output>
    );
  }
  const error =
    trust?.clock_error_us === undefined
      ? t("trust.unknown")
      : `±${(trust.clock_error_us / 1000).toFixed(1)} ms`;
  const ago = trust?.seal_age_ms === undefined ? undefined : trust.seal_age_ms / 1000;
  const tone = trust?.tone ?? "none";
  return (
    <Popover
      trigger="click"
      placement="bottomRight"
      title={t("trust.label")}
      content={
        <dl className="facts">
          <dt>{t("trust.time")}</dt>
          <dd>{error}</dd>
          <dt>{t("trust.sealed")}</dt>
          <dd>{trust?.sealed_at ? exact(new Date(trust.sealed_at)) : t("trust.unknown")}</dd>
        </dl>
      }
    >
      <button type="button" className="trust" data-tone={tone}>
        <ClockCircleOutlined />
        {tone === "broken" ? t("trust.timeBad") : t("trust.time")} <b>{error}</b>
        <LockOutlined />
        {t("trust.sealed")}{" "}
        <b>{ago === undefined ? t("trust.unknown") : t("trust.ago", { seconds: ago.toFixed(1) })}</b>
      </button>
    </Popover>
  );
}
