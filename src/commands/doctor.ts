import { type Connection, endpointOf } from '../api/connection.ts';
import { chooseProxy, type ProxyChoice } from '../api/net/proxy.ts';
import { openApi } from '../api/open.ts';
import { EbillError } from '../errors.ts';
import { counted } from '../output/format.ts';
import type { ShownRequest } from '../output/json.ts';
import { requestsText } from '../output/print-result.ts';
import { createProgress } from '../output/progress/progress.ts';
import { confirm } from '../output/prompt.ts';
import { hangingIndent } from '../output/text-layout.ts';
import type { Color, Symbols } from '../output/theme.ts';
import { hintText } from '../output/ui.ts';
import { type Context, withChanges } from '../system/context.ts';
import { type Check, ok, problem, type State, skipped } from './doctor/check.ts';
import { clientCertificate, journals, nodeVersion, permissions, space } from './doctor/machine.ts';
import {
  answerAndClock,
  authorisation,
  certificate,
  nameLookUp,
  noSetUp,
  plannedCalls,
  setUpCheck,
} from './doctor/server.ts';
import { type App, type CommandModule, type CommandResult, EMPTY_RESULT } from './shared/command.ts';
import { connect } from './shared/session.ts';

/** ms for a single check. */
const LIMIT_MS = 10_000;

export const command: CommandModule<Record<string, never>> = {
  help: {
    notes: [
      'Checks Node, the set-up, permissions, journals, free space, the client certificate, the proxy, the name look-up, TLS, the connection, the clock and the authorisation. Each check takes 10 s at most (less with a shorter --timeout).',
      'Nothing is changed, except permissions that are too wide, after you agree (--yes agrees).',
      'The exit code is that of the first problem: 2 for this machine, 5 for the authorisation, 6 for the network. Warnings do not change it.',
    ],
    examples: [
      ['ebill doctor', 'check with the default profile'],
      ['ebill doctor --profile prod', 'check another one before load day'],
      ['ebill doctor --json', 'list the checks for a script'],
    ],
    exitCodes: [5, 6, 9],
    seeAlso: ['profile show', 'help security', 'help environment'],
  },
  configure: (cmd) => {
    cmd.description('Check the set-up, the network and the authorisation, and show what to do.');
  },
  options: () => ({}),
  run: async (app) => {
    const checks: Check[] = [];
    const requests: ShownRequest[] = [];
    const progress = await createProgress(app.ui, app.context);
    progress.listener({ event: 'wait.start', message: 'checking' });
    try {
      for await (const check of allChecks(app, requests)) checks.push(check);
    } finally {
      progress.stop();
    }
    return app.globals.dryRun ? withRequests(app, resultOf(app, checks), requests) : resultOf(app, checks);
  },
};

/** Permissions are changed only with consent. */
async function confirmPermissions({ globals, ui, context }: App, paths: readonly string[]): Promise<boolean> {
  if (globals.dryRun) return false;
  if (globals.yes || !ui.interactive) return globals.yes;
  ui.end();
  ui.note(`Other users of this machine have access to ${paths.join(', ')}.`);
  return confirm(context, 'Remove their access?');
}

/** @param requests receives the requests under `--dry-run` */
async function* allChecks(app: App, requests: ShownRequest[]): AsyncGenerator<Check> {
  const { context, ui } = app;
  yield nodeVersion(context.nodeVersion);
  yield ok('Terminal', `progress ${ui.progress}, ${ui.interactive ? 'prompts on' : 'prompts off'}`);
  yield await permissions(context, (paths) => confirmPermissions(app, paths));
  yield await journals(context);
  yield await space(context);
  const found = await connect(app).catch(setUpError);
  if (!(found instanceof EbillError)) {
    yield setUpCheck(found.connection, found.secret);
    yield* serverChecks(app, found.connection, null, requests);
    return;
  }
  yield noSetUp(found);
  // The connection can be checked without credentials too.
  const anonymous = found.code === 'AUTH' ? await connect(withoutAuth(app)).catch(setUpError) : found;
  if (anonymous instanceof EbillError) yield* skipAll(SERVER_CHECKS, 'no server is set up');
  else yield* serverChecks(app, anonymous.connection, 'there are no credentials', requests);
}

const SERVER_CHECKS = ['Name', 'TLS', 'Connection', 'Clock', 'Authorisation'];

function* skipAll(names: readonly string[], why: string): Generator<Check> {
  for (const name of names) yield skipped(name, why);
}

function setUpError(error: unknown): EbillError {
  if (error instanceof EbillError) return error;
  throw error;
}

function withoutAuth(app: App): App {
  const { context } = app;
  return { ...app, context: withChanges(context, { env: { ...context.env, EBILL_AUTH: 'none' } }) };
}

