import { BarChart, HeatmapChart, LineChart, ScatterChart } from "echarts/charts";
import {
  AriaComponent,
  DatasetComponent,
  GridComponent,
  LegendComponent,
  MarkAreaComponent,
  MarkLineComponent,
  MarkPointComponent,
  TooltipComponent,
  VisualMapComponent,
} from "echarts/components";
import { init, use as register, type EChartsCoreOption, type EChartsType } from "echarts/core";
import { CanvasRenderer, SVGRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";
import { FONT } from "@/theme/antd";
import { type Look, seriesOf, tokensOf } from "@/theme/tokens";

register([
  BarChart,
  HeatmapChart,
  LineChart,
  ScatterChart,
  AriaComponent,
  DatasetComponent,
  GridComponent,
  LegendComponent,
  MarkAreaComponent,
  MarkLineComponent,
  MarkPointComponent,
  TooltipComponent,
  VisualMapComponent,
  CanvasRenderer,
  SVGRenderer,
]);

export type ChartOption = EChartsCoreOption;

interface Props {
  label: string;
  option: ChartOption;
  look: Look;
  height_px: number;
  renderer: "svg" | "canvas";
  onPick: ((name: string) => void) | undefined;
}

/** Colours, fonts, tooltip and axes from the tokens. */
function themeOf(look: Look) {
  const t = tokensOf(look);
  const axis = {
    axisLine: { lineStyle: { color: t.line2 } },
    axisTick: { show: false },
    axisLabel: { color: t.ink3, fontSize: 11 },
    splitLine: { lineStyle: { color: t.line } },
  };
  return {
    color: [...seriesOf(look)],
    backgroundColor: "transparent",
    textStyle: { fontFamily: FONT, color: t.ink2, fontSize: 12 },
    categoryAxis: { ...axis, splitLine: { show: false } },
    timeAxis: { ...axis, splitLine: { show: false } },
    valueAxis: { ...axis, axisLine: { show: false } },
    line: { showSymbol: false, lineStyle: { width: 2 }, symbolSize: 6 },
    bar: { itemStyle: { borderRadius: 2 }, barMaxWidth: 28 },
    legend: { textStyle: { color: t.ink2 } },
    tooltip: {
      backgroundColor: t.surface,
      borderColor: t.line,
      borderRadius: 10,
      textStyle: { color: t.ink, fontSize: 12 },
    },
  };
}

/** ECharts on a box; loaded late, and only what the console's charts are made of. */
export default function Engine({ label, option, look, height_px, renderer, onPick }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType>(null);
  const pick = useRef(onPick);
  useEffect(() => {
    pick.current = onPick;
  });
  useEffect(() => {
    if (!box.current) return undefined;
    const made = init(box.current, themeOf(look), { renderer });
    chart.current = made;
    made.on("click", (event) => pick.current?.(String(event.name)));
    const watch = new ResizeObserver(() => made.resize());
    watch.observe(box.current);
    return () => {
      watch.disconnect();
      made.dispose();
      chart.current = null;
    };
  }, [look, renderer]);
  useEffect(() => {
    const { tooltip, ...rest } = option as { tooltip?: object };
    chart.current?.setOption(
      {
        animation: false,
        aria: { enabled: true, label: { description: label } },
        grid: { left: 8, right: 12, top: 16, bottom: 4, containLabel: true },
        // The other mode writes style attributes as text, which the page's policy forbids.
        tooltip: { trigger: "axis", ...tooltip, renderMode: "richText" },
        ...rest,
      },
      { notMerge: true },
    );
  }, [option, label, look, renderer]);
  return <div ref={box} style={{ height: height_px }} role="img" aria-label={label} />;
}
