import { type Runner, runnerOf } from '../../src/output/runners.ts';

/**
 * A model of how a GitHub Actions runner reads a line of a step's output, either stream (actions/runner, ActionCommand.cs and
 * OutputManager.cs): `::name …::data` where the line begins, blanks passed over, else `##[name …]data` anywhere in it, and
 * only names it knows, in any case of letters.
 */
const KNOWN = new Set([
  'add-mask',
  'add-matcher',
  'add-path',
  'debug',
  'echo',
  'endgroup',
  'error',
  'group',
  'internal-set-repo-path',
  'notice',
  'remove-matcher',
  'save-state',
  'set-env',
  'set-output',
  'stop-commands',
  'warning',
]);

interface RunnerCommand {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly data: string;
}

/** Every command a runner finds in what a step wrote. */
export function runnerCommands(output: string): readonly RunnerCommand[] {
  return output.split(/\r\n|\r|\n/).flatMap((line) => inFront(line) ?? anywhere(line) ?? []);
}

function inFront(line: string): RunnerCommand | null {
  const text = line.trimStart();
  const end = text.indexOf('::', 2);
  if (!text.startsWith('::') || end < 0) return null;
  return commandOf(text.slice(2, end), text.slice(end + 2), ',', (value) =>
    value
      .replaceAll('%0D', '\r')
      .replaceAll('%0A', '\n')
      .replaceAll('%3A', ':')
      .replaceAll('%2C', ',')
      .replaceAll('%25', '%'),
  );
}

function anywhere(line: string): RunnerCommand | null {
  const begin = line.indexOf('##[');
  const end = line.indexOf(']', begin);
  if (begin < 0 || end < 0) return null;
  return commandOf(line.slice(begin + 3, end), line.slice(end + 1), ';', (value) => value);
}

function commandOf(
  info: string,
  data: string,
  separator: string,
  decode: (value: string) => string,
): RunnerCommand | null {
  const space = info.indexOf(' ');
  const name = space < 0 ? info : info.slice(0, space);
  if (!KNOWN.has(name.toLowerCase())) return null;
  const pairs =
    space > 0
      ? info
          .slice(space + 1)
          .trim()
          .split(separator)
      : [];
  const properties = Object.fromEntries(
    pairs.flatMap((pair) => {
      const equals = pair.indexOf('=');
      return equals > 0 ? [[pair.slice(0, equals), decode(pair.slice(equals + 1))]] : [];
    }),
  );
  return { name, properties, data: decode(data) };
}

/** The runner that an environment names. */
export function runnerIn(env: Readonly<Record<string, string>>): Runner {
  const found = runnerOf(env);
  if (found === null) throw new Error(`no runner sets ${Object.keys(env).join()}`);
  return found;
}

export const GITHUB = runnerIn({ GITHUB_ACTIONS: 'true' });
