import { type Breach, breachesOf, type Comparison, compareTotals } from '../../batch/comparison.ts';
import { EbillError } from '../../errors.ts';
import type { SourceFile } from '../../load/entries.ts';
import type { MonthFiles } from '../../load/plan.ts';
import type { LoadState } from '../../load/state.ts';
import { percent } from '../../output/comparison-text.ts';
import { amountText } from '../../output/format.ts';
import type { Expectations } from '../../plan/plan-schema.ts';
import { visible } from '../../system/escaping.ts';
import { findBaseline, showComparison, totalsOfFiles, warnOfUnread } from '../shared/comparison.ts';
import type { Session } from '../shared/session.ts';

// `expect` in a plan: the month is compared with an earlier one before anything is sent (commands rule 30).

interface Planned {
  readonly job: string;
  readonly expect: Expectations;
  /** `last`, `none` or a load. */
  readonly against: string;
  readonly files: MonthFiles;
  readonly customersBilled: number | null;
  /** The load as it is on record. */
  readonly known: LoadState | null;
}

/**
 * Compares the files of a plan with the last month, shows the comparison on stderr, and stops the run when it is not as the plan
 * expects. The first month is compared with nothing.
 * @throws EbillError DECLINED; USAGE for a load that cannot be compared with
 */
export async function holdAgainstLast(session: Session, planned: Planned): Promise<Comparison> {
  const { app, connection, owner } = session;
  const { ui, context } = app;
  const { job, expect, against, files, customersBilled, known } = planned;
  const limited = Object.keys(expect.limits).length > 0;
  const totals = totalsOfFiles(countedFiles(files), customersBilled);
  if (against === 'none') {
    if (limited)
      throw new EbillError('USAGE', 'The plan limits the change (expect), so it cannot be left out.', {
        hint: 'Nothing was sent. Leave out --against none, or remove the limits from the plan.',
      });
    return compareTotals(totals, null);
  }
  const gated = limited && !isUnderWay(known, files);
  const { baseline, errors } = await findBaseline({
    stateFolder: context.paths.state,
    owner,
    names: connection.statusNames,
    against,
    job,
  });
  // The last month may be the one that cannot be read.
  if (gated && errors[0] !== undefined) throw errors[0];
  warnOfUnread(app, errors);
  const comparison = compareTotals(totals, baseline);
  app.soFar(() => ({ comparison }));
  if (baseline === null) {
    const none =
      'No earlier load of this server is closed on this machine, so there is nothing to compare with';
    if (gated) ui.warn(`${none}: what the plan expects is not checked.`);
    else ui.note(`${none}.`, true);
    return comparison;
  }
  if (ui.progress === 'json' || !app.globals.dryRun) await showComparison(app, comparison);
  if (baseline.closedAt === null) ui.warn(`${visible(baseline.job)} is still open: its figures may change.`);
  const breaches = gated ? breachesOf(comparison, expect.limits) : [];
  if (breaches.length > 0) throw notAsExpected(breaches, baseline.job);
  return comparison;
}

/**
 * Whether something of the load was sent, and every file of the plan is on record in it: then the plan was compared when they
 * came, and the run resumes.
 */
function isUnderWay(known: LoadState | null, files: MonthFiles): boolean {
  const batches = [...(known?.batches.values() ?? [])];
  const recorded = new Set(
    batches.flatMap(({ abandoned, file }) => (abandoned || !file ? [] : [file.sha256])),
  );
  return (
    batches.some(({ created }) => created !== 'no') &&
    countedFiles(files).every(({ sha256 }) => recorded.has(sha256))
  );
}

/** Each file with its kind. The same bytes in one place are loaded once. */
function countedFiles({ customers, invoices }: MonthFiles) {
  const once = (list: readonly SourceFile[]): readonly SourceFile[] => [
    ...new Map(list.map((file) => [file.sha256, file])).values(),
  ];
  return [
    ...once(customers).map((file) => ({ ...file, kind: 'customer' as const })),
    ...once(invoices.map(({ file }) => file)).map((file) => ({ ...file, kind: 'invoice' as const })),
    ...invoices.flatMap(({ items }) => once(items).map((file) => ({ ...file, kind: 'items' as const }))),
  ];
}

const PLURAL = { customer: 'customers', invoice: 'invoices', items: 'items' } as const;

function notAsExpected(breaches: readonly Breach[], against: string): EbillError {
  const shown = ({ now, last }: Breach): readonly [string, string] => {
    const text = (value: string | null): string => (value === null ? 'unknown' : amountText(value));
    return [text(now), text(last)];
  };
  const parts = breaches.map((breach) => {
    const [now, last] = shown(breach);
    const change = breach.change === null ? '' : `${percent(breach.change)}, `;
    return `${breach.kind} ${breach.figure} ${now}, in ${visible(against)} ${last} (${change}allowed ${breach.limit})`;
  });
  const keys = breaches.map(({ kind, figure }) => `${PLURAL[kind]}.${figure}`).join(', ');
  const unknown = breaches.filter(({ now }) => now === null).map(({ kind }) => `${kind}.amount`);
  const column =
    unknown.length === 0
      ? ''
      : ` An amount is unknown without its column: name ${unknown.join(', ')} under columns.`;
  return new EbillError('DECLINED', `This month is not as the plan expects: ${parts.join('; ')}.`, {
    hint: `Nothing was sent. Look for files that are missing, given twice, or another month's.${column} If the figures are right, change expect in the plan: ${keys}.`,
  });
}
