import type { ShownPhase } from '../batch/account.ts';

/** A verdict in words; its tone is a colour besides, never instead. */
export const VERDICTS: Readonly<
  Record<ShownPhase, { readonly sign: string; readonly words: string; readonly tone: string }>
> = {
  succeeded: { sign: '✔', words: 'Everything was loaded', tone: 'good' },
  partial: { sign: '◐', words: 'Loaded, but some records were rejected', tone: 'warn' },
  failed: { sign: '✖', words: 'Failed: batches or records are missing', tone: 'bad' },
  unaccounted: { sign: '✖', words: 'Records are unaccounted for', tone: 'bad' },
  running: { sign: '…', words: 'Not finished: batches are being processed', tone: 'warn' },
  queued: { sign: '…', words: 'Not finished: batches are waiting to be processed', tone: 'warn' },
  uploaded: { sign: '…', words: 'Not finished: uploaded, not handed to processing', tone: 'warn' },
  draft: { sign: '…', words: 'Not finished: not everything is uploaded', tone: 'warn' },
  'not-run': { sign: '·', words: 'Nothing had to be done', tone: 'faint' },
};

/** `2020-08-31 22:00:05`, UTC as the page says once. */
export const moment = (iso: string | null): string =>
  iso === null ? '–' : iso.replace('T', ' ').replace(/(?:\.\d+)?Z$/, '');

/** `2020-08-31`. */
export const dayOf = (iso: string): string => iso.slice(0, 10);

/** `22:00:05` on the day that is named already, else with its own. */
export const shortMoment = (iso: string | null, day: string): string =>
  iso !== null && dayOf(iso) === day ? moment(iso).slice(11) : moment(iso);
