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
  readonly file: Pick<SourceFile, 'name' | 'bytes' | 'records'> | null;
  /** The job id of an items batch's invoice batch. */
  readonly parent: string | null;
}

/** What a plan comes to. */
export interface BoardFacts {
  readonly job: string;
  readonly server: string;
  readonly profile: string | null;
  readonly rows: readonly PlannedRow[];
  /** When a batch was handed over, and how long it will take. */
  readonly times: (jobId: string) => BatchTimes;
}

export interface StageState {
  readonly state: 'waiting' | 'on' | 'done' | 'skipped' | 'stopped';
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

/** Everything the board shows, kept up to date by what the run tells. Nothing is drawn here. */
export class BoardModel {
  facts: BoardFacts | null = null;
  /** The last look, and when the next one is. */
  info: WatchInfo | null = null;
  readonly began: number;
  readonly waits = new Waits();
  readonly stages = new Map<Stage, StageState>();
  /** By file name: one for each in a plan, whatever job id it ends up with. */
  readonly sending = new Map<string, Sending>();
  readonly sent = new Set<string>();
  /** By file name, an init by its job id. */
  readonly seen = new Map<string, BatchView>();

  constructor(now: number) {
    this.began = now;
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
        break;
      }
      case 'check.start':
        this.waits.start('check', `checking ${event.files === 1 ? 'the file' : `${event.files} files`}`, now);
        break;
      case 'check.end':
        this.waits.end('check');
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
        this.sending.set(event.file, { bytes: 0, total: event.total, meter });
        break;
      }
      case 'upload.progress': {
        const before = this.sending.get(event.file);
        if (before === undefined) break;
        before.meter.add(now, event.bytes);
        this.sending.set(event.file, { ...before, bytes: event.bytes, total: event.total });
        break;
      }
      case 'upload.end':
        this.sending.delete(event.file);
        if (event.ok) this.sent.add(event.file);
        break;
      case 'step':
      case 'warning':
      case 'retry':
        break;
    }
  }

  look(batches: readonly BatchView[], info: WatchInfo): void {
    this.info = info;
    for (const batch of batches) this.#see(batch);
  }

  #see(batch: BatchView): void {
    const key = batch.file ?? batch.jobId;
    if (key !== null) this.seen.set(key, batch);
    for (const child of batch.children) this.#see(child);
  }
}

export const keyOf = (row: PlannedRow): string => row.file?.name ?? row.jobId;
