import { createClient } from '../api/client.ts';
import { type Connection, endpointOf } from '../api/connection.ts';
import { chooseProxy, type ProxyChoice } from '../api/net/proxy.ts';
import { openTransport } from '../api/net/transport.ts';
import { EbillError } from '../errors.ts';
import { counted } from '../output/format.ts';
import { createProgress } from '../output/progress.ts';
import { confirm } from '../output/prompt.ts';
import { requestsText } from '../output/requests-text.ts';
import { hangingIndent } from '../output/text-layout.ts';
import type { Color, Symbols } from '../output/theme.ts';
import type { Context } from '../system/context.ts';
import { certificate } from './doctor/certificate.ts';
import { type Check, ok, problem, type State, skipped } from './doctor/check.ts';
import { clientCertificate } from './doctor/client-certificate.ts';
import { journals, nodeVersion, space } from './doctor/machine.ts';
import { answerAndClock, nameLookUp } from './doctor/network.ts';
import { permissions } from './doctor/permissions.ts';
import { authorisation, noSetUp, questions, setUp } from './doctor/set-up.ts';
import type { App, CommandModule, CommandResult, PlannedRequest } from './shared/command.ts';
import { connect } from './shared/session.ts';

/** ms a single check may take at most. */
const LIMIT_MS = 10_000;

/** `ebill doctor`: is all there that a load needs? */
export const command: CommandModule<Record<string, never>> = {
  help: {
    notes: [
      'Checks Node, the set-up, permissions, journals, free space, the client certificate, the proxy, the name look-up, TLS, the connection, the clocks and the authorisation. Nothing is changed, on the server or here, but permissions that are too wide, where you agree (--yes agrees). A check takes 10 s at most (--timeout shortens that). Ends with 0 when there is no problem (warnings aside), else as its first problem would: 2 for this machine, 5 for the authorisation, 6 for the network.',
    ],
    examples: [
      ['ebill doctor', 'the profile in use'],
      ['ebill doctor --profile prod', 'another one, before load day'],
      ['ebill doctor --json', 'for a script: checks is a list'],
    ],
    exitCodes: [5, 6, 9],
    seeAlso: ['profile show', 'help security', 'help environment'],
  },
  configure: (cmd) => {
    cmd.description('Check the set-up, the network and the authorisation, and say what to do.');
  },
  options: () => ({}),
  run: async (app) => {
    const checks: Check[] = [];
    const requests: PlannedRequest[] = [];
    const progress = createProgress(app.ui, app.context);
    progress.listener({ event: 'wait.start', message: 'checking' });
    try {
      for await (const check of allChecks(app, requests)) checks.push(check);
    } finally {
      progress.stop();
    }
    return app.globals.dryRun ? withRequests(app, resultOf(app, checks), requests) : resultOf(app, checks);
  },
};

/** Permissions are their owner's affair: they are changed when asked to, never by the way. */
async function mayClose({ globals, ui, context }: App, paths: readonly string[]): Promise<boolean> {
  if (globals.dryRun) return false;
  if (globals.yes || !ui.interactive) return globals.yes;
  ui.end();
  ui.note(`Others on this machine may look into ${paths.join(', ')}.`);
  return confirm(context, 'Close them to others?');
}

/** @param requests under `--dry-run` takes up what would be sent */
async function* allChecks(app: App, requests: PlannedRequest[]): AsyncGenerator<Check> {
  const { context, ui } = app;
  yield nodeVersion(context.nodeVersion);
  yield ok(
    'Terminal',
    `progress ${ui.progress}, ${ui.interactive ? 'questions are asked' : 'no questions are asked'}`,
  );
  yield await permissions(context, (paths) => mayClose(app, paths));
  yield await journals(context);
  yield await space(context);
  const found = await connect(app).catch(setUpError);
  if (!(found instanceof EbillError)) {
    yield setUp(found.connection);
    yield* serverChecks(app, found.connection, null, requests);
    return;
  }
  yield noSetUp(found);
  // Without credentials the way to the server can be checked all the same.
  const bare = found.code === 'AUTH' ? await connect(withoutAuth(app)).catch(setUpError) : found;
  if (bare instanceof EbillError) yield* skipAll(SERVER_CHECKS, 'nothing says which server');
  else yield* serverChecks(app, bare.connection, 'there is nothing to authorise with', requests);
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
  return { ...app, context: { ...context, env: { ...context.env, EBILL_AUTH: 'none' } } };
}

