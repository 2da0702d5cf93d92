import { EbillError } from '../errors.ts';
import type { SandboxOptions } from './options.ts';

interface World {
  /** For the help. */
  readonly about: string;
  readonly options: SandboxOptions;
}

/** Servers, gateways and storages as they are met in practice, each with one habit that a client must survive. */
const WORLDS = {
  'slow-init': {
    about: 'an init takes 12 s behind a gateway that answers 504 after 4 s, and shows only when it is done',
    options: { repeats: 'execute', faults: ['init@*=gateway:4s,12s'] },
  },
  'late-commit': {
    about: 'an init, the first creates and each finalize take 75 s and show only when they are done',
    options: {
      repeats: 'execute',
      faults: ['init@*=late:75s', 'create@1-2=late:75s', 'finalize@*=late:75s'],
    },
  },
  gateway: {
    about: 'a gateway answers 504 at once, and the request is executed 3 s later',
    options: {
      repeats: 'execute',
      faults: [
        'init@*=gateway:0s,3s',
        'create@2=gateway:0s,3s',
        'create@5=gateway:0s,3s',
        'finalize@*=gateway:0s,3s',
      ],
    },
  },
  'read-lag': {
    about: 'status questions show an init, a create and a finalize 1.5 s after they were answered',
    options: { faults: ['init@*=hidden:1500ms', 'create@*=hidden:1500ms', 'finalize@*=hidden:1500ms'] },
  },
  created: {
    about: 'the status of a new batch is Created, not Draft',
    options: { draftName: 'Created' },
  },
  'stays-draft': {
    about: 'the first finalize of each kind is answered 200 and changes nothing',
    options: { faults: ['finalize:customer=ignored', 'finalize:invoice=ignored'] },
  },
  'other-batch': {
    about: 'some answers are about another batch',
    options: {
      repeats: 'execute',
      faults: [
        'init=other-job-id',
        'create@2=other-batch',
        'finalize@1=other-batch',
        'status@3=other-batch',
        'status@7=other-batch',
        'status@12=other-id',
      ],
    },
  },
  'padded-ids': {
    about: 'ids are padded with zeros to ten digits',
    options: { padIds: 10 },
  },
  pages: {
    about: 'some requests are answered 200 by a sign-in page, executed or not',
    options: { repeats: 'execute', faults: ['init=html', 'finalize@1=html', 'any@*/5=page'] },
  },
  storage: {
    about:
      'the storage answers 200 to files that it did not store, or without an ETag, or with one that is not an MD5',
    options: {
      missingFiles: 'fail',
      faults: ['put@1=page', 'put@2=error-body', 'put@3=early', 'put@4=no-etag', 'put@*/2=kms-etag'],
    },
  },
  'late-counts': {
    about: 'counts come 10 s after the final status, and parts of an init 30 s after it',
    options: { countsDelayMs: 10_000, initPartsDelayMs: 30_000 },
  },
  forgetful: {
    about: 'the server forgets the first customer batch after it was asked about it three times',
    options: { faults: ['status:customer@3=forget'] },
  },
  cache: {
    about: 'a proxy repeats the answer to a status question for 30 s unless asked not to',
    options: { cacheMs: 30_000 },
  },
  conflict: {
    about: 'a job id that is used again is refused with 409, and some answers to a create are lost',
    options: { duplicates: 'conflict', faults: ['create@2=reset-after', 'create@5=reset-after'] },
  },
  'another-draft': {
    about: 'a job id that is used again gets another batch, and some answers to a create are lost',
    options: { duplicates: 'another', faults: ['create@2=reset-after', 'create@5=reset-after'] },
  },
} as const satisfies Readonly<Record<string, World>>;

export type WorldName = keyof typeof WORLDS;

export const WORLD_NAMES = Object.keys(WORLDS) as WorldName[];

/** For the help: a line for each. */
export const WORLD_LIST = WORLD_NAMES.map((name) => `  ${name.padEnd(15)}${WORLDS[name].about}`).join('\n');

/**
 * The options of several worlds together: of one option the last value counts, faults are added up.
 * @throws EbillError USAGE for an unknown name
 */
export function worldOptions(names: readonly string[]): SandboxOptions {
  const all = names.map((given): SandboxOptions => {
    const name = WORLD_NAMES.find((known) => known === given);
    if (name) return WORLDS[name].options;
    throw new EbillError('USAGE', `--world cannot be "${given}"`, { hint: `Use ${WORLD_NAMES.join(', ')}.` });
  });
  return Object.assign({}, ...all, { faults: all.flatMap((options) => options.faults ?? []) });
}
