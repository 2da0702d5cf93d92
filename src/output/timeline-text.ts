import type { Moment } from '../load/timeline.ts';

/** What the requests and their answers are called. */
const REQUESTS: Readonly<Record<string, Readonly<Record<NonNullable<Moment['outcome']>, string>>>> = {
  init: {
    asked: 'init sent',
    answered: 'init done',
    refused: 'init refused',
    ambiguous: 'init not confirmed',
  },
  create: {
    asked: 'creating batch',
    answered: 'batch created',
    refused: 'batch refused',
    ambiguous: 'batch not confirmed',
  },
  put: {
    asked: 'sending file',
    answered: 'file stored',
    refused: 'file refused',
    ambiguous: 'file not confirmed',
  },
  finalize: {
    asked: 'submitting batch',
    answered: 'batch submitted',
    refused: 'submission refused',
    ambiguous: 'submission not confirmed',
  },
};

const EVENTS: Readonly<Record<string, string>> = {
  call: 'command started',
  seen: 'status received',
  settled: 'confirmed by status',
  found: 'found on the server',
  discovered: 'found on the server',
  adopted: 'batch adopted',
  abandoned: 'batch left behind',
  result: 'result downloaded',
  counted: 'result counted',
  rejects: 'rejects written',
  waived: 'records waived',
  approved: 'approval checked',
  imported: 'load imported',
  closed: 'load closed',
  damaged: 'damaged line',
};

/** What happened, in words: `file stored`. */
export const momentText = ({ event, outcome }: Pick<Moment, 'event' | 'outcome'>): string =>
  (outcome === null ? EVENTS[event] : REQUESTS[event]?.[outcome]) ?? event.replaceAll('-', ' ');
