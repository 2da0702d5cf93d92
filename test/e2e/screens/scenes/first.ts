import type { Scene } from '../stage.ts';

/** The first minute: the overview, help, a profile from questions, doctor. */
export const first: Scene = async ({ run, env, server }) => {
  delete env['EBILL_BASE_URL'];
  delete env['EBILL_TOKEN'];
  delete env['EBILL_AUTH'];
  await run('');
  await run('--help');
  await run('upload invoice --help');
  await run('help exit-codes');
  await run('profile list');
  await run('doctor');
  await run('profile add', [
    [/Profile name/, 'prod\r'],
    [/Base URL of/, `${server.apiUrl}\r`],
    [/How do you authorise/, '\r'],
    [/The token for/, 'wrong-token\r'],
    [/Is this a production server/, '\r'],
    [/Save the profile anyway/, 'n\r'],
  ]);
  await run('profile add', [
    [/Profile name/, 'prod\r'],
    [/Base URL of/, `${server.apiUrl}\r`],
    [/How do you authorise/, '\r'],
    [/The token for/, 'test-token-1\r'],
    [/Is this a production server/, 'y\r'],
  ]);
  await run('profile list');
  await run('profile show');
  await run('doctor');
  await run('');
};