/** @param unauthorised why the authorisation cannot be checked; `null`: it can */
async function* serverChecks(
  app: App,
  connection: Connection,
  unauthorised: string | null,
  requests: ShownRequest[],
): AsyncGenerator<Check> {
  const { context, userAgent } = app;
  if (app.globals.dryRun) {
    requests.push(...plannedCalls(connection, unauthorised === null));
    yield* skipAll(SERVER_CHECKS, '--dry-run sends nothing');
    return;
  }
  const url = new URL(endpointOf(connection.baseUrl));
  const limitMs = Math.min(LIMIT_MS, app.globals.timeoutMs);
  const own = await clientCertificate(connection, context.now());
  if (own !== null) yield own;
  const proxy = proxyOrError(url, connection, context.env);
  if (proxy instanceof EbillError) {
    yield* skipAll(['Name', 'TLS'], 'the proxy cannot be used');
    yield problem('Connection', proxy.message, proxy.hint, proxy.code);
    yield* skipAll(['Clock', 'Authorisation'], 'there is no connection');
    return;
  }
  const name = await nameLookUp(context, url.hostname, proxy, limitMs);
  yield name;
  if (name.state === 'problem') {
    yield* skipAll(SERVER_CHECKS.slice(1), 'the name cannot be resolved');
    return;
  }
  // Fails when a certificate file of the profile cannot be used; then the checks below cannot run.
  const api = await openApi({
    context,
    connection,
    userAgent,
    timeoutMs: limitMs,
    retries: 0,
    redactor: app.redactor,
  }).catch(setUpError);
  if (api instanceof EbillError) {
    const { message, hint, code } = api;
    yield skipped('TLS', 'a certificate file cannot be used');
    yield problem('Connection', message, hint, code);
    yield* skipAll(['Clock', 'Authorisation'], 'there is no connection');
    return;
  }
  try {
    if (url.protocol === 'http:') yield skipped('TLS', 'the base URL is plain http');
    else yield await certificate(context, connection, url, proxy, limitMs);
    const [answer, clock] = await answerAndClock(context, api.transport, connection, limitMs);
    yield answer;
    yield clock;
    if (answer.state !== 'ok') yield skipped('Authorisation', 'the server did not answer');
    else if (unauthorised !== null) yield skipped('Authorisation', unauthorised);
    else yield await authorisation(api.client);
  } finally {
    await api.close();
  }
}

function proxyOrError(url: URL, { proxy }: Connection, env: Context['env']): ProxyChoice | null | EbillError {
  try {
    return chooseProxy(url, proxy, env);
  } catch (error) {
    return setUpError(error);
  }
}

/** Adds the requests that would be sent. */
function withRequests({ ui }: App, result: CommandResult, requests: readonly ShownRequest[]): CommandResult {
  const text = requests.length === 0 ? result.text : `${result.text}\n\n${requestsText(requests, ui)}`;
  return { ...result, requests, text };
}

const MARKS: Readonly<Record<State, { readonly sign: keyof Symbols; readonly color: Color }>> = {
  ok: { sign: 'done', color: 'green' },
  warning: { sign: 'warning', color: 'yellow' },
  problem: { sign: 'failed', color: 'red' },
  skipped: { sign: 'skipped', color: 'gray' },
};

function resultOf({ ui, known }: App, checks: readonly Check[]): CommandResult {
  const { colors, symbols, clean, width } = ui;
  const lines = checks.flatMap(({ name, state, message, hint }) => {
    const { sign, color } = MARKS[state];
    const word = state === 'ok' ? '' : `${state}: `;
    const lead = `${colors[color](String(symbols[sign]))} ${name.padEnd(14)} `;
    return [
      hangingIndent(lead, clean(`${word}${message}`), width, 4),
      ...(hint === '' ? [] : [hintText(hint, ui, '    ')]),
    ];
  });
  const problems = checks.filter(({ state }) => state === 'problem');
  const warnings = checks.filter(({ state }) => state === 'warning');
  const [first] = problems;
  const error =
    first === undefined
      ? null
      : new EbillError(
          first.code ?? 'USAGE',
          `${counted(problems.length, 'problem', 'problems')}: ${problems.map(({ name }) => name).join(', ')}.`,
          {
            hint: first.hint === '' ? 'See above.' : first.hint,
          },
        );
  const conclusion =
    first === undefined
      ? [
          warnings.length === 0
            ? 'No problems found.'
            : `No problems, ${counted(warnings.length, 'warning', 'warnings')}.`,
        ]
      : [];
  return {
    ...EMPTY_RESULT,
    profile: known().profile ?? null,
    error,
    extra: { checks: checks.map(({ name, state, message, hint }) => ({ name, state, message, hint })) },
    text: [...lines, ...(conclusion.length === 0 ? [] : ['', ...conclusion])].join('\n'),
  };
}
