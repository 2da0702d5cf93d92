import { createUi, type OutputOptions, type Ui } from '../../src/output/ui.ts';
import { Redactor } from '../../src/redact/redactor.ts';
import type { Context } from '../../src/system/context.ts';

export const DEFAULTS: OutputOptions = { progress: 'auto', color: 'never', quiet: false, verbose: false };

export function uiFor(
  context: Context,
  options: Partial<OutputOptions> = {},
  redactor = new Redactor(),
): Promise<Ui> {
  return createUi(context, { ...DEFAULTS, ...options }, redactor);
}
