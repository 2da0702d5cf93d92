/** What the program's side of a pty tells the test's side, between the lines: an escape sequence no terminal draws. */
export interface Cue {
  /** What the capture is called in the golden file; `null`: none is kept. */
  readonly name: string | null;
  /** A pattern the screen must show first; `null`: what was written so far is all of it. */
  readonly until: string | null;
  /** What is typed then. `null`: nothing; the program is told to go on when it waits. */
  readonly keys: string | null;
  /** Pieces of text that differ from run to run, and what stands for each, as long as they are. */
  readonly random: readonly (readonly [string, string])[];
}

/** What the test's side writes to a file before it signals. */
export interface Order {
  readonly scene: string;
  readonly columns: number;
  /** An empty folder for the scene. */
  readonly root: string;
}

/** The number of the escape sequence: one nobody uses. */
export const CUE = 7717;

/** `ready`: what was played is over, and the next order is waited for. */
export type Told = Cue | 'ready';

export const cueText = (cue: Told): string =>
  `\u001b]${CUE};${Buffer.from(JSON.stringify(cue)).toString('base64')}\u0007`;

export const readCue = (data: string): Told =>
  JSON.parse(Buffer.from(data, 'base64').toString('utf8')) as Told;
