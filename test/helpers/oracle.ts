import { createHash } from 'node:crypto';
import type { BatchSnapshot, SandboxSnapshot } from '../../src/sandbox/index.ts';

/*
 * Judges the result of a load without the program's own journal: from the files given, the commands typed with their exit
 * codes, and the server's state. It knows nothing of journals, requests or faults.
 */

/** A file as it was when a command named it. */
interface GivenFile {
  readonly name: string;
  readonly sha256: string;
  readonly records: number;
}

/** A command line as typed, with what it names and how it ended. */
export interface Typed {
  readonly argv: readonly string[];
  /** Whose home it used: what one home knows another need not. */
  readonly home: string;
  readonly job: string | null;
  /** ms, by the server's clock. */
  readonly startedAt: number;
  /** `null`: killed, or still running. */
  readonly exit: number | null;
  readonly init: boolean;
  readonly customers: readonly GivenFile[];
  readonly invoices: readonly { readonly file: GivenFile; readonly items: readonly GivenFile[] }[];
  /** Items for an invoice batch named by other means. */
  readonly items: readonly GivenFile[];
  /** It exits 0 only when everything of the load, or of its files, is final and succeeded. */
  readonly waits: boolean;
}

/** Reads a file, or a plan, as it is now; `null` when there is none. */
type ReadFile = (name: string) => string | null;

/** Options with a value, of the commands that name files. */
const VALUED =
  /^--(?:job|job-id|parent-id|parent-job-id|concurrency|interval|max-wait|patience|timeout|init-timeout|settle|retries|shard|download|out|column|profile|base-url|progress|format|allow-warning|leave-out)$/;

/** What a command line names. `--shard` takes a part of the files only, so it is not understood here. */
export function typed(
  argv: readonly string[],
  read: ReadFile,
  more: Pick<Typed, 'home' | 'startedAt'> & { readonly exit?: number | null },
): Typed {
  const words: string[] = [];
  const itemNames: string[] = [];
  let job: string | null = null;
  let target = words;
  for (let i = 0; i < argv.length; i += 1) {
    const word = argv[i] ?? '';
    if (!word.startsWith('-')) target.push(word);
    else if (word === '--items') target = itemNames;
    else {
      if (VALUED.test(word)) {
        i += 1;
        if (word === '--job') job = argv[i] ?? null;
      }
      target = words;
    }
  }
  const given = (name: string): GivenFile => {
    const text = read(name) ?? '';
    return { name: name.replace(/^.*\//, ''), sha256: sha256Of(text), records: recordsIn(text) };
  };
  const [command = '', kind = ''] = words;
  const upload = command === 'upload' ? kind : '';
  const names = words.slice(2);
  const plan = command === 'run' ? planIn(read(kind) ?? '') : null;
  const items = itemNames.map(given);
  const invoices =
    upload === 'invoice'
      ? names.map((name) => ({ file: given(name), items }))
      : (plan?.invoices ?? []).map((one) => ({ file: given(one.file), items: one.items.map(given) }));
  return {
    argv,
    exit: null,
    ...more,
    job: plan?.job ?? job,
    init: command === 'init' || plan?.init === true,
    customers: (upload === 'customer' ? names : (plan?.customers ?? [])).map(given),
    invoices,
    items: upload === 'items' ? names.map(given) : [],
    waits: command === 'watch' || command === 'run' || argv.includes('--wait'),
  };
}

export const sha256Of = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The tests' files have no quoted line ends. */
const recordsIn = (text: string): number => text.trimEnd().split('\n').length - 1;

interface Plan {
  readonly job: string;
  readonly init: boolean;
  readonly customers: readonly string[];
  readonly invoices: readonly { readonly file: string; readonly items: readonly string[] }[];
}

/** Reads the plans that the tests write: one line a file, `[a, b]` for lists, no patterns. */
function planIn(text: string): Plan {
  const list = (inner: string | undefined): string[] =>
    (inner ?? '')
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '');
  return {
    job: /^job: (\S+)$/m.exec(text)?.[1] ?? '',
    init: /^init:/m.test(text),
    customers: list(/^customers: \[(.*)\]$/m.exec(text)?.[1]),
    invoices: [...text.matchAll(/^ {2}- \{ file: ([^,}]+?)(?:, items: \[(.*)\])? \}$/gm)].map((line) => ({
      file: line[1] ?? '',
      items: list(line[2]),
    })),
  };
}

export interface Judgement {
  /** Files that a command accepted, and that are not loaded although one that waits says they are. */
  readonly lost: readonly string[];
  /** Files and batches that were processed more than once, and repeated inits. */
  readonly doubled: readonly string[];
  /** Any other broken promise. */
  readonly wrong: readonly string[];
}

