import type { Scene } from '../stage.ts';

/** The first minute: where one is, help, a profile from questions, the doctor. */
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
    [/A name for the profile/, 'prod\r'],
    [/The base URL of/, `${server.apiUrl}\r`],
    [/How does the server know you/, '\r'],
    [/The token for/, 'wrong-token\r'],
    [/Is it production/, '\r'],
    [/Keep the profile anyway/, 'n\r'],
  ]);
  await run('profile add', [
    [/A name for the profile/, 'prod\r'],
    [/The base URL of/, `${server.apiUrl}\r`],
    [/How does the server know you/, '\r'],
    [/The token for/, 'test-token-1\r'],
    [/Is it production/, 'y\r'],
  ]);
  await run('profile list');
  await run('profile show');
  await run('doctor');
  await run('');
};
