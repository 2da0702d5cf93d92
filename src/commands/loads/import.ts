import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { outcomeOfAll } from '../../batch/outcome.ts';
import { EbillError, errnoOf, messageOf } from '../../errors.ts';
import type { Clean } from '../../load/entries.ts';
import {
  type HandedOver,
  journalOf,
  linesOf,
  type Relation,
  readExport,
  relationOf,
} from '../../load/hand-over.ts';
import { lockJournal, readContent, replaceJournal } from '../../load/journal.ts';
import { lineOf } from '../../load/journal-line.ts';
import { isDamage, replay, salvage } from '../../load/journal-lines.ts';
import { findJournal, journalPath, type Owner } from '../../load/journal-places.ts';
import { setCurrentJob } from '../../load/loads.ts';
import type { LoadState } from '../../load/state.ts';
import { viewLoad } from '../../load/view.ts';
import { batchTable } from '../../output/batch-table.ts';
import { counted } from '../../output/format.ts';
import { hangingIndent } from '../../output/text-layout.ts';
import type { Redacted } from '../../redact/redactor.ts';
import { quoted, visible } from '../../system/escaping.ts';
import { lockLoad } from '../../system/lock.ts';
import type { App, CommandModule } from '../shared/command.ts';
import { serverText, statusNamesOf } from '../shared/load-filter.ts';
import { bringHome } from '../shared/session.ts';

export interface LoadsImportOptions {
  /** `-`: standard input. */
  readonly file: string;
}

export const command: CommandModule<LoadsImportOptions> = {
  help: {
    notes: [
      'If the file was changed or cut off, nothing is imported. A load already on record here is continued if the file contains all of that record, and refused (8) if both machines continued it.',
      'After the import every command works with the load: status, watch, run with the same plan and files, results, correct. The profile here has to name the same server, and rejected records are copied from the files that were sent: run the command in the folder that has them.',
    ],
    examples: [
      ['ebill loads import AUG_2020.ebill-load.jsonl', 'take the load over from another machine'],
      ['ebill loads import AUG_2020.ebill-load.jsonl --dry-run', 'only check the file'],
      ['ebill loads export AUG_2020 --out - | ssh billing-2 ebill loads import -', 'hand it over directly'],
    ],
    exitCodes: [8],
    seeAlso: ['loads export', 'status', 'run'],
  },
  configure: (cmd) => {
    cmd
      .description('Take over a load that ebill loads export wrote on another machine. Asks no server.')
      .argument('<file>', 'the file; - for standard input');
  },
  options: (args) => ({ file: String(args[0]) }),
  run: async (app, { file }) => {
    const { context, ui, globals } = app;
    const name = file === '-' ? 'Standard input (-)' : visible(file);
    const bytes = await readInput(app, file);
    const handed = readExport(bytes);
    if ('problem' in handed)
      throw invalid(
        `${name} ${handed.problem}.`,
        'Export the load again, and copy the file without changing it.',
      );
    const { job, baseUrl, organisation } = handed.load;
    const journal = journalOf(handed.lines, (text) => app.redactor.clean(text));
    const { profile } = loadIn(journal, name).header;
    assertPasteable(journal, name);
    const owner = { profile, baseUrl, organisation };
    app.soFar(() => ({ job }));
    const take = globals.dryRun ? decided : imported;
    const { path, relation, state, added } = await take(app, owner, handed, name);
    const batches = viewLoad(state, (await statusNamesOf(context))(state.header));
    const headline = hangingIndent(
      '',
      ui.clean(sentence(`${job} on ${serverText(owner)}`, relation, added, name, globals.dryRun)),
      ui.width,
      2,
    );
    return {
      profile: globals.profile,
      job,
      outcome: outcomeOfAll(batches),
      batches,
      error: null,
      extra: {
        import: {
          path,
          result: RESULTS[relation.is],
          added,
          sha256: createHash('sha256').update(bytes).digest('hex'),
        },
      },
      text: [headline, await batchTable(batches, ui)].filter((part) => part !== '').join('\n\n'),
      next: `Next: check its state: ebill status --job ${quoted(job, context)}`,
    };
  },
};

/** How the file relates to the record here; `new`: there is none. */
type Found = Exclude<Relation, { is: 'differs' }> | { readonly is: 'new' };

const RESULTS: Readonly<Record<Found['is'], string>> = {
  new: 'new',
  longer: 'continued',
  same: 'unchanged',
  shorter: 'older',
};

function sentence(load: string, { is }: Found, added: number, name: string, dryRun: boolean): string {
  const entries = counted(added, 'entry', 'entries');
  if (is === 'new') return `${dryRun ? 'Would import' : 'Imported'} ${load}: ${entries}`;
  if (is === 'longer')
    return `${dryRun ? 'Would continue' : 'Continued'} ${load}: ${entries} more than were here`;
  if (is === 'same') return `${load} is on record here as in ${name}: nothing was changed`;
  return `This machine knows more of ${load} than ${name}: nothing was changed`;
}

