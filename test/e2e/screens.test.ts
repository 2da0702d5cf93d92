import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DARK, LIGHT, picture } from './screens/picture.ts';
import { scenes } from './screens/scenes/index.ts';
import { buildActor, type Capture, Theatre } from './screens/theatre.ts';

let theatre: Theatre;
beforeAll(async () => {
  theatre = new Theatre(await buildActor());
});
afterAll(() => theatre?.close());

const shown = ({ name, lines }: Capture): string => `━━━ ${name}\n${lines.join('\n')}`;

/** Under each line that has a style, what its columns have. */
const painted = ({ name, lines, styles }: Capture): string =>
  `━━━ ${name}\n${lines.flatMap((line, i) => (styles[i] ? [line, styles[i]] : [line])).join('\n')}`;

/** What `npm test` draws. */
const SOME = ['first', 'month'];

// A change in looks shows as a diff. When it is meant:
// npx vitest run test/e2e/screens.test.ts -u --tags-filter 'slow || !slow'
// Elsewhere folders have longer names, and what is shown of them breaks lines in other places.
describe.skipIf(process.platform !== 'linux').each(Object.keys(scenes))(
  'the screens of the scene %s, in a real terminal',
  (scene) => {
    const looks = async (columns: number): Promise<void> => {
      const captures = await theatre.play(scene, columns);
      await expect(`${captures.map(shown).join('\n\n')}\n`).toMatchFileSnapshot(
        `../golden/screens-${scene}-${columns}.txt`,
      );
      expect(captures.flatMap(({ wrapped }) => wrapped)).toEqual([]);
      if (columns !== 80) return;
      await expect(`${captures.map(painted).join('\n\n')}\n`).toMatchFileSnapshot(
        `../golden/screens-${scene}-styles.txt`,
      );
      const run = captures.find(({ name }) => name.startsWith('$ ebill run') && name.endsWith(', meanwhile'));
      if (run === undefined) return;
      // The picture in the README.
      await expect(picture(run, LIGHT)).toMatchFileSnapshot('../../.github/run-light.svg');
      await expect(picture(run, DARK)).toMatchFileSnapshot('../../.github/run-dark.svg');
    };
    it('at 80 columns', { tags: SOME.includes(scene) ? [] : ['slow'] }, () => looks(80));
    it.each([40, 120, 200])('at %i columns', { tags: 'slow' }, looks);
  },
);
