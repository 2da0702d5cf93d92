/** Imports a module of `src` by its path there, without its ending. */
type Load = (name: string) => Promise<Record<string, unknown>>;

export const TARGETS: Readonly<
  Record<
    string,
    {
      readonly seeds: readonly string[];
      readonly dictionary: readonly string[];
      make(load: Load): Promise<(bytes: Buffer) => void>;
    }
  >
>;