/** Compares the server's state with the commands typed. */
export function judge(commands: readonly Typed[], server: SandboxSnapshot): Judgement {
  const lost: string[] = [];
  const doubled: string[] = [];
  const wrong: string[] = [];
  const withFile = server.batches.filter((batch) => batch.inputFilename !== null);
  const processed = withFile.filter((batch) => batch.finalizeCount > 0);
  const holding = (file: GivenFile): readonly BatchSnapshot[] =>
    processed.filter((batch) => batch.sha256 === file.sha256);

  const started = new Set(commands.filter((one) => one.init).map((one) => one.job));
  if (server.initCount > started.size) doubled.push(`${server.initCount} inits for ${started.size} loads`);
  for (const batch of processed)
    if (batch.finalizeCount > 1) doubled.push(`${batch.jobId} was finalized ${batch.finalizeCount} times`);

  // Each file given, once, whatever number of commands named it.
  const all = new Map<string, { readonly file: GivenFile; readonly kind: string; readonly meant: boolean }>();
  for (const one of commands) {
    const meant = one.argv.includes('--again');
    const add = (file: GivenFile, kind: string) =>
      all.set(file.sha256, { file, kind, meant: meant || all.get(file.sha256)?.meant === true });
    for (const file of one.customers) add(file, 'customer');
    for (const { file, items } of one.invoices) {
      add(file, 'invoice');
      for (const item of items) add(item, 'items');
    }
    for (const file of one.items) add(file, 'items');
  }
  for (const { file, kind, meant } of all.values()) {
    const batches = holding(file);
    if (batches.length > 1 && !meant)
      doubled.push(`${file.name} was processed as ${batches.map((batch) => batch.jobId).join(' and ')}`);
    for (const batch of batches) {
      if (batch.kind !== kind) wrong.push(`${file.name} was processed as ${batch.kind}, not ${kind}`);
      if (batch.inputFilename !== file.name)
        wrong.push(`${file.name} was processed under the name ${batch.inputFilename}`);
    }
  }
  for (const batch of processed)
    if (!all.has(batch.sha256 ?? ''))
      wrong.push(`${batch.jobId} (${batch.inputFilename}) was processed with content that nobody gave`);

  // Nothing is finalized without what one command named with it, if that command and a finalize had the same home.
  for (const batch of processed.filter(({ kind }) => kind === 'invoice')) {
    const under = processed.filter((child) => child.parentId === batch.id).map((child) => child.sha256);
    for (const one of commands) {
      const before = batch.finalizedAt !== null && one.startedAt < batch.finalizedAt;
      // What was refused at once (2) was never accepted.
      if (!before || one.exit === 2 || !commands.some((other) => finalizes(other) && sameLoad(one, other)))
        continue;
      for (const { file, items } of one.invoices.filter((each) => each.file.sha256 === batch.sha256))
        for (const item of items)
          if (!under.includes(item.sha256))
            wrong.push(`${file.name} (${batch.jobId}) was finalized without its items ${item.name}`);
    }
  }

  // What a command accepted is loaded once a command that waits says that all is well.
  for (const end of commands.filter((one) => one.waits && one.exit === 0)) {
    const covered = commands.filter(
      (one) =>
        one === end ||
        (end.argv[0] === 'watch' &&
          one.exit === 0 &&
          sameLoad(one, end) &&
          commands.some(
            (other) =>
              finalizes(other) &&
              other.exit === 0 &&
              sameLoad(one, other) &&
              one.startedAt <= other.startedAt &&
              other.startedAt <= end.startedAt,
          )),
    );
    for (const one of covered) {
      if (one.init && server.initCount === 0) lost.push(`the init of ${one.job}`);
      for (const file of filesOf(one)) {
        const [batch] = holding(file);
        if (batch === undefined) lost.push(`${file.name}, given by ${one.argv.join(' ')}`);
        else if (batch.successCount !== file.records)
          wrong.push(
            `${end.argv.join(' ')} exited 0, and ${batch.successCount} of ${file.records} records of ${file.name} are loaded`,
          );
      }
    }
  }
  return { lost: [...new Set(lost)], doubled: [...new Set(doubled)], wrong: [...new Set(wrong)] };
}

const finalizes = ({ argv }: Typed): boolean =>
  argv[0] === 'finalize' || argv[0] === 'run' || argv.includes('--finalize') || argv.includes('--wait');

const sameLoad = (one: Typed, other: Typed): boolean =>
  one.home === other.home && (one.job === other.job || one.job === null || other.job === null);

const filesOf = ({ customers, invoices, items }: Typed): readonly GivenFile[] => [
  ...customers,
  ...invoices.flatMap((each) => [each.file, ...each.items]),
  ...items,
];
