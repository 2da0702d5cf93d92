import { createHash } from 'node:crypto';
import { type Answer, ApiError, apiErrorAnswer, s3ErrorAnswer, xmlAnswer } from '../../src/sandbox/answer.ts';
import { type Effects, readCall } from '../../src/sandbox/api-calls.ts';
import {
  type Delivery,
  documentAsWritten,
  faultResponse,
  GATEWAY_TIMEOUT,
  withFault,
} from '../../src/sandbox/fault-effects.ts';
import { type FaultAction, FaultList } from '../../src/sandbox/faults.ts';
import { type SandboxOptions, type Settings, settingsOf } from '../../src/sandbox/options.ts';
import { type SandboxSnapshot, snapshotOf } from '../../src/sandbox/snapshot.ts';
import {
  type Call,
  childrenOf,
  emptyState,
  type Side,
  type StoredBatch,
  type StoredObject,
  type StoredState,
} from '../../src/sandbox/state.ts';
import { writeXml } from '../../src/sandbox/xml.ts';
import type { Clock } from './clock.ts';

export interface Request {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export const API = 'http://127.0.0.1:8480';
const S3 = 'http://127.0.0.1:8481/bucket/';

/** The sandbox's rules without its sockets and files: one state, by the month's clock. */
export class Server {
  readonly state: StoredState = emptyState({ invoices: 7, creditMemos: 1, debitMemos: 0 });
  readonly #settings: Settings;
  readonly #clock: Clock;
  readonly #faults = new FaultList();
  readonly #contents = new Map<string, Buffer>();
  readonly #cache = new Map<string, { readonly answer: Answer; readonly until: number }>();
  readonly #effects: Effects;

