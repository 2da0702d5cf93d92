import { outcomeOfAll } from '../batch/outcome.ts';
import { flatten } from '../batch/tree.ts';
import { type BatchView, isInitPart } from '../batch/types.ts';
import { EbillError } from '../errors.ts';
import { TOPICS } from '../help/topics.ts';
import { standingOfLoad } from '../load/closed.ts';
import { readJournal } from '../load/journal.ts';
import { currentJob, findJournal } from '../load/journal-places.ts';
import { type NextStep, nextStep } from '../load/next-step.ts';
import type { LoadState } from '../load/state.ts';
import { viewLoad } from '../load/view.ts';
import { leftWord, tally } from '../output/batch-text.ts';
import { timeText } from '../output/format.ts';
import { hangingIndent, textWidth } from '../output/text-layout.ts';
import { adviceText } from '../output/ui.ts';
import { originOf, parseBaseUrl } from '../profile/auth.ts';
import { NO_PROFILES, namesOf, type Profile, unknownProfile } from '../profile/profile.ts';
import { environmentLayer, profileToUse } from '../profile/resolve.ts';
import { loadProfiles } from '../profile/store.ts';
import { quoted, type Terminal } from '../system/escaping.ts';
import { shownPath } from '../system/shown-path.ts';
import type { App, CommandResult } from './shared/command.ts';

/**
 * `ebill` alone: the current server, profile and load, and the next command. Asks no server and no keychain. A file that
 * cannot be read is a warning, not an error, because people look here first.
 * @throws EbillError USAGE for an unknown --profile
 */
export async function overview(app: App): Promise<CommandResult> {
  const { ui } = app;
  const at = await readSetUp(app);
  for (const { message, hint } of at.problems) ui.warn(message, hint);
  const { load, profile, server } = at;
  const names = profile?.statusNames ?? {};
  const batches = load === null ? [] : viewLoad(load, names);
  const state = load === null ? null : standingOfLoad(load, names);
  const job = load?.header.job ?? at.job;
  const next =
    load === null
      ? firstStep(at, app.context)
      : nextStep(load, batches, app.context, (path) => shownPath(app.context.cwd, path));
  const rows: readonly (readonly [string, string])[] = [
    ['Server', server ?? 'none yet'],
    ['Profile', profileText(at)],
    [
      'Load',
      load === null
        ? noLoad(job)
        : `${load.header.job} (${state}): ${tally(flatten(batches).filter(isCounted)) || 'nothing sent yet'}`,
    ],
    ...(load === null
      ? []
      : [['', `last change ${timeText(load.updatedAt, app.context.now(), ui)}`] as const]),
  ];
  const { colors, width } = ui;
  const command = ui.clean(next.command);
  // Not wrapped: its first line would run without the rest.
  const fits = textWidth(command) + 9 <= width;
  const lines = [
    hangingIndent(
      '',
      `${colors.bold(app.userAgent.replace('/', ' '))} loads a month of billing data through the eBill Batch File Upload API: nothing twice, nothing lost.`,
      width,
    ),
    '',
    ...rows.map(([name, text]) => hangingIndent(`${colors.bold(name.padEnd(8))} `, ui.clean(text), width, 9)),
    fits ? `${colors.bold('Next'.padEnd(8))} ${command}` : `${colors.bold('Next')}\n${command}`,
    colors.dim(adviceText(' '.repeat(9), next.why, ' '.repeat(9), ui)),
    '',
    hangingIndent(
      '',
      `Run ebill --help for the commands, and ebill help TOPIC for ${TOPICS.map(({ name }) => name).join(', ')}.`,
      width,
    ),
  ];
  return {
    profile: profile?.name ?? null,
    job,
    outcome: outcomeOfAll(batches),
    batches,
    error: null,
    extra: {
      baseUrl: server,
      updatedAt: load?.updatedAt ?? null,
      state,
      next,
      problems: at.problems.map(({ message }) => message),
    },
    text: lines.join('\n'),
  };
}

