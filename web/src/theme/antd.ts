import { type MappingAlgorithm, theme, type ThemeConfig } from "antd";
import { type Look, tokensOf } from "./tokens";

export const FONT =
  '"Inter Variable", "PingFang SC", "HarmonyOS Sans SC", "Microsoft YaHei UI", ' +
  '"Noto Sans CJK SC", system-ui, sans-serif';
export const MONO =
  'ui-monospace, "SF Mono", "JetBrains Mono", Menlo, Consolas, "Noto Sans Mono", monospace';

/** antd mixes the seeds into shades of its own; these are the shades of the design. */
function asDesigned(look: Look): MappingAlgorithm {
  const t = tokensOf(look);
  return (seed, map) => ({
    ...(map ?? theme.defaultAlgorithm(seed)),
    colorPrimary: t.primary,
    colorPrimaryHover: t.primaryhover,
    colorPrimaryActive: t.primaryhover,
    colorPrimaryBg: t.primarybg,
    colorPrimaryText: t.primary,
    colorLink: t.primary,
    colorLinkHover: t.primaryhover,
    colorLinkActive: t.primaryhover,
    colorInfo: t.info,
    colorInfoBg: t.infobg,
    colorInfoBorder: t.infofill,
    colorSuccess: t.kept,
    colorSuccessBg: t.keptbg,
    colorSuccessBorder: t.keptfill,
    colorWarning: t.risk,
    colorWarningBg: t.riskbg,
    colorWarningBorder: t.riskfill,
    colorError: t.broken,
    colorErrorHover: t.brokenfill,
    colorErrorBg: t.brokenbg,
    colorErrorBorder: t.brokenfill,
  });
}

/** antd waits for the end of each motion: where motions take no time it might wait for ever. */
const isCalm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;

/** antd's theme from the tokens; the design's table says which is which. */
export function antdTheme(look: Look): ThemeConfig {
  const t = tokensOf(look);
  return {
    cssVar: { key: "danshu" },
    hashed: false,
    algorithm: [look === "dark" ? theme.darkAlgorithm : theme.defaultAlgorithm, asDesigned(look)],
    token: {
      fontFamily: FONT,
      fontFamilyCode: MONO,
      fontSize: 14,
      borderRadius: 7,
      borderRadiusLG: 10,
      borderRadiusSM: 5,
      borderRadiusXS: 4,
      controlHeight: 32,
      controlHeightSM: 26,
      controlHeightLG: 40,
      motion: !isCalm,
      motionDurationFast: "0.1s",
      motionDurationMid: "0.12s",
      motionDurationSlow: "0.16s",
      wireframe: false,
      colorPrimary: t.primary,
      colorInfo: t.info,
      colorSuccess: t.kept,
      colorWarning: t.risk,
      colorError: t.broken,
      colorBgLayout: t.bg,
      colorBgContainer: t.surface,
      colorBgElevated: t.surface,
      colorFillQuaternary: t.sunken,
      colorBorder: t.line2,
      colorBorderSecondary: t.line,
      colorSplit: t.line,
      colorText: t.ink,
      colorTextSecondary: t.ink2,
      colorTextTertiary: t.ink3,
      colorTextQuaternary: t.ink3,
      colorTextPlaceholder: t.ink3,
      colorTextDescription: t.ink3,
      colorTextHeading: t.ink,
      colorTextLightSolid: look === "dark" ? t.bg : "#FFFFFF",
      boxShadow: "0 8px 28px rgba(10, 30, 40, 0.28)",
      boxShadowSecondary: "0 8px 28px rgba(10, 30, 40, 0.28)",
      boxShadowTertiary: "none",
    },
    components: {
      Button: { primaryShadow: "none", defaultShadow: "none", dangerShadow: "none" },
      Tag: { borderRadiusSM: 5, defaultBg: t.surface, defaultColor: t.ink2 },
      Tooltip: { colorBgSpotlight: t.rail, colorTextLightSolid: "#FFFFFF" },
    },
  };
}
