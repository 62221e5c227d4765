import { theme, type ThemeConfig } from "antd";
import { type Look, tokensOf } from "./tokens";

export const FONT =
  '"Inter Variable", "PingFang SC", "HarmonyOS Sans SC", "Microsoft YaHei UI", ' +
  '"Noto Sans CJK SC", system-ui, sans-serif';
export const MONO =
  'ui-monospace, "SF Mono", "JetBrains Mono", Menlo, Consolas, "Noto Sans Mono", monospace';

/** antd's theme from the tokens; the design's table says which is which. */
export function antdTheme(look: Look): ThemeConfig {
  const t = tokensOf(look);
  return {
    cssVar: { key: "danshu" },
    hashed: false,
    algorithm: look === "dark" ? theme.darkAlgorithm : theme.defaultAlgorithm,
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
      motionDurationFast: "0.1s",
      motionDurationMid: "0.12s",
      motionDurationSlow: "0.16s",
      wireframe: false,
      colorPrimary: t.primary,
      colorPrimaryHover: t.primaryhover,
      colorPrimaryBg: t.primarybg,
      colorLink: t.primary,
      colorLinkHover: t.primaryhover,
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
      Card: { headerHeight: 40, headerFontSize: 14, bodyPadding: 14, headerPadding: 14 },
      Layout: { headerBg: t.surface, headerHeight: 48, siderBg: t.rail, bodyBg: t.bg },
      Menu: { itemHeight: 30, itemSelectedBg: t.primarybg },
      Table: {
        headerBg: t.sunken,
        headerColor: t.ink2,
        headerSplitColor: "transparent",
        cellFontSizeSM: 13,
        cellPaddingBlockSM: 5,
        rowHoverBg: t.sunken,
        rowSelectedBg: t.primarybg,
        rowSelectedHoverBg: t.primarybg,
        borderColor: t.line,
      },
      Tag: { borderRadiusSM: 5, defaultBg: t.surface, defaultColor: t.ink2 },
      Tooltip: { colorBgSpotlight: t.rail, colorTextLightSolid: "#FFFFFF" },
    },
  };
}
