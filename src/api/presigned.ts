import { addressOf } from '../redact/redactor.ts';

/** What may be kept of a presigned URL: where it points and until when it lives, never a signature. */
export interface PresignedFacts {
  /** Origin and path: the object (batch-api.md, what bites 14). */
  readonly object: string;
  /** ms since 1970; `null` when the URL does not say. */
  readonly expiresAt: number | null;
}

/** `X-Amz-Expires` seconds after `X-Amz-Date` (what bites 7). */
export function presignedFacts(url: string): PresignedFacts {
  const value = (name: string): string => new RegExp(`[?&]${name}=([^&#]*)`, 'i').exec(url)?.[1] ?? '';
  const date = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(value('X-Amz-Date'));
  const seconds = /^\d{1,9}$/.exec(value('X-Amz-Expires'))?.[0];
  const object = addressOf(url);
  if (date === null || seconds === undefined) return { object, expiresAt: null };
  const [, y, mo, d, h, mi, s] = date.map(Number) as [number, number, number, number, number, number, number];
  return { object, expiresAt: Date.UTC(y, mo - 1, d, h, mi, s) + Number(seconds) * 1000 };
}

/** ms before its end when a URL is no longer worth starting with: clocks differ and a request takes a moment to arrive. */
const MARGIN_MS = 5_000;

/** Is the URL past its life (by this machine's clock)? One that names no end never is. */
export function isExpired(facts: PresignedFacts, now: number): boolean {
  return facts.expiresAt !== null && now >= facts.expiresAt - MARGIN_MS;
}
