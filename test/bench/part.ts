import type { Command, Sample } from './measure.ts';
import type { OptionalPeer } from './optional-peers.ts';

/** What a part gets. */
export interface Bench {
  /** Empty, and removed afterwards. */
  readonly folder: string;
  /** Megabytes of the largest file. */
  readonly size: number;
  readonly runs: number;
  /** Calls `close` when the part is over; the last one first. */
  closing(close: () => unknown): void;
}

export interface Part {
  /** Defaults for `--runs` and `--size`. */
  readonly runs?: number;
  readonly size?: number;
  open(bench: Bench): Promise<OpenPart>;
}

interface OpenPart {
  /** The title of the tables. */
  readonly about: string;
  /** The first one of each `group` is the peer, 1.00. */
  readonly candidates: readonly Candidate[];
  /** Figures that are not times, or follow from the rows. */
  facts?(rows: readonly Row[]): readonly Fact[];
}

/** The highest acceptable wall time as a multiple of a peer's, or the most memory in MB. */
export type Goal =
  | {
      readonly atMost: number;
      /** A name in the same group; its first candidate when left out. */
      readonly peer?: string;
    }
  | { readonly atMostMb: number };

/** What became of a goal. */
export interface GoalResult {
  /** `null`: the goal is in MB. */
  readonly peer: string | null;
  readonly atMost: number;
  readonly figure: number;
  readonly met: boolean;
}

export type Figures = Readonly<Record<string, number | string>>;

export interface Candidate extends Command {
  /** Its row and its table. */
  readonly name: string;
  readonly group: string;
  /** Bytes read or sent; adds a column MB/s. */
  readonly bytes?: number;
  readonly goal?: Goal;
  /** A program or package that not every machine has; without it this candidate is left out. */
  readonly needs?: OptionalPeer;
  /** Runs before each measurement. @returns fields that replace the candidate's own */
  before?(): Promise<Partial<Command>> | Partial<Command>;
  /**
   * Runs after each measurement.
   * @returns figures to add to the sample or to replace `wallMs`, `userMs`, `rssMb`. Numbers get a column with their
   *   median; `says` is an answer that all candidates of a group must agree on
   */
  after?(sample: Sample): Figures;
}

/** A candidate's medians; `times` are ratios to the peer of its group. */
export interface Row extends Measured {
  readonly name: string;
  readonly group: string;
  readonly runs: number;
  readonly mbPerSecond?: number;
  readonly times: Measured;
  /** The slowest run as a multiple of the fastest. */
  readonly spread: number;
  readonly goal?: GoalResult;
  readonly own: Figures;
}

export interface Measured {
  readonly wallMs: number;
  readonly userMs: number;
  readonly rssMb: number;
}

export interface Fact {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}
