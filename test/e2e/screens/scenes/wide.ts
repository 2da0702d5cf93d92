import type { Scene } from '../stage.ts';

/** Names that are wide, joined, or marked: nothing out of line. */
export const wide: Scene = async ({ run, file }) => {
  file('顧客_2020年08月.csv', 'Account Number,Name\n1,Ann\n2,Bob\n3,\n');
  file('👩‍👩‍👧‍👦_cafe\u0301.csv', 'Account Number,Name\n7,Ann\n7,Bob\n');
  await run('init --job 八月_2020 --yes');
  // One batch at a time: of two the journal has first whichever answer came first.
  await run('upload customer 顧客_2020年08月.csv --wait');
  await run('upload customer 👩‍👩‍👧‍👦_cafe\u0301.csv --job 八月_2020 --wait');
  await run('results --rejects');
  await run('loads');
  await run('loads show 八月_2020');
};
