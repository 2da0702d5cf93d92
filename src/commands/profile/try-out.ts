import { createClient } from '../../api/client.ts';
import { openTransport } from '../../api/net/transport.ts';
import { observed } from '../../api/observed.ts';
import { createProgress } from '../../output/progress.ts';
import { environmentLayer } from '../../profile/environment.ts';
import type { Profile } from '../../profile/profile.ts';
import { registerSecrets } from '../../profile/register.ts';
import { resolve } from '../../profile/resolve.ts';
import type { Check } from '../doctor/check.ts';
import { authorisation } from '../doctor/set-up.ts';
import type { App } from '../shared/command.ts';

/** ms an answer may take to begin; a person waits for it. */
const LIMIT_MS = 10_000;

/**
 * Asks the server of a profile something that changes nothing, as that profile alone would: the environment is left out.
 * @throws the signal's reason when interrupted
 */
export async function tryOut(app: App, profile: Profile, secret: string | null): Promise<Check> {
  const { context, globals, redactor, ui, userAgent } = app;
  const { connection } = resolve({
    options: { profile: profile.name, baseUrl: null },
    env: environmentLayer({}),
    stored: { profile, secret },
  });
  registerSecrets(connection, redactor);
  const progress = createProgress(ui, context);
  progress.listener({ event: 'wait.start', message: `asking ${new URL(profile.baseUrl).host}` });
  try {
    const bare = await openTransport(context, connection, Math.min(LIMIT_MS, globals.timeoutMs));
    const transport = globals.verbose ? observed(bare, context, (line) => ui.note(line)) : bare;
    try {
      return await authorisation(
        createClient({ context, connection, transport, retries: 0, userAgent, onRetry: () => undefined }),
      );
    } finally {
      await transport.close();
    }
  } finally {
    progress.stop();
  }
}
