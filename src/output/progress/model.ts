import type { BatchView } from '../../batch/types.ts';
import type { LoadEvent, PlanEntry, Stage, TimesOf } from '../../load/events.ts';
import type { Context } from '../../system/context.ts';
import { type BatchRow, batchRows } from '../batch-text.ts';
import { counted } from '../format.ts';
import type { Ui } from '../ui.ts';
import { RateMeter, Waits } from './waits.ts';

type EventOf<Name extends LoadEvent['event']> = Extract<LoadEvent, { readonly event: Name }>;

/** A file being uploaded; bytes. */
export interface Upload {
  readonly jobId: string;
  readonly file: string;
  bytes: number;
  total: number;
  readonly meter: RateMeter;
}

export interface StageState {
  readonly state: 'active' | 'done' | 'skipped' | 'stopped';
  /** ms since 1970. */
  readonly since: number;
  readonly until: number | null;
  readonly message: string | null;
}

/** What is known of one batch. */
interface Known {
  readonly batch: BatchView;
  /** When it was first seen in this phase, ms since 1970; `null`: before this run. */
  readonly since: number | null;
  /** Answered by the server in this run, not only recorded in the journal. */
  readonly polled: boolean;
}

/** A batch of the last poll. */
export interface WatchedBatch extends BatchRow {
  /** As the poll before showed it; `null` in the first. */
  readonly before: BatchView | null;
  /** When it was first seen in this phase, ms since 1970. */
  readonly since: number | null;
}

export interface Watch {
  readonly times: TimesOf | null;
  readonly poll: EventOf<'poll'>;
  readonly batches: readonly WatchedBatch[];
  /** The server does not answer. */
  readonly silent: boolean;
  /** It stopped or resumed answering with this poll. */
  readonly silenceChanged: boolean;
}

/** What is going on, for heartbeats. Sizes in bytes, rates in bytes/s. */
export type Activity =
  | {
      readonly doing: 'uploading';
      readonly files: readonly string[];
      readonly bytes: number;
      readonly total: number;
      readonly rate: number | null;
    }
  | {
      readonly doing: 'checking';
      readonly files: number;
      readonly bytes: number;
      /** `null` until it is known. */
      readonly total: number | null;
      readonly rate: number | null;
    }
  | { readonly doing: 'waiting'; readonly message: string; readonly ms: number }
  | { readonly doing: 'stage'; readonly stage: Stage };

/** In their order. */
export const STAGES: readonly Stage[] = ['check', 'init', 'customers', 'invoices', 'results', 'report'];

/** Stages without uploads and polls, which would otherwise be silent. */
const QUIET_STAGES: readonly Stage[] = ['results', 'report'];

/** A poll or two lost within a second is not worth telling. */
const SILENT_AFTER_MS = 1000;

