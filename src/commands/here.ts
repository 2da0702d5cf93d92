import { outcomeOfAll } from '../batch/verdict.ts';
import { EbillError } from '../errors.ts';
import { type NextStep, nextStep } from '../load/next-step.ts';
import { readJournal } from '../load/replay.ts';
import type { LoadState } from '../load/state.ts';
import { currentJob, journalPath } from '../load/store.ts';
import { viewLoad } from '../load/view.ts';
import { timeText } from '../output/format.ts';
import { hangingIndent } from '../output/text-layout.ts';
import { tally } from '../output/watch-words.ts';
import { parseBaseUrl } from '../profile/base-url.ts';
import { environmentLayer } from '../profile/environment.ts';
import { unknownProfile } from '../profile/name.ts';
import { NO_PROFILES, namesOf, type Profile } from '../profile/profile.ts';
import { profileAsked } from '../profile/resolve.ts';
import { loadProfiles } from '../profile/store.ts';
import { quoted, type Terminal } from '../system/quoting.ts';
import type { App, CommandResult } from './shared/command.ts';
import { shownPath } from './shared/shown-path.ts';

/**
 * `ebill` alone: what it is, where one is (server, profile, load and its state as last heard of), and the next command.
 * Nothing is asked of a server or a keychain. What cannot be read on this machine is told, not thrown: this is where
 * people look first. Only a profile that is named and not there is an error.
 */
export async function here(app: App): Promise<CommandResult> {
  const { ui } = app;
  const at = await whereabouts(app);
  for (const { message, hint } of at.troubles) ui.warn(`${message} ${hint}`);
  const { load, profile, server } = at;
  const batches = load === null ? [] : viewLoad(load, profile?.statusNames ?? {});
  const job = load?.header.job ?? at.job;
  const next =
    load === null
      ? begin(at, app.context)
      : nextStep(load, batches, app.context, (path) => shownPath(app.context.cwd, path));
  const rows: readonly (readonly [string, string])[] = [
    ['Server', server ?? 'none yet'],
    ['Profile', profileText(at)],
    ['Load', load === null ? noLoad(job) : `${load.header.job}: ${tally(batches) || 'nothing sent yet'}`],
    ...(load === null
      ? []
      : [['', `last change ${timeText(load.updatedAt, app.context.now(), ui)}`] as const]),
    ['Next', next.command],
  ];
  const { colors, width } = ui;
  const lines = [
    hangingIndent(
      '',
      `${colors.bold(app.userAgent.replace('/', ' '))} loads a month of billing data through the eBill Batch File Upload API: nothing twice, nothing lost.`,
      width,
    ),
    '',
    ...rows.map(([name, text]) => hangingIndent(`${colors.bold(name.padEnd(8))} `, ui.clean(text), width, 9)),
    hangingIndent('         ', colors.dim(next.why), width, 9),
    '',
    hangingIndent(
      '',
      'ebill --help lists the commands; ebill help TOPIC explains exit-codes, environment, plan, security, json, ci.',
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
      next,
      problems: at.troubles.map(({ message }) => message),
    },
    text: lines.join('\n'),
  };
}

interface Whereabouts {
  readonly server: string | null;
  readonly profile: Profile | null;
  /** Names of all profiles. */
  readonly known: readonly string[];
  /** The load named by the environment, or last started here; `null`: none. */
  readonly job: string | null;
  /** Its journal; `null`: there is none here, or it cannot be read. */
  readonly load: LoadState | null;
  readonly troubles: readonly EbillError[];
}

/** @throws EbillError USAGE for a profile that is named by option and not there */
async function whereabouts({ context, globals }: App): Promise<Whereabouts> {
  const troubles: EbillError[] = [];
  const without = async <T>(otherwise: T, read: () => T | Promise<T>): Promise<T> => {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof EbillError)) throw error;
      troubles.push(error);
      return otherwise;
    }
  };
  const env = await without(null, () => environmentLayer(context.env));
  const profiles = await without(null, () => loadProfiles(context));
  const asked = env === null ? 'none' : profileAsked(globals, env);
  const name = asked === 'in use' ? (profiles?.current ?? null) : asked === 'none' ? null : asked.name;
  const { all } = profiles ?? NO_PROFILES;
  const profile = name === null ? null : (all.get(name) ?? null);
  const known = namesOf(profiles ?? NO_PROFILES);
  if (name !== null && profile === null && profiles !== null) {
    const unknown = unknownProfile(name, known);
    if (globals.profile !== null) throw unknown;
    troubles.push(unknown);
  }
  const given = globals.baseUrl ?? env?.baseUrl ?? profile?.baseUrl ?? null;
  const source = globals.baseUrl !== null ? '--base-url' : env?.baseUrl ? 'EBILL_BASE_URL' : 'The profile';
  const server = given === null ? null : await without(null, () => parseBaseUrl(given, source));
  const where = { server, profile, known, troubles };
  if (server === null) return { ...where, job: null, load: null };
  const owner = { profile: profile?.name ?? null, baseUrl: server };
  const { state } = context.paths;
  const job = context.env['EBILL_JOB'] || (await currentJob(state, owner));
  const load = job === null ? null : await without(null, () => readJournal(journalPath(state, owner, job)));
  return { ...where, job, load };
}

/** The next command where no load is on record. */
function begin({ server, known, job, troubles }: Whereabouts, terminal: Terminal): NextStep {
  if (troubles.length > 0 && (server === null || job !== null))
    return {
      command: 'ebill doctor',
      why: 'something of the set-up cannot be read: it says what, and what to do',
    };
  if (server === null && known.length > 0)
    return { command: 'ebill profile use NAME', why: `no profile is in use; there are ${known.join(', ')}` };
  if (server === null)
    return {
      command: 'ebill demo',
      why: 'a whole month against a server of its own; then: ebill profile add NAME --base-url URL',
    };
  if (job !== null)
    return {
      command: `ebill init --job ${quoted(job, terminal)}`,
      why: 'this machine has no record of it; if it was begun elsewhere: ebill status',
    };
  return {
    command: 'ebill run --init-plan',
    why: 'writes a plan from the CSV files here; or step by step: ebill init --job AUG_2020',
  };
}

function profileText({ server, profile, known }: Whereabouts): string {
  if (profile !== null) return profile.production ? `${profile.name} (production)` : profile.name;
  if (server !== null) return 'none: set up by the environment or options';
  return known.length === 0 ? 'none yet' : `none in use, of ${known.join(', ')}`;
}

const noLoad = (job: string | null): string =>
  job === null ? 'none started here' : `${job}: no record of it here`;
