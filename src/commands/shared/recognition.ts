import { basename, relative } from 'node:path';
import type { ColumnChoice } from '../../batch/columns.ts';
import type { FileKind } from '../../batch/types.ts';
import { EbillError } from '../../errors.ts';
import { expandFiles } from '../../files/file-arguments.ts';
import type { FileToCheck, FindingDetails } from '../../files/findings.ts';
import type { Recognition } from '../../files/recognise.ts';
import type { RecognisedColumn, RecognisedKind } from '../../output/json.ts';
import { quoted, visible } from '../../system/escaping.ts';
import type { App } from './command.ts';

/** Files of each kind whose beginning is read: the others have the same columns. */
const FILES_READ = 20;

/** Recognises the columns of files, from the beginning of the first files of each kind. */
export async function recognised(
  files: readonly FileToCheck[],
  { declared, without }: ColumnChoice,
): Promise<Recognition> {
  const { readHead, recogniseColumns } = await import('../../files/recognise.ts');
  const starts = async (kind: FileKind) => {
    const heads = [];
    for (const { path } of files.filter((file) => file.kind === kind).slice(0, FILES_READ))
      heads.push(await readHead(path));
    return heads.flatMap(({ start }) => (start === null ? [] : [start]));
  };
  return recogniseColumns(
    { customer: await starts('customer'), invoice: await starts('invoice'), items: await starts('items') },
    declared,
    without,
  );
}

/** What was recognised, for JSON. */
export function recognisedFacts(recognition: Recognition): readonly RecognisedColumn[] {
  return [
    ...[...recognition.found].map(([role, column]) => ({ role, column, used: true, reason: null })),
    ...[...recognition.notRecognised].flatMap(([role, { columns, reason }]) =>
      columns.map((column) => ({ role, column, used: false, reason })),
    ),
  ];
}

/** Says once which columns were recognised, how to declare them, and which were given up. */
export function sayRecognised(
  { ui, context, command }: App,
  { found, declarable, spellings, notRecognised }: Recognition,
  strict = false,
): void {
  if (declarable.length > 0) {
    const where = command === 'run' ? 'in the plan or with' : 'here or once with';
    ui.note(
      `Recognised the columns below. Problems in them ${strict ? 'are only warnings' : 'do not stop the command'} unless you declare the columns, ${where} ebill profile set:`,
    );
    ui.note(declarable.map(([role, name]) => `--column ${quoted(`${role}=${name}`, context)}`).join(' '));
  }
  const mixed = [...spellings].filter(([role]) => found.has(role));
  if (mixed.length > 0)
    ui.note(
      `Recognised, but spelled in several ways: ${mixed.map(([role, names]) => `${role} (${named(names)})`).join(', ')}`,
    );
  if (notRecognised.size === 0) return;
  const all = [...notRecognised].map(
    ([role, { columns, reason }]) => `${role} (${named(columns)} ${reason})`,
  );
  ui.note(`Not checked: ${all.join(', ')}`, true);
}

const named = (columns: readonly string[]): string => columns.map((name) => `"${name}"`).join(' and ');

/** File arguments as given, by kind. */
export type GivenFiles = Readonly<Partial<Record<FileKind, readonly string[]>>>;

/** Files by kind, and how the kinds of those given without one were told. */
interface KindsOfFiles {
  readonly given: GivenFiles;
  readonly recognised: readonly RecognisedKind[];
}

/**
 * Tells the kind of files given without one by their columns, and says which.
 * @throws EbillError USAGE for files whose columns do not tell it, INVALID_FILE for those that are no tables
 */
export async function kindsOfFiles(
  app: App,
  { files, customer = [], invoice = [], items = [] }: GivenFiles & { readonly files: readonly string[] },
): Promise<KindsOfFiles> {
  if (files.length === 0) return { given: { customer, invoice, items }, recognised: [] };
  const { readHead, recogniseKind } = await import('../../files/recognise.ts');
  const told = new Map<string, RecognisedKind>();
  const unclear = new Map<string, readonly FileKind[]>();
  const bad = new Map<string, FindingDetails>();
  for (const path of await expandFiles(files, app.context)) {
    const { start, problem } = await readHead(path);
    if (start === null) {
      bad.set(path, problem);
      continue;
    }
    const { kind, columns, possible } = recogniseKind(start);
    if (kind === null) unclear.set(path, possible);
    else told.set(path, { file: basename(path), kind, columns });
  }
  if (bad.size > 0) throw noTables(bad);
  if (unclear.size > 0) throw unclearKinds(unclear, app);
  const of = (kind: FileKind): readonly string[] =>
    [...told].flatMap(([path, one]) => (one.kind === kind ? [path] : []));
  app.ui.note(`Kinds by their columns: ${kindsText([...told.values()])}`);
  return {
    given: {
      customer: [...customer, ...of('customer')],
      invoice: [...invoice, ...of('invoice')],
      items: [...items, ...of('items')],
    },
    recognised: [...told.values()],
  };
}

/** `invoice: inv.csv (Invoice Number, Due Date); items: itm_1.csv and 11 more (Invoice Number, Line)`. */
function kindsText(files: readonly RecognisedKind[]): string {
  const groups = new Map<string, RecognisedKind[]>();
  for (const one of files) {
    const key = [one.kind, ...one.columns].join('\n');
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()]
    .flatMap(([first, ...more]) =>
      first === undefined
        ? []
        : [
            `${first.kind}: ${visible(first.file)}${more.length === 0 ? '' : ` and ${more.length} more`} (${first.columns.join(', ')})`,
          ],
    )
    .join('; ');
}

function noTables(files: ReadonlyMap<string, FindingDetails>): EbillError {
  const all = [...files].map(([path, { message }]) => `${visible(basename(path))}: ${message}`);
  const [hint = ''] = [...files.values()].map((problem) => problem.hint);
  return new EbillError('INVALID_FILE', `These files cannot be checked. ${all.join('; ')}`, { hint });
}

function unclearKinds(files: ReadonlyMap<string, readonly FileKind[]>, { context }: App): EbillError {
  const names = [...files.keys()].map((path) => visible(basename(path)));
  const [[path, possible]] = [...files] as [[string, readonly FileKind[]]];
  const word = quoted(relative(context.cwd, path), context);
  const ways = possible.map((kind) => `for ${kind}: ebill validate --${kind} ${word}`);
  return new EbillError('USAGE', `The columns of ${names.join(', ')} do not tell the kind of file.`, {
    hint: `Say what it is, ${ways.join('. ').replaceAll('. for', '. For')}`,
  });
}
