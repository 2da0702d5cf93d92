import type { Connection } from '../../api/connection.ts';
import { isLoopback } from '../../api/net/addresses.ts';
import {
  type HttpRequest,
  type HttpResponse,
  openTransport,
  redirectTarget,
  type Transport,
} from '../../api/net/transport.ts';
import { isPermanent } from '../../api/net/transport-error.ts';
import { documentOutcome } from '../../batch/outcome.ts';
import { EbillError, messageOf } from '../../errors.ts';
import type { LoadEvent } from '../../load/events.ts';
import { wholeSeconds } from '../../output/format.ts';
import { toJson } from '../../output/json.ts';
import { type Notice, notificationText } from '../../output/notification-text.ts';
import { profileNamed } from '../../profile/profile.ts';
import { environmentLayer, profileToUse } from '../../profile/resolve.ts';
import { loadProfiles } from '../../profile/store.ts';
import { addConnectionSecrets, addSecretUrl } from '../../redact/known-secrets.ts';
import { type Context, withChanges } from '../../system/context.ts';
import { oneLine } from '../../system/escaping.ts';
import { parseUrl } from '../../system/url.ts';
import { type App, CHANGING, type CommandResult, EMPTY_RESULT } from './command.ts';

/** The time limit of a notification, its tries and redirects included, ms. */
const LIMIT_MS = 10_000;
/** ms before the second and the third try. */
const PAUSES_MS = [500, 2000] as const;
const MAX_REDIRECTS = 3;

/** Where `--notify-url` posts to. */
export interface Webhook {
  /** Posts after what is still being posted. Never rejects: a failure is a warning. */
  post(notice: Notice, result: CommandResult): Promise<void>;
  close(): Promise<void>;
}

/**
 * Checks the URL, and posts to it when a server stays silent for half of the patience or a run stops after a step.
 * @throws EbillError USAGE when the URL cannot be used; it is in no message
 */
export async function openWebhook(app: App, given: string, patienceMs: number): Promise<Webhook> {
  const { redactor, ui, globals } = app;
  addSecretUrl(given, redactor);
  const connection = await connectionFor(app);
  const url = checkedUrl(given, connection.allowInsecure);
  // It is no request of the load: an error still says whether anything was sent.
  const context = withChanges(app.context, { onRequest: () => undefined });
  let transport: Promise<Transport> | undefined;
  let last: Promise<void> = Promise.resolve();
  const send = async (request: HttpRequest): Promise<HttpResponse> => {
    transport ??= openTransport(context, { ...connection, baseUrl: url.origin }, LIMIT_MS);
    return (await transport).send(request);
  };

  async function posted(notice: Notice, result: CommandResult): Promise<void> {
    try {
      await postNotice(send, context, {
        url: url.href,
        userAgent: app.userAgent,
        ...bodies(app, notice, result),
      });
    } catch (error) {
      if (context.signal.aborted) return;
      const reason = redactor.clean(oneLine(messageOf(error)));
      ui.warn(`the notification (--notify-url) was not delivered: ${reason}; the exit code does not change`);
    }
  }

  const webhook: Webhook = {
    post: (notice, result) => {
      last = last.then(() => posted(notice, result));
      return last;
    },
    close: async () => {
      await last;
      await (await transport)?.close();
    },
  };
  if (!globals.dryRun) app.listeners.push(alertsOf(app, webhook, patienceMs));
  return webhook;
}

/** Posts what needs attention before the end: once for each silence, and where a step stops a run. */
function alertsOf(app: App, webhook: Webhook, patienceMs: number): (event: LoadEvent) => void {
  let told = false;
  const post = (notice: Notice, error: EbillError): void => {
    const known: CommandResult = { ...EMPTY_RESULT, ...app.known(), error };
    // Nobody waits for it here: the load goes on.
    void webhook.post(notice, { ...known, outcome: documentOutcome(known, CHANGING.has(app.command)) });
  };
  return (event) => {
    if (event.event === 'stage.end' && event.reason !== undefined)
      post({ event: 'stopped', stage: event.stage }, event.reason);
    if (event.event !== 'poll') return;
    const { silentSince: since, silentMs = 0 } = event;
    if (since === null) told = false;
    // After the whole of it the command ends, which is posted anyway.
    else if (!told && silentMs >= patienceMs / 2 && silentMs < patienceMs) {
      told = true;
      const silentSince = new Date(since).toISOString();
      const error = new EbillError('UNAVAILABLE', `The server has not answered since ${silentSince}.`, {
        hint: `Check the server and the network. ebill goes on asking, and stops with exit code 6 after ${wholeSeconds(patienceMs)} without an answer.`,
      });
      post({ event: 'silent', silentSince, silentSeconds: Math.round(silentMs / 1000) }, error);
    }
  };
}

/** Without presigned URLs even under --show-urls: a notification ends up in chat rooms. */
function bodies(app: App, notice: Notice, result: CommandResult): Pick<Post, 'document' | 'text'> {
  const { redactor, command } = app;
  const exitCode = result.error?.exitCode ?? 0;
  const text = notificationText(notice, { ...result, command, exitCode }, (value) => redactor.hide(value));
  const extra = { ...result.extra, ...notice, text };
  return {
    document: toJson({ ...result, command, exitCode, extra }, { redactor, showUrls: false }),
    text: JSON.stringify({ text }),
  };
}