/** All that is going on, kept up to date by events. Renderers read it; it decides nothing and draws nothing. */
export class ProgressModel {
  /** ms since 1970. */
  readonly began: number;
  /** The load of a run; `null` in any other command. */
  job: string | null = null;
  plan: EventOf<'plan'> | null = null;
  /** The files being checked. */
  checking: number | null = null;
  /** The last poll; `null` while no batches are watched. */
  watch: Watch | null = null;
  /** How many files were uploaded. */
  uploaded = 0;
  readonly stages = new Map<Stage, StageState>();
  readonly waits = new Waits();
  readonly #uploads = new Map<string, Upload>();
  /** Bytes of the files being checked. */
  #checked: { bytes: number; total: number | null; readonly meter: RateMeter } = {
    bytes: 0,
    total: null,
    meter: new RateMeter(),
  };
  #times: TimesOf | null = null;
  readonly #known = new Map<string, Known>();
  readonly #polledByFile = new Map<string, Known>();
  readonly #sentFiles = new Set<string>();
  /** The job id each file was sent under, and back: not always the planned one. */
  readonly #jobIdOfFile = new Map<string, string>();
  readonly #fileOfJobId = new Map<string, string>();

  constructor(now: number) {
    this.began = now;
  }

  get uploads(): readonly Upload[] {
    return [...this.#uploads.values()];
  }

  /** @param now ms since 1970 */
  note(event: LoadEvent, now: number): void {
    switch (event.event) {
      case 'run.start':
        this.job = event.job;
        break;
      case 'plan':
        this.plan = event;
        for (const { batch, key } of batchRows(event.recorded))
          this.#known.set(key, { batch, since: null, polled: false });
        break;
      case 'stage.start':
        this.stages.set(event.stage, { state: 'active', since: now, until: null, message: null });
        break;
      case 'stage.end': {
        const { outcome, message } = event;
        const since = this.stages.get(event.stage)?.since ?? now;
        this.stages.set(event.stage, { state: outcome, since, until: now, message });
        break;
      }
      case 'check.start':
        this.checking = event.files;
        this.#checked = { bytes: 0, total: null, meter: new RateMeter() };
        this.#checked.meter.add(now, 0);
        this.waits.start('check', `checking ${counted(event.files, 'file', 'files')}`, now);
        break;
      case 'check.progress':
        this.waits.measure('check', event.bytes, event.total, now);
        this.#checked.bytes = event.bytes;
        this.#checked.total = event.total;
        this.#checked.meter.add(now, event.bytes);
        break;
      case 'check.end':
        this.checking = null;
        this.waits.end('check');
        break;
      case 'wait.start':
        this.waits.start('wait', event.message, now);
        break;
      case 'wait.progress':
        this.waits.measure('wait', event.bytes, event.total, now);
        break;
      case 'wait.end':
        this.waits.end('wait');
        break;
      case 'upload.start':
        this.#startUpload(event, now);
        break;
      case 'upload.progress': {
        const upload = this.#uploads.get(keyOf(event));
        if (upload === undefined) break;
        upload.bytes = event.bytes;
        upload.total = event.total;
        upload.meter.add(now, event.bytes);
        break;
      }
      case 'upload.end':
        this.#uploads.delete(keyOf(event));
        if (event.ok) {
          this.uploaded += 1;
          this.#sentFiles.add(event.file);
        }
        break;
      case 'watch.start':
        this.#times = event.times;
        break;
      case 'poll':
        this.#poll(event);
        break;
      case 'watch.end':
        this.watch = null;
        this.#times = null;
        break;
      case 'step':
      case 'warning':
      case 'retry':
        break;
    }
  }

  /** Nothing is going on any more. */
  clear(): void {
    this.#uploads.clear();
    this.waits.clear();
    this.checking = null;
    this.watch = null;
  }

  /** The planned job id, unless the entry's file was sent under another. */
  jobIdOf({ file, jobId }: PlanEntry): string {
    return (file && this.#jobIdOfFile.get(file.name)) ?? jobId;
  }

  uploadOf({ file }: PlanEntry): Upload | null {
    for (const upload of this.#uploads.values()) if (upload.file === file?.name) return upload;
    return null;
  }

  /** Was the entry's file uploaded in this run? */
  isSent({ file }: PlanEntry): boolean {
    return file !== null && this.#sentFiles.has(file.name);
  }

  /** What is known of the entry's batch; never a batch that holds another file. */
  knownOf(entry: PlanEntry): Known | null {
    const jobId = this.jobIdOf(entry);
    const name = entry.file?.name;
    const byFile = name === undefined ? undefined : this.#polledByFile.get(name);
    const owner = this.#fileOfJobId.get(jobId);
    if (owner !== undefined && owner !== name) return byFile ?? null;
    const byJobId = this.#known.get(jobId);
    return byJobId?.polled ? byJobId : (byFile ?? byJobId ?? null);
  }

  /** What is going on now; `null`: nothing that is known of. */
  activity(now: number): Activity | null {
    const uploads = this.uploads;
    if (uploads.length > 0) {
      const rates = uploads.map(({ meter, bytes }) => meter.at(now, bytes));
      return {
        doing: 'uploading',
        files: uploads.map(({ file }) => file),
        bytes: uploads.reduce((sum, { bytes }) => sum + bytes, 0),
        total: uploads.reduce((sum, { total }) => sum + total, 0),
        rate: rates.every((rate) => rate === null) ? null : rates.reduce<number>((a, b) => a + (b ?? 0), 0),
      };
    }
    if (this.checking !== null) {
      const { bytes, total, meter } = this.#checked;
      return { doing: 'checking', files: this.checking, bytes, total, rate: meter.at(now, bytes) };
    }
    const wait = this.waits.shown(now);
    if (wait !== null) return { doing: 'waiting', message: wait.message, ms: wait.ms };
    const stage = QUIET_STAGES.find((one) => this.stages.get(one)?.state === 'active');
    return stage === undefined ? null : { doing: 'stage', stage };
  }

  #startUpload(event: EventOf<'upload.start'>, now: number): void {
    const { jobId, file, total } = event;
    const meter = new RateMeter();
    meter.add(now, 0);
    this.#uploads.set(keyOf(event), { jobId, file, bytes: 0, total, meter });
    this.#jobIdOfFile.set(file, jobId);
    this.#fileOfJobId.set(jobId, file);
  }

  #poll(poll: EventOf<'poll'>): void {
    const last = this.watch;
    const before = new Map(last?.batches.map(({ key, batch }) => [key, batch]));
    const silent = poll.silentSince !== null && poll.now - poll.silentSince >= SILENT_AFTER_MS;
    const batches = batchRows(poll.batches).map((row) => ({
      ...row,
      before: before.get(row.key) ?? null,
      since: this.#see(row, poll.now),
    }));
    const silenceChanged = silent !== (last?.silent ?? false);
    this.watch = { times: this.#times, poll, batches, silent, silenceChanged };
  }

  #see({ batch, key }: BatchRow, now: number): number | null {
    const before = this.#known.get(key);
    const since = before?.batch.phase === batch.phase ? before.since : now;
    const known = { batch, since, polled: true };
    this.#known.set(key, known);
    if (batch.file !== null) this.#polledByFile.set(batch.file, known);
    return since;
  }
}

const keyOf = ({ jobId, file }: { readonly jobId: string; readonly file: string }): string =>
  `${jobId}\n${file}`;

/** What a renderer draws from, and with. */
export interface RenderContext {
  readonly ui: Ui;
  readonly context: Context;
  readonly model: ProgressModel;
  /** Call it with every line: the next heartbeat is a minute later. */
  heard(): void;
}

/** Draws events. Nothing depends on what it does. */
export interface Renderer {
  /** The model has taken the event in already. */
  event(event: LoadEvent): void;
  /** Called when nothing was written for a minute. */
  heartbeat?(): void;
  stop?(): void;
}