interface Import {
  /** Of the journal here. */
  readonly path: string;
  readonly relation: Found;
  /** The load after the import. */
  readonly state: LoadState;
  /** Entries that were not here. */
  readonly added: number;
}

/** Imports the load as its only writer. @throws EbillError CONFLICT, USAGE */
async function imported(app: App, owner: Owner, handed: HandedOver, name: string): Promise<Import> {
  const { context } = app;
  const { job } = handed.load;
  const path = journalPath(context.paths.state, owner, job);
  const lock = await lockLoad(context, path, { job, command: `ebill ${app.command}` });
  try {
    await bringHome({ app, owner }, job, path);
    await lockJournal(path, lock);
    const { whole, ...found } = await decided(app, owner, handed, name);
    if (whole !== null) {
      await replaceJournal(path, whole);
      await setCurrentJob(context.paths.state, owner, job);
    }
    return found;
  } finally {
    await lock.release();
  }
}

/** Decides what the import comes to, and writes nothing. @returns with the journal to write; `null`: it stays */
async function decided(
  { context, redactor }: App,
  owner: Owner,
  { load, lines }: HandedOver,
  name: string,
): Promise<Import & { readonly whole: Redacted<Buffer> | null }> {
  const path = await findJournal(context.paths.state, owner, load.job);
  const content = await readContent(path);
  const here = content === null ? null : replay(content, path);
  const own = content === null || here === null ? [] : linesOf(content);
  const clean: Clean = (text) => redactor.clean(text);
  const relation: Relation | { readonly is: 'new' } =
    here === null ? { is: 'new' } : relationOf(own, lines, clean);
  if (relation.is === 'differs') throw otherLoad(quoted(load.job, context), name, path, relation.line);
  if (here !== null && (relation.is === 'same' || relation.is === 'shorter'))
    return { path, relation, state: here, added: 0, whole: null };
  const { exportedAt, host } = load;
  const at = new Date(context.now()).toISOString();
  const kept = relation.is === 'longer' ? relation.keep : [];
  const mark = Buffer.from(lineOf({ at, type: 'imported', exportedAt, host }).trimEnd());
  const whole = journalOf([...lines, ...kept, mark], clean);
  const common = relation.is === 'longer' ? relation.common : 1;
  return { path, relation, state: loadIn(whole, name), added: lines.length - common, whole };
}

/** The load that a journal tells. @throws EbillError CONFLICT when it is damaged or a newer program's, INVALID_FILE without any */
function loadIn(journal: Buffer, name: string): LoadState {
  const state = replay(journal, name);
  if (state !== null) return state;
  throw invalid(`${name} has no load in it.`, 'Export the load again.');
}

const COMMAND = /^[a-z]+(?: [a-z]+)?$/;

/** Hints offer the recorded commands to be pasted: each has to begin with the name of one (commands rule 4). */
function assertPasteable(journal: Buffer, name: string): void {
  const bad = salvage(journal, name).lines.some(
    (line) => !isDamage(line) && line.type === 'call' && !COMMAND.test(line.command),
  );
  if (bad)
    throw invalid(
      `${name} contains a command that is not a command of ebill.`,
      'Find out who wrote that file.',
    );
}

const invalid = (message: string, hint: string): EbillError =>
  new EbillError('INVALID_FILE', message, { hint: `Nothing was changed. ${hint}` });

/** Both machines went on with the load. @param job as it is typed */
const otherLoad = (job: string, name: string, path: string, line: number): EbillError =>
  new EbillError(
    'CONFLICT',
    `${name} and the journal ${visible(path)} differ from line ${line} on: each records what the other does not.`,
    {
      hint: `Nothing was changed. Continue the load on the machine that sent last. To see what was done on each: ebill loads show ${job}`,
    },
  );

/** Bytes. A journal of ten thousand files has about thirty million. */
const MAX_BYTES = 512 << 20;

/** @throws EbillError USAGE */
async function readInput({ context }: App, file: string): Promise<Buffer> {
  try {
    if (file !== '-') {
      const path = resolve(context.cwd, file);
      // Before it is opened: opening a named pipe waits for its writer.
      const found = await stat(path);
      if (!found.isFile()) throw new Error('it is not a regular file; - reads standard input');
      if (found.size > MAX_BYTES) throw new Error('it is too large to be an export');
      return await readFile(path);
    }
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of context.stdin) {
      const part = Buffer.from(chunk);
      size += part.length;
      if (size > MAX_BYTES) throw new Error('it is too large to be an export');
      chunks.push(part);
    }
    return Buffer.concat(chunks);
  } catch (cause) {
    const what = file === '-' ? 'Standard input (-)' : visible(file);
    throw new EbillError(
      'USAGE',
      errnoOf(cause) === 'ENOENT'
        ? `${what} does not exist.`
        : `${what} cannot be read: ${messageOf(cause)}.`,
      { hint: 'Name a file that ebill loads export wrote.', cause },
    );
  }
}
