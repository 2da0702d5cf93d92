import { describe, expect, it } from 'vitest';
import { pathsFor } from '../../src/system/context.ts';

describe('the home', () => {
  it('is in the roaming and local folders on Windows', () => {
    const env = { APPDATA: 'C:\\Users\\me\\AppData\\Roaming', LOCALAPPDATA: 'D:\\Local' };
    expect(pathsFor(env, 'win32', () => 'C:\\Users\\me')).toEqual({
      config: 'C:\\Users\\me\\AppData\\Roaming\\ebill',
      state: 'D:\\Local\\ebill',
    });
    expect(pathsFor({ APPDATA: '' }, 'win32', () => 'C:\\Users\\me')).toEqual({
      config: 'C:\\Users\\me\\AppData\\Roaming\\ebill',
      state: 'C:\\Users\\me\\AppData\\Local\\ebill',
    });
  });

  it('is in the usual folders on macOS and Linux', () => {
    const mac = '/Users/me/Library/Application Support/ebill';
    expect(pathsFor({}, 'darwin', () => '/Users/me')).toEqual({ config: mac, state: mac });
    expect(pathsFor({ XDG_CONFIG_HOME: '', XDG_STATE_HOME: '/var/me' }, 'linux', () => '/home/me')).toEqual({
      config: '/home/me/.config/ebill',
      state: '/var/me/ebill',
    });
  });

  it('is EBILL_HOME on every platform, without asking for the user’s folder', () => {
    for (const platform of ['win32', 'darwin', 'linux'] as const)
      expect(pathsFor({ EBILL_HOME: '/x' }, platform, () => '/home/me')).toEqual({
        config: '/x',
        state: '/x',
      });
  });
});