/** Bodies are JSON. */
interface Post {
  readonly url: string;
  readonly userAgent: string;
  readonly document: string;
  /** For a receiver that refuses the document. */
  readonly text: string;
}

/**
 * Posts within the limit, and tries again after a temporary failure.
 * @throws Error with the reason
 */
export async function postNotice(
  send: (request: HttpRequest) => Promise<HttpResponse>,
  { signal: interruption, sleep }: Pick<Context, 'signal' | 'sleep'>,
  { url, userAgent, document, text }: Post,
): Promise<void> {
  const limit = new AbortController();
  const late = new Error(`no answer within ${LIMIT_MS / 1000} s`);
  const timer = setTimeout(() => limit.abort(late), LIMIT_MS);
  const signal = AbortSignal.any([interruption, limit.signal]);
  const headers = { 'content-type': 'application/json', 'user-agent': userAgent };
  try {
    let body = document;
    for (let tries = 0; ; ) {
      const end = await answerOf(
        (to) => send({ method: 'POST', url: to, headers, body, signal, fresh: true }),
        url,
      );
      if (end.ok) return;
      signal.throwIfAborted();
      // Google Chat refuses fields that it does not know.
      if (end.refused && body !== text) {
        body = text;
        continue;
      }
      const pause = end.again ? PAUSES_MS[tries] : undefined;
      if (pause === undefined) throw new Error(end.reason);
      tries += 1;
      await sleep(pause, signal);
    }
  } catch (error) {
    throw limit.signal.aborted ? late : error;
  } finally {
    clearTimeout(timer);
  }
}

interface Answer {
  readonly ok: boolean;
  readonly reason: string;
  /** Whether another try may succeed. */
  readonly again: boolean;
  /** The receiver does not take this body. */
  readonly refused: boolean;
}

/** Follows redirects within the origin only: the notification is for that receiver. */
async function answerOf(post: (url: string) => Promise<HttpResponse>, first: string): Promise<Answer> {
  let url = first;
  for (let hops = 0; ; hops += 1) {
    let response: HttpResponse;
    try {
      response = await post(url);
      await response.body.dump();
    } catch (error) {
      return { ok: false, reason: messageOf(error), again: !isPermanent(error), refused: false };
    }
    const { status, headers } = response;
    const next = status === 303 ? null : redirectTarget(status, headers['location'], url);
    if (next !== null && new URL(next).origin !== new URL(first).origin) {
      const reason = `the receiver redirects to another host (${status}), which is not followed`;
      return { ok: false, reason, again: false, refused: false };
    }
    if (next === null || hops === MAX_REDIRECTS) {
      const again = status === 408 || status === 429 || status >= 500;
      const refused = status === 400 || status === 413 || status === 422;
      return { ok: status >= 200 && status < 300, reason: `the receiver answered ${status}`, again, refused };
    }
    url = next;
  }
}

/** @throws EbillError USAGE */
function checkedUrl(given: string, allowInsecure: boolean): URL {
  const wrong = (message: string, hint: string): EbillError =>
    new EbillError('USAGE', `The URL of --notify-url (or EBILL_NOTIFY_URL) ${message}.`, { hint });
  const url = parseUrl(given.trim());
  if (url === null || !/^https?:$/.test(url.protocol) || /[\s\\]/.test(given.trim()))
    throw wrong('is no https URL', 'Copy it from the chat or workflow that receives the notifications.');
  if (url.username !== '' || url.password !== '')
    throw wrong(
      'has a user name or a password in it',
      'Use a URL that has its token in the path or the query.',
    );
  if (url.protocol !== 'https:' && !allowInsecure && !isLoopback(url))
    throw wrong(
      'is plain http: it would be sent unencrypted',
      'Use https://. If the network is private: ebill profile set NAME --allow-insecure',
    );
  url.hash = '';
  return url;
}

/** The network of the profile in use. A profile that cannot be read is reported by the command itself. */
async function connectionFor({ context, globals, redactor }: App): Promise<Connection> {
  const own = await (async () => {
    const choice = profileToUse(globals, environmentLayer(context.env));
    if (choice === 'none') return null;
    const profiles = await loadProfiles(context);
    const name = choice === 'default' ? profiles.current : choice.name;
    return name === null ? null : profileNamed(profiles, name);
  })().catch(() => null);
  const connection: Connection = {
    profile: own?.name ?? null,
    baseUrl: '',
    organisation: null,
    auth: { type: 'none' },
    query: {},
    headers: {},
    statusNames: {},
    recordStatus: {},
    caFile: own?.caFile ?? null,
    clientCert: null,
    clientKey: null,
    proxy: own?.proxy ?? null,
    allowInsecure: own?.allowInsecure ?? false,
    production: false,
  };
  addConnectionSecrets(connection, redactor);
  return connection;
}
