import fc from 'fast-check';

/** Property tests try the same cases in every `npm test`, so that it fails only for a change; `npm run test:all` tries new ones. */
if (process.env['EBILL_NEW_CASES'] === undefined) fc.configureGlobal({ seed: 1 });
