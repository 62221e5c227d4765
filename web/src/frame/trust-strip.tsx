import { ClockCircleOutlined, LockOutlined, WarningOutlined } from "@ant-design/icons";
import { Popover } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { count } from "@/format/numbers";
import { duration, exact, timeOfDay } from "@/format/times";
import { useLiveState } from "@/live/use-live";
import { useMay } from "@/session";
import { actsGo, isClockBad, type Trust, trustTone, useTrust } from "./trust";

/** An older seal is told by what waits for it, not by its age. */
const AGE_TOLD_MS = 60_000;

/** How far the clock may be off and how far the log is sealed; never hidden. */
export function TrustStrip() {
  const { t } = useTranslation();
  const trust = useTrust();
  const { isStale, silentS, lastAt } = useLiveState();
  const words = useTrustWords(trust);
  const mayRead = useMay("time.read");
  if (isStale) {
    return (
      <output className="trust" data-tone="risk">
        <WarningOutlined />
        {t("trust.lost", { seconds: silentS, at: lastAt ? timeOfDay(lastAt) : t("state.none") })}
      </output>
    );
  }
  return (
    <Popover
      trigger="click"
      placement="bottomRight"
      title={t("trust.label")}
      content={
        <dl className="facts">
          <dt>{t("trust.time")}</dt>
          <dd>
            {mayRead ? <Link to="/time">{words.clock}</Link> : words.clock}
          </dd>
          {trust && (
            <>
              <dt>{t("trust.acts")}</dt>
              <dd>{t(`trust.go.${actsGo(trust)}`)}</dd>
            </>
          )}
          <dt>{t("trust.sealed")}</dt>
          <dd>{trust?.sealed_at ? exact(trust.sealed_at) : words.seal}</dd>
          <dt>{t("trust.waiting")}</dt>
          <dd>{count(trust?.unsealed)}</dd>
        </dl>
      }
    >
      <button
        type="button"
        className="trust"
        data-tone={trustTone(trust)}
        data-clock={trust && isClockBad(trust) ? "bad" : "good"}
      >
        <ClockCircleOutlined />
        {trust && isClockBad(trust) ? (
          <b>{words.clock}</b>
        ) : (
          <>
            {t("trust.time")}{" "}
            <b data-known={typeof trust?.clock_error_us === "number"}>{words.clock}</b>
          </>
        )}
        <span className="trust-seal">
          <LockOutlined />
          {trust && trust.tone !== "kept" ? (
            t("trust.late", { time: duration(trust.waiting_ms) })
          ) : (
            <>
              {t("trust.sealed")} <b data-known={trust !== null}>{words.seal}</b>
            </>
          )}
        </span>
      </button>
    </Popover>
  );
}

function useTrustWords(trust: Trust | null): { clock: string; seal: string } {
  const { t } = useTranslation();
  if (!trust) return { clock: t("trust.unknown"), seal: t("trust.unknown") };
  const clock = clockWords(trust);
  if (trust.seal_age_ms === null) return { clock, seal: t("trust.none") };
  const isOld = trust.seal_age_ms > AGE_TOLD_MS && trust.waiting_ms === 0;
  return {
    clock,
    seal: isOld ? t("trust.all") : t("trust.ago", { time: seconds(trust.seal_age_ms) }),
  };

  function clockWords(known: Trust): string {
    if (isClockBad(known)) return t(`trust.bad.${actsGo(known)}`);
    if (known.clock_error_us !== null) return `±${(known.clock_error_us / 1000).toFixed(1)} ms`;
    return t(`trust.unmeasured.${actsGo(known)}`);
  }

  function seconds(ms: number): string {
    const unit = duration(1000).replace(/^1/, "").trim();
    return ms < AGE_TOLD_MS ? `${(ms / 1000).toFixed(1)} ${unit}` : duration(ms);
  }
}
