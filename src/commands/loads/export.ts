import { createHash } from 'node:crypto';
import { basename, dirname, resolve } from 'node:path';
import { EbillError } from '../../errors.ts';
import { exportName } from '../../load/file-names.ts';
import { exportText, linesOf } from '../../load/hand-over.ts';
import { readContent } from '../../load/journal.ts';
import { replay } from '../../load/journal-lines.ts';
import { loadsFolder } from '../../load/journal-places.ts';
import { baselineOf } from '../../load/totals.ts';
import { counted } from '../../output/format.ts';
import { safeJson } from '../../output/json-text.ts';
import { hangingIndent } from '../../output/text-layout.ts';
import type { Redacted } from '../../redact/redactor.ts';
import { writeRedacted } from '../../system/atomic-file.ts';
import { quoted, visible } from '../../system/escaping.ts';
import { lockLoad } from '../../system/lock.ts';
import { shownPath } from '../../system/shown-path.ts';
import { type App, type CommandModule, EMPTY_RESULT } from '../shared/command.ts';
import { findLoad, loadFilter, statusNamesOf } from '../shared/load-filter.ts';
import { checkedJobId, textFlag } from '../shared/options.ts';

export interface LoadsExportOptions {
  readonly job: string;
  /** `-`: standard output; `null`: a file named like the load. */
  readonly out: string | null;
}

export const command: CommandModule<LoadsExportOptions> = {
  help: {
    notes: [
      'The file has the journal of the load, its totals and the SHA-256 of its results, and no credential. Each line has the SHA-256 of the line before, so that ebill loads import finds any change.',
      'Continue the load on one machine at a time. An existing file is not replaced.',
    ],
    examples: [
      ['ebill loads export AUG_2020', 'write AUG_2020.ebill-load.jsonl'],
      ['ebill loads export AUG_2020 --out /backup/AUG_2020.jsonl', 'write another file'],
      ['ebill loads export AUG_2020 --out - | ssh billing-2 ebill loads import -', 'hand it over directly'],
    ],
    exitCodes: [8],
    seeAlso: ['loads import', 'loads show'],
  },
  configure: (cmd) => {
    cmd
      .description('Write a load to a file, to continue it on another machine. Asks no server.')
      .argument('<job>', 'the load')
      .option('--out <file>', 'the file to write; - for standard output (default: ./JOB.ebill-load.jsonl)');
  },
  options: (args, flags) => {
    const out = textFlag(flags, 'out');
    if (out?.trim() === '')
      throw new EbillError('USAGE', '--out is empty.', { hint: 'Name a file, or - for standard output.' });
    return { job: checkedJobId(String(args[0]), 'the load'), out };
  },
  run: async (app, { job, out }) => {
    const { context, globals } = app;
    const toStdout = out === '-';
    if (toStdout && (globals.format !== 'table' || globals.fields !== null))
      throw new EbillError('USAGE', '--out - cannot be used with --json, --format or --fields.', {
        hint: 'Standard output has room for one of them: name a file with --out.',
      });
    const exported = await exportOf(app, job);
    const { text } = exported;
    const result = { ...EMPTY_RESULT, profile: globals.profile, job };
    if (toStdout) return { ...result, text: text.trimEnd() };
    const path = resolve(context.cwd, out ?? exportName(job));
    if (!globals.dryRun && !(await writeRedacted(path, text, { replace: false })))
      throw new EbillError(
        'USAGE',
        `${visible(shownPath(context.cwd, path))} exists already; it was not changed.`,
        {
          hint: 'Name another file with --out.',
        },
      );
    return { ...result, ...written(app, path, exported) };
  },
};

interface Exported {
  readonly text: Redacted;
  /** Lines of the journal, without its header. */
  readonly entries: number;
}

/** The load as text, read while no other process changes it. @throws EbillError USAGE or CONFLICT */
async function exportOf(app: App, job: string): Promise<Exported> {
  const { context, redactor, userAgent } = app;
  const { path } = await findLoad(app, job);
  const lock = await lockLoad(context, path, { job, command: `ebill ${app.command}` });
  try {
    const journal = (await readContent(path)) ?? Buffer.alloc(0);
    const state = replay(journal, path);
    if (state === null)
      throw new EbillError('USAGE', `The journal of ${job} is empty: nothing was sent.`, {
        hint: 'There is nothing to hand over: start the load on the other machine.',
      });
    const { baseUrl, organisation = await organisationOf(app, path) } = state.header;
    const load = {
      job,
      baseUrl,
      organisation,
      program: userAgent,
      host: context.hostname,
      exportedAt: new Date(context.now()).toISOString(),
    };
    const results = [...state.batches.values()].flatMap(({ jobId, results: hashes }) =>
      hashes.map((sha256) => ({ jobId, sha256 })),
    );
    const { kinds, customersBilled } = baselineOf(state, (await statusNamesOf(context))(state.header));
    const about = { totals: { kinds, customersBilled }, results };
    const text = exportText(load, journal, about, safeJson, (part) => redactor.clean(part));
    const swept = redactor.sweep(text);
    if (swept === text) return { text: swept, entries: linesOf(journal).length - 1 };
    throw new EbillError(
      'USAGE',
      `The record of ${job} has a credential in it, such as in the path of a file.`,
      {
        hint: 'Nothing was written. Change that credential, then export the load again.',
      },
    );
  } finally {
    await lock.release();
  }
}

/** Journals of before the organisation was known are in the folder of the right one. */
async function organisationOf({ context, globals }: App, path: string): Promise<string | null> {
  const filter = await loadFilter(context, globals);
  if (filter === null || !('baseUrl' in filter)) return null;
  return dirname(path) === loadsFolder(context.paths.state, filter) ? (filter.organisation ?? null) : null;
}

function written({ context, ui, globals }: App, path: string, { text, entries }: Exported) {
  const shown = shownPath(context.cwd, path);
  const sha256 = createHash('sha256').update(text).digest('hex');
  const what = `${globals.dryRun ? 'Would write' : 'Wrote'} ${ui.clean(shown)}: ${counted(entries, 'entry', 'entries')} of the journal, SHA-256 ${sha256}`;
  return {
    text: hangingIndent('', what, ui.width, 2),
    next: `Next, on the other machine: ebill loads import ${quoted(basename(path), context)}\nContinue the load there or here, not on both.`,
    extra: { export: { path, sha256, entries } },
  };
}