/** Not the parts of the init, nor a draft that is left behind or left out. */
const isCounted = (batch: BatchView): boolean => !isInitPart(batch.kind) && leftWord(batch) === null;

interface SetUp {
  readonly server: string | null;
  readonly profile: Profile | null;
  /** The names of all profiles. */
  readonly known: readonly string[];
  /** The load named by EBILL_JOB, else the one last started here. */
  readonly job: string | null;
  /** `null`: this machine has no journal of it, or cannot read it. */
  readonly load: LoadState | null;
  readonly problems: readonly EbillError[];
}

async function readSetUp({ context, globals }: App): Promise<SetUp> {
  const problems: EbillError[] = [];
  const attempt = async <T>(read: () => T | Promise<T>): Promise<T | null> => {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof EbillError)) throw error;
      problems.push(error);
      return null;
    }
  };
  const env = await attempt(() => environmentLayer(context.env));
  const profiles = await attempt(() => loadProfiles(context));
  const asked = env === null ? 'none' : profileToUse(globals, env);
  const name = asked === 'default' ? (profiles?.current ?? null) : asked === 'none' ? null : asked.name;
  const { all } = profiles ?? NO_PROFILES;
  const profile = name === null ? null : (all.get(name) ?? null);
  const known = namesOf(profiles ?? NO_PROFILES);
  if (name !== null && profile === null && profiles !== null) {
    const unknown = unknownProfile(name, known);
    if (globals.profile !== null) throw unknown;
    problems.push(unknown);
  }
  const given = globals.baseUrl ?? env?.baseUrl ?? profile?.baseUrl ?? null;
  const source = globals.baseUrl !== null ? '--base-url' : env?.baseUrl ? 'EBILL_BASE_URL' : 'The profile';
  const server = given === null ? null : await attempt(() => parseBaseUrl(given, source));
  const where = { server, profile, known, problems };
  if (server === null) return { ...where, job: null, load: null };
  const own = profile !== null && originOf(profile.baseUrl) === originOf(server) ? profile : null;
  const organisation = env?.organisation ?? own?.organisation ?? null;
  const owner = { profile: profile?.name ?? null, baseUrl: server, organisation };
  const { state } = context.paths;
  const job = context.env['EBILL_JOB'] || (await currentJob(state, owner));
  const load =
    job === null ? null : await attempt(async () => readJournal(await findJournal(state, owner, job)));
  return { ...where, job, load };
}

/** The next command when there is no journal of a load. */
function firstStep({ server, known, job, problems }: SetUp, terminal: Terminal): NextStep {
  if (problems.length > 0 && (server === null || job !== null))
    return {
      command: 'ebill doctor',
      why: 'part of the set-up cannot be read; doctor shows what, and what to do',
    };
  if (server === null && known.length > 0)
    return {
      command: 'ebill profile use NAME',
      why: `there is no default profile; choose one of ${known.join(', ')}`,
    };
  if (server === null)
    return {
      command: 'ebill demo',
      why: 'load a month of sample files into a local server; then: ebill profile add NAME --base-url URL',
    };
  if (job !== null)
    return {
      command: `ebill init --job ${quoted(job, terminal)}`,
      why: 'this machine has no journal of it; if it was started elsewhere: ebill status',
    };
  return {
    command: 'ebill run --init-plan',
    why: 'write a plan for the CSV files in this folder; or step by step, NAME being the month: ebill init --job NAME',
  };
}

function profileText({ server, profile, known }: SetUp): string {
  if (profile !== null) return profile.production ? `${profile.name} (production)` : profile.name;
  if (server !== null) return 'none: the environment or options name the server';
  return known.length === 0 ? 'none yet' : `no default; known: ${known.join(', ')}`;
}

const noLoad = (job: string | null): string =>
  job === null ? 'none started on this machine' : `${job}: no journal on this machine`;
