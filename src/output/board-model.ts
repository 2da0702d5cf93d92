import type { BatchView } from '../batch/types.ts';
import type { SourceFile } from '../load/entries.ts';
import type { LoadEvent, Stage } from '../load/events.ts';
import { RateMeter } from './rate-meter.ts';
import { Waits } from './waits.ts';
import type { BatchTimes, WatchInfo } from './watch-info.ts';

/** One batch of a plan, before anything is sent. */
export interface PlannedRow {
  readonly stage: Stage;
  readonly jobId: string;
  readonly file: Pick<SourceFile, 'name' | 'bytes' | 'records' | 'amount'> | null;
  /** The job id of an items batch's invoice batch. */
  readonly parent: string | null;
}

/** What a plan comes to. */
export interface BoardFacts {
  readonly server: string;
  readonly profile: string | null;
  readonly rows: readonly PlannedRow[];
  /** What is on record of the load already. */
  readonly batches: readonly BatchView[];
  /** When a batch was handed over, and how long it will take. */
  readonly times: (jobId: string) => BatchTimes;
}

export interface StageState {
  readonly state: 'on' | 'done' | 'skipped' | 'stopped';
  /** ms since 1970. */
  readonly since: number;
  readonly until: number | null;
  readonly message: string | null;
}

/** A file on its way; bytes. */
export interface Sending {
  readonly bytes: number;
  readonly total: number;
  readonly meter: RateMeter;
}

interface Seen {
  readonly batch: BatchView;
  /** When it was first seen in this phase, ms since 1970; `null`: before this run. */
  readonly since: number | null;
}

/** Everything the board shows, kept up to date by what the run tells. Nothing is drawn here. */
export class BoardModel {
  facts: BoardFacts | null = null;
  /** The last look of the step going on, and when the next one is. */
  info: WatchInfo | null = null;
  readonly began: number;
  /** Known before the plan is. */
  readonly job: string;
  readonly waits = new Waits();
  readonly stages = new Map<Stage, StageState>();
  readonly #sending = new Map<string, Sending>();
  readonly #sent = new Set<string>();
  /** By file name, the job id it was sent under: not always the one planned. */
  readonly #jobIds = new Map<string, string>();
  /** By job id, what was on record when the plan was made. */
  readonly #record = new Map<string, Seen>();
  /** What looks told since, by job id and by file name. */
  readonly #byJobId = new Map<string, Seen>();
  readonly #byFile = new Map<string, Seen>();

  constructor(now: number, job: string) {
    this.began = now;
    this.job = job;
  }

  plan(facts: BoardFacts): void {
    this.facts = facts;
    for (const batch of facts.batches.flatMap((top) => [top, ...top.children]))
      if (batch.jobId !== null) this.#record.set(batch.jobId, { batch, since: null });
  }

  note(event: LoadEvent, now: number): void {
    switch (event.event) {
      case 'stage.start':
        this.stages.set(event.stage, { state: 'on', since: now, until: null, message: null });
        this.info = null;
        break;
      case 'stage.end': {
        const { outcome, message } = event;
        const since = this.stages.get(event.stage)?.since ?? now;
        this.stages.set(event.stage, { state: outcome, since, until: now, message });
        this.info = null;
        break;
      }
      case 'check.start':
        this.waits.start('check', `checking ${event.files === 1 ? 'the file' : `${event.files} files`}`, now);
        break;
      case 'check.end':
        this.waits.end('check');
        break;
      case 'check.progress':
        this.waits.measure('check', event.bytes, event.total, now);
        break;
      case 'wait.progress':
        this.waits.measure('wait', event.bytes, event.total, now);
        break;
      case 'wait.start':
        this.waits.start('wait', event.message, now);
        break;
      case 'wait.end':
        this.waits.end('wait');
        break;
      case 'upload.start': {
        const meter = new RateMeter();
        meter.add(now, 0);
        this.#sending.set(event.file, { bytes: 0, total: event.total, meter });
        this.#jobIds.set(event.file, event.jobId);
        break;
      }
      case 'upload.progress': {
        const before = this.#sending.get(event.file);
        if (before === undefined) break;
        before.meter.add(now, event.bytes);
        this.#sending.set(event.file, { ...before, bytes: event.bytes, total: event.total });
        break;
      }
      case 'upload.end':
        this.#sending.delete(event.file);
        if (event.ok) this.#sent.add(event.file);
        break;
      case 'step':
      case 'warning':
      case 'retry':
        break;
    }
  }

  look(batches: readonly BatchView[], info: WatchInfo): void {
    this.info = info;
    for (const batch of batches) this.#see(batch, info.now);
  }

  /** Uploads under way. */
  get sending(): readonly Sending[] {
    return [...this.#sending.values()];
  }

  sendingOf({ file }: PlannedRow): Sending | null {
    return (file && this.#sending.get(file.name)) ?? null;
  }

  /** The planned one, unless its file was sent under another. */
  jobIdOf({ file, jobId }: PlannedRow): string {
    return (file && this.#jobIds.get(file.name)) ?? jobId;
  }

  /** Did its file arrive in this run? */
  isSent({ file }: PlannedRow): boolean {
    return file !== null && this.#sent.has(file.name);
  }

  /** What is known of its batch; never of one that holds another file. */
  seen(row: PlannedRow): Seen | null {
    const jobId = this.jobIdOf(row);
    const name = row.file?.name;
    const byFile = name === undefined ? undefined : this.#byFile.get(name);
    const taken = [...this.#jobIds].some(([file, id]) => id === jobId && file !== name);
    if (taken) return byFile ?? null;
    return this.#byJobId.get(jobId) ?? byFile ?? this.#record.get(jobId) ?? null;
  }

  #see(batch: BatchView, now: number): void {
    const { jobId, file } = batch;
    // What is told without a job id (a part of an init) is told with its parent's times.
    const before = jobId === null ? undefined : (this.#byJobId.get(jobId) ?? this.#record.get(jobId));
    const seen = { batch, since: before?.batch.phase === batch.phase ? before.since : now };
    if (jobId !== null) this.#byJobId.set(jobId, seen);
    if (file !== null) this.#byFile.set(file, seen);
    for (const child of batch.children) this.#see(child, now);
  }
}
