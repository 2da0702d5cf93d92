import type { LoadEvent } from '../../load/events.ts';
import type { Context } from '../../system/context.ts';
import type { Ui } from '../ui.ts';
import type { ProgressModel } from './model.ts';

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
