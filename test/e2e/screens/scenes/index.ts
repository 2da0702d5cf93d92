import type { Scene } from '../stage.ts';
import { closing } from './closing.ts';
import { first } from './first.ts';
import { live } from './live.ts';
import { month } from './month.ts';
import { trouble } from './trouble.ts';
import { wide } from './wide.ts';

/** By the name of the golden files. */
export const scenes: Readonly<Record<string, Scene>> = { first, month, closing, live, trouble, wide };
