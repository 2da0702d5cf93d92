/** How many cases a property test tries: few in every `npm test`, all in `npm run test:all`. */
export const runs = (few: number, all: number): number =>
  process.env['EBILL_NEW_CASES'] === undefined ? few : all;
