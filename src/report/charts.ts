import type { EChartsOption } from 'echarts';
import { BarChart, CustomChart } from 'echarts/charts';
import { GridComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { nameOf } from '../output/batch-text.ts';
import { count } from '../output/format.ts';
import { plainTheme } from '../output/theme.ts';
import { visible } from '../system/escaping.ts';
import type { ReportBatch, ReportReason } from './facts.ts';

use([BarChart, CustomChart, GridComponent, SVGRenderer]);

const WIDTH = 760;
const ROW = 26;
/** Text is cleaned where it gets into the page: by `label` in charts, by `html` elsewhere. */
export const THEME = plainTheme({ clean: (text) => text });
/** Most bars in a chart; the table has all batches. */
export const MOST_BARS = 30;
/** Pixels: two rejected records among a million must be visible. */
const LEAST_BAR = 4;

const INK = 'var(--ink)';
const FAINT = 'var(--faint)';
const RULE = 'var(--rule)';
const FONT = 'system-ui, sans-serif';

/** A chart as SVG without a script. Its ids are fixed, so that the same facts make the same page. */
function draw(name: string, height: number, option: EChartsOption): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
  try {
    chart.setOption({
      animation: false,
      useUTC: true,
      textStyle: { fontFamily: FONT, color: INK },
      ...option,
    });
    const svg = chart
      .renderToSVGString()
      .replace(/\bzr\d+-/g, `${name}-`)
      // Hover effects, which need a script.
      .replace(/<style[\s\S]*?<\/style>| class="[^"]*"/g, '');
    return svg.replace('<svg ', '<svg aria-hidden="true" focusable="false" ');
  } finally {
    chart.dispose();
  }
}

const label = (text: string): string => {
  const shown = visible(text);
  return shown.length <= 28 ? shown : `${shown.slice(0, 13)}…${shown.slice(-14)}`;
};

const axisText = { color: FAINT, fontSize: 12, fontFamily: FONT };
const names = (rows: readonly string[]) => ({
  type: 'category' as const,
  inverse: true,
  data: rows.map(label),
  axisTick: { show: false },
  axisLine: { lineStyle: { color: RULE } },
  axisLabel: { ...axisText, color: INK },
});
const grid = (top: number) => ({ left: 210, right: 150, top, bottom: 28, containLabel: false });

/** Records loaded, rejected and unaccounted for, a bar for each batch. */
export function recordsChart(batches: readonly ReportBatch[]): string {
  const bar = (name: string, color: string, pick: (batch: ReportBatch) => number | null) => ({
    name,
    type: 'bar' as const,
    stack: 'records',
    barWidth: 14,
    barMinHeight: LEAST_BAR,
    itemStyle: { color },
    // No bar for 0, which the least height would draw.
    data: batches.map((batch) => pick(batch) || '-'),
  });
  const words = batches.map(({ loaded, rejected, unaccounted }) =>
    [
      loaded === null ? '' : `${count(loaded)} loaded`,
      rejected ? `${count(rejected)} rejected` : '',
      unaccounted ? `${count(unaccounted)} unaccounted` : '',
    ]
      .filter((part) => part !== '')
      .join(', '),
  );
  return draw('records', 36 + batches.length * ROW, {
    grid: { ...grid(8), right: 220 },
    xAxis: {
      type: 'value',
      axisLabel: { ...axisText, formatter: (value: number) => count(value) },
      splitLine: { lineStyle: { color: RULE } },
      splitNumber: 3,
    },
    yAxis: [
      names(batches.map((batch) => nameOf(batch, THEME))),
      {
        type: 'category',
        inverse: true,
        position: 'right',
        data: words,
        axisTick: { show: false },
        axisLine: { show: false },
        axisLabel: { ...axisText, color: INK },
      },
    ],
    series: [
      bar('loaded', 'var(--loaded)', ({ loaded }) => loaded),
      bar('rejected', 'var(--rejected)', ({ rejected }) => rejected),
      bar('unaccounted', 'var(--lost)', ({ unaccounted }) => unaccounted),
    ],
  });
}

/** A bar for each of the most frequent reasons. */
export function reasonChart(reasons: readonly ReportReason[]): string {
  return draw('reasons', 36 + reasons.length * ROW, {
    grid: { ...grid(8), left: 300, right: 70 },
    xAxis: {
      type: 'value',
      minInterval: 1,
      splitNumber: 3,
      axisLabel: { ...axisText, formatter: (value: number) => count(value) },
      splitLine: { lineStyle: { color: RULE } },
    },
    yAxis: {
      ...names([]),
      data: reasons.map(({ message }) => {
        const shown = visible(message.trim() === '' ? '(no message)' : message);
        return shown.length <= 44 ? shown : `${shown.slice(0, 43)}…`;
      }),
    },
    series: [
      {
        type: 'bar',
        barWidth: 14,
        barMinHeight: LEAST_BAR,
        itemStyle: { color: 'var(--rejected)' },
        label: {
          show: true,
          position: 'right',
          color: INK,
          formatter: ({ value }: { value: unknown }) => count(Number(value)),
        },
        data: reasons.map((reason) => reason.count),
      },
    ],
  });
}

interface Span {
  readonly row: number;
  readonly from: number;
  readonly to: number;
  readonly color: string;
  /** A thin bar, so that the two kinds differ not by colour alone. */
  readonly thin: boolean;
}

/** When each batch was uploaded (thin bar) and processed (thick bar). @param until end of what is not final, ms since 1970 */
export function timeChart(batches: readonly ReportBatch[], until: number): string {
  const time = (text: string | null): number | null => (text === null ? null : Date.parse(text));
  const spans = batches.flatMap((batch, row): Span[] => {
    const [from, to, handed, final] = [
      batch.uploadFrom,
      batch.uploadTo,
      batch.processFrom,
      batch.processTo,
    ].map(time);
    return [
      ...(from == null ? [] : [{ row, from, to: to ?? from, color: 'var(--sent)', thin: true }]),
      ...(handed == null
        ? []
        : [{ row, from: handed, to: final ?? until, color: 'var(--loaded)', thin: false }]),
    ];
  });
  return draw('time', 40 + batches.length * ROW, {
    grid: { ...grid(8), right: 30 },
    xAxis: {
      type: 'time',
      axisLabel: { ...axisText, hideOverlap: true },
      axisLine: { lineStyle: { color: RULE } },
      splitLine: { show: true, lineStyle: { color: RULE } },
      splitNumber: 5,
    },
    yAxis: names(batches.map((batch) => nameOf(batch, THEME))),
    series: [
      {
        type: 'custom',
        encode: { x: [1, 2], y: 0 },
        data: spans.map(({ row, from, to }) => [row, from, to]),
        renderItem: (params, api) => {
          const span = spans[params.dataIndex];
          const [x = 0, y = 0] = api.coord([api.value(1), api.value(0)]);
          const [end = 0] = api.coord([api.value(2), api.value(0)]);
          const height = span?.thin ? 4 : 12;
          return {
            type: 'rect',
            shape: { x, y: y - height / 2, width: Math.max(2, end - x), height },
            style: { fill: span?.color ?? INK },
          };
        },
      },
    ],
  });
}
