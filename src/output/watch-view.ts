import type { Context } from '../system/context.ts';
import type { Ui } from './ui.ts';
import type { WatchView } from './watch-info.ts';
import { jsonWatch } from './watch-json.ts';
import { plainWatch } from './watch-plain.ts';
import { ttyWatch } from './watch-tty.ts';

export function createWatchView(ui: Ui, context: Context = ui.context): WatchView {
  switch (ui.progress) {
    case 'tty':
      return ttyWatch(ui, context);
    case 'plain':
      return plainWatch(ui, context);
    case 'json':
      return jsonWatch(ui, context);
    case 'none':
      return { update() {}, stop() {} };
  }
}
