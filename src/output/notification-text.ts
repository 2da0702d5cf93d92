import type { BatchView, Phase } from '../batch/types.ts';
import type { Stage } from '../load/events.ts';
import { oneLine, visible } from '../system/escaping.ts';
import { accountText, phaseWord } from './batch-text.ts';
import { truncateEnd } from './text-layout.ts';
import { plainTheme } from './theme.ts';
import type { Failure } from './ui.ts';

/** What a notification is about; a `CommandResult` has the second part. */
export interface Noticed {
  /** The whole name. */
  readonly command: string;
  readonly exitCode: number;
  readonly job: string | null;
  readonly outcome: Phase | null;
  readonly batches: readonly BatchView[];
  readonly error: Failure | null;
  /** The next thing to do, where there is no error to say it. */
  readonly next?: string;
}

/** Why something is posted to `--notify-url`, as fields of the document. */
export type Notice =
  | { readonly event: 'end' }
  /** Times are ISO 8601. */
  | { readonly event: 'silent'; readonly silentSince: string; readonly silentSeconds: number }
  | { readonly event: 'stopped'; readonly stage: Stage };

/** Google Chat takes 4,096 characters; a chat shows a sentence, not a page. */
const LONGEST = 2000;

/**
 * A notification in one sentence: verdict, counts, reason, next step. Plain text, as every chat shows it; nothing in it
 * mentions anybody or becomes a link.
 * @param hide hides secrets
 */
export function notificationText(notice: Notice, noticed: Noticed, hide: (text: string) => string): string {
  const { command, job, batches, error, next = '' } = noticed;
  const counts = accountText(batches, plainTheme({ width: Number.POSITIVE_INFINITY, clean: hide }));
  const steps = error === null ? [next.replace(/^Next: /, 'next: ')] : [error.message, `next: ${error.hint}`];
  const parts = [verdict(notice, noticed), ...counts.split('\n'), ...steps]
    .map((part) => visible(hide(oneLine(part))).replace(/[\s.]+$/, ''))
    .filter((part) => part !== '');
  const subject = `ebill ${command}${job === null ? '' : ` ${visible(hide(job))}`}`;
  // A command at the end is copied with what follows it.
  const end = /: ebill \S[^.;]*$/.test(parts.at(-1) ?? '') ? '' : '.';
  return truncateEnd(inert(`${subject}: ${parts.join('; ')}${end}`), LONGEST);
}

function verdict(notice: Notice, { outcome, error, exitCode }: Noticed): string {
  if (notice.event === 'silent') return 'still waiting';
  if (error === null) return phaseWord(outcome ?? 'succeeded');
  const reason = `(${error.code}, exit code ${exitCode})`;
  if (notice.event === 'stopped') return `stopped after ${notice.stage} ${reason}`;
  return `${outcome === null || outcome === 'succeeded' ? 'not done' : phaseWord(outcome)} ${reason}`;
}

/** Server text must not notify people (`<!channel>`, `@all`) or make a link whose text hides its address. */
const inert = (text: string): string =>
  text
    .replace(/<(?=[!@#\w])/g, '< ')
    .replace(/(?<!\w)@(?=\w)/g, '@ ')
    .replace(/\](?=\()/g, '] ');
