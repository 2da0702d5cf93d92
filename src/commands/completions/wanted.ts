export interface Candidate {
  readonly value: string;
  /** A few words; may be empty. */
  readonly about: string;
}

/** What may stand where a word is being typed. */
export type Wanted =
  | { readonly type: 'words'; readonly list: readonly Candidate[] }
  /** For the shell, which knows files best. Without extensions: any file. */
  | { readonly type: 'files'; readonly extensions: readonly string[] }
  | { readonly type: 'folders' };
