/** The operating system's keychain: secrets by profile name. */
export interface Keychain {
  get(profile: string): Promise<string | null>;
  set(profile: string, secret: string): Promise<void>;
  /** Does nothing when there is none. */
  remove(profile: string): Promise<void>;
}

const SERVICE = 'ebill';
/** Time limit, ms: a locked keychain waits for the user, and must not hang a script. */
const LIMIT_MS = 3000;

/**
 * The keychain of this machine; `null` when the optional package is not installed. On Linux only the Secret Service: the
 * package would fall back to the kernel's keyring, which loses everything at the next boot.
 */
export async function systemKeychain(): Promise<Keychain | null> {
  const loaded = await import('@napi-rs/keyring').catch(() => null);
  if (loaded === null) return null;
  const { AsyncEntry } = loaded;
  const entry = (profile: string) => new AsyncEntry(SERVICE, profile, { linux: { store: 'secret-service' } });
  const limit = (): AbortSignal => AbortSignal.timeout(LIMIT_MS);
  return {
    get: async (profile) => (await within(entry(profile).getPassword(limit()))) ?? null,
    set: (profile, secret) => within(entry(profile).setPassword(secret, limit())),
    remove: async (profile) => void (await within(entry(profile).deletePassword(limit()))),
  };
}

/** The signal does not end a call that hangs in a system library. */
function within<T>(work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`no answer within ${LIMIT_MS / 1000} s`)),
      LIMIT_MS + 100,
    );
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
