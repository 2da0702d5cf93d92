import { appendFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { BatchView } from '../../batch/types.ts';
import { messageOf } from '../../errors.ts';
import { accountFor } from '../../load/accounting.ts';
import { annotations } from '../../output/github-annotations.ts';
import { jobSummary } from '../../output/github-summary.ts';
import type { Redacted } from '../../redact/redactor.ts';
import type { App, CommandResult } from './command.ts';

/** Bytes GitHub takes for the summary of one step; a larger one is an error there, and none of it is shown. */
const MOST_BYTES = 1024 * 1024;

/** Annotates the GitHub Actions job, and adds to its summary. */
export async function tellGitHub(app: App, result: CommandResult): Promise<void> {
  const { context, ui, redactor } = app;
  const hide = (text: string): string => redactor.clean(text);
  // Under --progress json each line of stderr is an event.
  if (ui.progress !== 'json') {
    const lost = (batch: BatchView): boolean => accountFor(batch).verdict === 'mismatch';
    for (const line of annotations(app.command, result, { hide, lost })) ui.screen.line(line);
  }
  const path = context.env['GITHUB_STEP_SUMMARY'];
  if (path)
    await addSummary(app, resolve(context.cwd, path), redactor.clean(jobSummary(app.command, result, hide)));
}

async function addSummary({ ui }: App, path: string, text: Redacted): Promise<void> {
  try {
    const before = await stat(path).then(
      ({ size }) => size,
      () => 0,
    );
    if (before + Buffer.byteLength(text) > MOST_BYTES) {
      ui.warn('the job summary of this step is full (GitHub takes 1 MiB); this outcome is left out of it');
      return;
    }
    await appendFile(path, text);
  } catch (error) {
    ui.warn(`the job summary could not be written: ${messageOf(error)}`);
  }
}