  constructor(options: SandboxOptions, clock: Clock) {
    this.#settings = settingsOf({ ...options, now: clock.now });
    this.#clock = clock;
    for (const fault of this.#settings.faults) this.#faults.add(fault);
    const { state } = this;
    this.#effects = {
      settings: this.#settings,
      store: { state, save: () => undefined, object: (key) => this.#object(key) },
      processor: { start: (batch) => this.#process(batch) },
    };
  }

  snapshot(): SandboxSnapshot {
    return snapshotOf(this.state, this.#settings);
  }

  /** Takes its fault at once, synchronously: requests count in the order they arrive. */
  async handle(request: Request): Promise<Delivery> {
    const side: Side = request.url.startsWith(API) ? 'api' : 's3';
    const call = side === 'api' ? this.#apiCall(request) : this.#s3Call(request);
    const action = this.#faults.take(call.name, call.kind, call.jobId)?.action ?? null;
    const clock = this.#clock;
    if (action?.type === 'gateway') {
      clock.after(action.effectMs, () => void call.perform(action));
      await clock.wait(action.answerMs);
      return GATEWAY_TIMEOUT;
    }
    if (action?.type === 'late') await clock.wait(action.ms);
    const delivery =
      (action && faultResponse(action, side, '1')) ??
      this.#answered(action, await call.perform(action), side);
    if (action?.type === 'slow') await clock.wait(action.ms);
    return delivery;
  }

  #answered(action: FaultAction | null, answer: Answer | 'reset', side: Side): Delivery {
    if (answer === 'reset') return { how: 'reset' };
    return action ? withFault(action, answer, side, '1') : { how: 'send', answer };
  }

  #apiCall({ method, url, headers, body }: Request): Identified {
    const call = readCall(method, url, body, this.state);
    const { call: name, kind, jobId } = call;
    const perform = async (fault: FaultAction | null): Promise<Answer> => {
      const cacheable = name === 'status' && !/no-cache/.test(headers['cache-control'] ?? '');
      const cached = cacheable ? this.#cache.get(url) : undefined;
      if (cached && this.#clock.now() < cached.until) return cached.answer;
      try {
        const document = await call.perform(this.#effects, {
          changed: () => undefined,
          fault,
          uploadUrl: async (key) =>
            this.#signed(key, fault?.type === 'expired' ? -60 : this.#settings.urlExpirySeconds),
          downloadUrl: async (key) => this.#signed(key, this.#settings.downloadExpirySeconds),
        });
        const written = documentAsWritten(document, this.#settings, fault);
        const answer = xmlAnswer(200, writeXml(written, this.#settings.style));
        if (cacheable && this.#settings.cacheMs > 0)
          this.#cache.set(url, { answer, until: this.#clock.now() + this.#settings.cacheMs });
        return answer;
      } catch (error) {
        if (error instanceof ApiError) return apiErrorAnswer(error.status, error.message);
        throw error;
      }
    };
    return { name, kind, jobId, perform };
  }

  #s3Call({ method, url, body }: Request): Identified {
    const [path = '', query = ''] = url.slice(S3.length).split('?');
    const key = decodeURIComponent(path);
    const put = method === 'PUT';
    const batches = this.state.batches.filter((one) => (put ? one.objectKey : one.work?.resultKey) === key);
    const batch = batches.findLast(({ queuedAt }) => queuedAt === null) ?? batches.at(-1) ?? null;
    const until = Number(/until=(-?\d+)/.exec(query)?.[1]);
    const perform = async (fault: FaultAction | null): Promise<Answer | 'reset'> => {
      if (this.#clock.now() > until)
        return s3ErrorAnswer({ status: 403, code: 'AccessDenied', message: 'Request has expired' }, '1');
      if (put) return this.#put(key, body, fault);
      const object = this.#object(key);
      if (!object) return s3ErrorAnswer({ status: 404, code: 'NoSuchKey', message: 'no' }, '1');
      const bytes = this.#contents.get(object.blob) ?? Buffer.alloc(0);
      return { status: 200, headers: { etag: `"${object.md5}"` }, body: bytes };
    };
    return {
      name: put ? 'put' : 'download',
      kind: batch?.kind ?? null,
      jobId: batch?.jobId ?? null,
      perform,
    };
  }

  #put(key: string, given: Buffer, fault: FaultAction | null): Answer | 'reset' {
    if (fault?.type === 'reset-during') return 'reset';
    const body = Buffer.from(given);
    if (fault?.type === 'corrupt') body[0] = (body[0] ?? 0) ^ 0xff;
    const { md5 } = this.#store(key, body);
    if (fault?.type === 'no-etag') return { status: 200, headers: {}, body: Buffer.alloc(0) };
    const etag =
      fault?.type === 'bad-etag'
        ? md5.split('').reverse().join('')
        : fault?.type === 'kms-etag'
          ? `${md5}-1`
          : md5;
    return { status: 200, headers: { etag: `"${etag}"`, 'x-amz-request-id': '1' }, body: Buffer.alloc(0) };
  }

  #store(key: string, bytes: Buffer): StoredObject {
    const digest = (name: string): string => createHash(name).update(bytes).digest('hex');
    const sha256 = digest('sha256');
    this.#contents.set(sha256, bytes);
    const puts = (this.#object(key)?.puts ?? 0) + 1;
    const object = {
      blob: sha256,
      bytes: bytes.length,
      md5: digest('md5'),
      sha256,
      storedAt: this.#clock.now(),
      puts,
    };
    this.state.objects[key] = object;
    return object;
  }

  #object(key: string): StoredObject | null {
    return this.state.objects[key] ?? null;
  }

  /** A URL with an expiry, as S3 presigns it; the signature is left out. */
  #signed(key: string, seconds: number): string {
    const now = this.#clock.now();
    const date = new Date(now).toISOString().replace(/[:-]|\.\d{3}/g, '');
    return `${S3}${encodeURIComponent(key)}?X-Amz-Date=${date}&X-Amz-Expires=${Math.max(1, seconds)}&until=${now + seconds * 1000}`;
  }

  /** Every record is loaded, but for those that a fault loses. */
  #process(batch: StoredBatch): void {
    for (const one of [batch, ...childrenOf(this.state, batch)]) {
      if (one.work) continue;
      const text = this.#contents.get(one.source?.blob ?? '')?.toString() ?? '';
      const [header = '', ...lines] = text.trimEnd().split('\n');
      const records = lines.slice(one.loses ?? 0);
      const resultKey = `acme/out/${(one.inputFilename ?? '').replace(/\.[^.]*$/, '')}_Batch_${one.id}_1_output.csv`;
      one.work = { succeeded: records.length, failed: 0, errorMessage: '', resultKey };
      const result = [`${header},Status,Message`, ...records.map((line) => `${line},Success,`), ''];
      this.#store(resultKey, Buffer.from(result.join('\r\n')));
    }
  }
}

interface Identified {
  readonly name: Call;
  readonly kind: StoredBatch['kind'] | null;
  readonly jobId: string | null;
  readonly perform: (fault: FaultAction | null) => Promise<Answer | 'reset'>;
}
