import type { ErrorCode } from '../../errors.ts';

export type State = 'ok' | 'warning' | 'problem' | 'skipped';

/** What one check found: of what, what, and what to do. */
export interface Check {
  readonly name: string;
  readonly state: State;
  readonly message: string;
  /** Empty when there is nothing to do. */
  readonly hint: string;
  /** What a problem ends with; `null` for anything else. */
  readonly code: ErrorCode | null;
}

export const ok = (name: string, message: string): Check => ({
  name,
  state: 'ok',
  message,
  hint: '',
  code: null,
});

export const warning = (name: string, message: string, hint: string): Check => ({
  name,
  state: 'warning',
  message,
  hint,
  code: null,
});

export const problem = (name: string, message: string, hint: string, code: ErrorCode): Check => ({
  name,
  state: 'problem',
  message,
  hint,
  code,
});

export const skipped = (name: string, message: string): Check => ({
  name,
  state: 'skipped',
  message,
  hint: '',
  code: null,
});
