import { nameOf } from '../output/batch-text.ts';
import { count, duration } from '../output/format.ts';
import { plainTheme } from '../output/theme.ts';
import type { ReportBatch, ReportMonth, ReportReason } from './facts.ts';
import { type Html, html } from './html.ts';

// Charts as rows of a name, a bar in SVG and a value. Names and values are text of the page, which wraps: no label is cut, and
// a chart is as wide as the text around it. The bars are drawn in percent of their column.

/** Text is cleaned where it gets into the page: by `html`. */
export const THEME = plainTheme({ clean: (text) => text });
/** Most rows of a chart; the table has all batches. */
export const MOST_BARS = 30;
/** Of the width: two rejected records among a million must be visible. */
const LEAST = 0.007;

type Color = 'loaded' | 'rejected' | 'lost' | 'sent';

/** Fractions of the width. */
interface Mark {
  readonly from: number;
  readonly to: number;
  readonly color: Color;
  /** A thin bar, so that two kinds differ not by colour alone. */
  readonly thin?: boolean;
}

interface Row {
  readonly name: string;
  readonly marks: readonly Mark[];
  readonly value: string;
}

/** @param label what the chart shows, for those who cannot see it */
function chart(label: string, rows: readonly Row[], below: Html = html``): Html {
  return html`<div class="chart" role="img" aria-label="${label}">${rows.map(
    ({ name, marks, value }) =>
      html`<div class="name">${name}</div><svg width="100%" height="14" aria-hidden="true" focusable="false">${marks.map(rect)}</svg><div class="value">${value}</div>
`,
  )}${below}</div>`;
}

const percent = (fraction: number): string => `${Number((100 * fraction).toFixed(3))}%`;

function rect({ from, to, color, thin = false }: Mark): Html {
  const width = Math.max(LEAST, to - from);
  const [y, height] = thin ? [5, 4] : [0, 14];
  return html`<rect x="${percent(Math.min(from, 1 - width))}" y="${y}" width="${percent(width)}" height="${height}" fill="var(--${color})"/>`;
}

/** Values one after the other, as parts of the largest row. No mark for 0. */
function stacked(values: readonly (readonly [Color, number])[], largest: number): readonly Mark[] {
  const shown = values.filter(([, value]) => value > 0);
  const widths = shown.map(([, value]) => Math.max(LEAST, value / largest));
  const scale = Math.max(
    1,
    widths.reduce((sum, width) => sum + width, 0),
  );
  let from = 0;
  return shown.map(([color], i): Mark => {
    const mark = { from, to: from + (widths[i] ?? 0) / scale, color };
    from = mark.to;
    return mark;
  });
}

const largestOf = (values: readonly number[]): number => Math.max(1e-9, ...values);

/** Records loaded, rejected and unaccounted for, a row for each batch. */
export function recordsChart(batches: readonly ReportBatch[]): Html {
  const parts = batches.map(({ loaded, rejected, unaccounted }) => [loaded, rejected, unaccounted] as const);
  const largest = largestOf(parts.map((all) => all.reduce<number>((sum, one) => sum + (one ?? 0), 0)));
  return chart(
    'Records loaded, rejected and unaccounted for, batch by batch; the numbers are in the table below.',
    batches.map((batch, i): Row => {
      const [loaded = null, rejected = null, lost = null] = parts[i] ?? [];
      const marks = [['loaded', loaded ?? 0] as const, ['rejected', rejected ?? 0] as const];
      const words = [
        loaded === null ? '' : `${count(loaded)} loaded`,
        rejected ? `${count(rejected)} rejected` : '',
        lost ? `${count(lost)} unaccounted` : '',
      ];
      return {
        name: nameOf(batch, THEME),
        marks: stacked([...marks, ['lost', lost ?? 0]], largest),
        value: words.filter((part) => part !== '').join(', '),
      };
    }),
  );
}

/** A row for each of the most frequent reasons. */
export function reasonChart(reasons: readonly ReportReason[]): Html {
  const largest = largestOf(reasons.map((reason) => reason.count));
  return chart(
    'The most frequent reasons; the numbers are in the table below.',
    reasons.map((reason) => ({
      name: reason.message.trim() === '' ? '(no message)' : reason.message,
      marks: stacked([['rejected', reason.count]], largest),
      value: count(reason.count),
    })),
  );
}

/** When each batch was uploaded (thin bar) and processed (thick bar). @param until end of what is not final, ms since 1970 */
export function timeChart(batches: readonly ReportBatch[], until: number): Html {
  const spans = batches.map(({ uploadFrom, uploadTo, processFrom, processTo }) => {
    const span = (from: string | null, to: string | null, open: number | null) => {
      const start = from === null ? Number.NaN : Date.parse(from);
      const end = to === null ? (open ?? start) : Date.parse(to);
      return Number.isFinite(start) && Number.isFinite(end) ? { start, end: Math.max(start, end) } : null;
    };
    return { sent: span(uploadFrom, uploadTo, null), processed: span(processFrom, processTo, until) };
  });
  const times = spans.flatMap(({ sent, processed }) =>
    [sent, processed].flatMap((one) => (one === null ? [] : [one.start, one.end])),
  );
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const at = (time: number): number => (last > first ? (time - first) / (last - first) : 0);
  const clock = (time: number): string => {
    const text = Number.isFinite(time) ? new Date(time).toISOString() : '';
    return last - first < DAY ? text.slice(11, 19) : text.slice(0, 16).replace('T', ' ');
  };
  const axis = html`<div class="axis"><span>${clock(first)}</span><span>${clock((first + last) / 2)}</span><span>${clock(last)}</span></div>`;
  return chart(
    'When each batch was uploaded and processed; the times are in the table of batches.',
    batches.map((batch, i): Row => {
      const { sent = null, processed = null } = spans[i] ?? {};
      return {
        name: nameOf(batch, THEME),
        marks: [
          ...(sent === null
            ? []
            : [{ from: at(sent.start), to: at(sent.end), color: 'sent', thin: true } as const]),
          ...(processed === null
            ? []
            : [{ from: at(processed.start), to: at(processed.end), color: 'loaded' } as const]),
        ],
        value: processed === null ? '' : duration(processed.end - processed.start),
      };
    }),
    axis,
  );
}

const DAY = 86_400_000;

/** Three small charts, a row for each month: records, the amount of the invoices, records rejected at first. */
export function monthCharts(months: readonly ReportMonth[]): Html {
  const figure = (
    title: string,
    color: Color,
    numberOf: (month: ReportMonth) => number | null,
    textOf: (month: ReportMonth) => string,
  ): Html => {
    const largest = largestOf(months.map((month) => numberOf(month) ?? 0));
    const rows = months.map(
      (month): Row => ({
        name: month.job,
        marks: stacked([[color, numberOf(month) ?? 0]], largest),
        value: textOf(month),
      }),
    );
    return html`<div><h3>${title}</h3>${chart(`${title}, load by load; the numbers are in the table below.`, rows)}</div>`;
  };
  return html`<div class="small">${[
    figure(
      'Records',
      'loaded',
      ({ records }) => records,
      ({ records }) => count(records),
    ),
    figure(
      'Amount of the invoices',
      'sent',
      ({ amount }) => (amount === null ? null : Number(amount)),
      ({ amount }) => amount ?? '–',
    ),
    figure(
      'Rejected records',
      'rejected',
      ({ rejected }) => rejected,
      ({ rejected }) => count(rejected),
    ),
  ]}</div>`;
}