/** @param unasked why the authorisation cannot be checked; `null`: it can */
async function* serverChecks(
  app: App,
  connection: Connection,
  unasked: string | null,
  requests: PlannedRequest[],
): AsyncGenerator<Check> {
  const { context, userAgent } = app;
  if (app.globals.dryRun) {
    requests.push(...questions(connection, unasked === null));
    yield* skipAll(SERVER_CHECKS, 'nothing is sent under --dry-run');
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
    yield* skipAll(SERVER_CHECKS.slice(1), 'the name is not found');
    return;
  }
  // Fails when a certificate file of the profile is of no use: then neither check below can begin.
  const transport = await openTransport(context, connection, limitMs).catch(setUpError);
  if (transport instanceof EbillError) {
    const { message, hint, code } = transport;
    yield skipped('TLS', 'a certificate file is of no use');
    yield problem('Connection', message, hint, code);
    yield* skipAll(['Clock', 'Authorisation'], 'there is no connection');
    return;
  }
  try {
    if (url.protocol === 'http:') yield skipped('TLS', 'the base URL is plain http');
    else yield await certificate(context, connection, url, proxy, limitMs);
    const [answer, clock] = await answerAndClock(context, transport, connection, limitMs);
    yield answer;
    yield clock;
    if (answer.state !== 'ok') yield skipped('Authorisation', 'the server did not answer');
    else if (unasked !== null) yield skipped('Authorisation', unasked);
    else
      yield await authorisation(
        createClient({ context, connection, transport, retries: 0, userAgent, onRetry: () => undefined }),
      );
  } finally {
    await transport.close();
  }
}

function proxyOrError(url: URL, { proxy }: Connection, env: Context['env']): ProxyChoice | null | EbillError {
  try {
    return chooseProxy(url, proxy, env);
  } catch (error) {
    return setUpError(error);
  }
}

/** Under `--dry-run`: the checks of this machine, and what would be sent. */
function withRequests(
  { ui }: App,
  result: CommandResult,
  requests: readonly PlannedRequest[],
): CommandResult {
  const text = requests.length === 0 ? result.text : `${result.text}\n\n${requestsText(requests, ui)}`;
  return { ...result, requests, text };
}

const LOOK: Readonly<Record<State, { readonly sign: keyof Symbols; readonly color: Color }>> = {
  ok: { sign: 'done', color: 'green' },
  warning: { sign: 'warning', color: 'yellow' },
  problem: { sign: 'failed', color: 'red' },
  skipped: { sign: 'skipped', color: 'gray' },
};

function resultOf({ ui, known }: App, checks: readonly Check[]): CommandResult {
  const { colors, symbols, clean, width } = ui;
  const lines = checks.flatMap(({ name, state, message, hint }) => {
    const { sign, color } = LOOK[state];
    const word = state === 'ok' ? '' : `${state}: `;
    const lead = `${colors[color](String(symbols[sign]))} ${name.padEnd(14)} `;
    return [
      hangingIndent(lead, clean(`${word}${message}`), width, 4),
      ...(hint === '' ? [] : [hangingIndent(`    ${colors.cyan('→')} `, clean(hint), width)]),
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
  const verdict =
    first === undefined
      ? [
          warnings.length === 0
            ? 'All is well.'
            : `No problem, ${counted(warnings.length, 'warning', 'warnings')}.`,
        ]
      : [];
  return {
    profile: known().profile ?? null,
    job: null,
    outcome: null,
    batches: [],
    error,
    extra: { checks: checks.map(({ name, state, message, hint }) => ({ name, state, message, hint })) },
    text: [...lines, ...(verdict.length === 0 ? [] : ['', ...verdict])].join('\n'),
  };
}
