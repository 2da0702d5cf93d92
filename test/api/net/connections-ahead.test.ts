import { Socket } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { connectionsAhead } from '../../../src/api/net/connections-ahead.ts';

type Made = { readonly host: string; readonly end: (error: Error | null) => Socket };

const options = { protocol: 'https:', hostname: 's3.example.com', host: 's3.example.com', port: '' };
const ORIGIN = 'https://s3.example.com';

function rig() {
  const made: Made[] = [];
  const closing = new AbortController();
  const { connect, open } = connectionsAhead((to, callback) => {
    made.push({
      host: to.host ?? '',
      end: (error) => {
        const socket = new Socket();
        if (error === null) callback(null, socket);
        // undici leaves the second argument out.
        else callback(...([error] as unknown as [Error, null]));
        return socket;
      },
    });
  }, closing.signal);
  const request = (): { socket: unknown; error: unknown } => {
    const got: { socket: unknown; error: unknown } = { socket: null, error: null };
    connect(options, (...[error, socket]) => Object.assign(got, { error, socket }));
    return got;
  };
  return { made, open, request, close: () => closing.abort() };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('gives each request one that was opened ahead, and makes one where there is none', () => {
  const { made, open, request } = rig();
  open(ORIGIN, 2);
  expect(made.map(({ host }) => host)).toEqual(['s3.example.com', 's3.example.com']);
  const first = made[0]?.end(null);
  const got = request();
  expect(got.socket).toBe(first);
  // Still being opened: the request waits for it.
  const second = request();
  expect([second.socket, made.length]).toEqual([null, 2]);
  expect(made[1]?.end(null)).toBe(second.socket);
  request();
  expect(made).toHaveLength(3);
});

it('is only for the same origin', () => {
  const { made, open, request } = rig();
  open('https://s3.example.com:8443', 1);
  made[0]?.end(null);
  request();
  expect(made).toHaveLength(2);
});

it('closes those that no request took after two seconds, or at the end', () => {
  const { made, open, request, close } = rig();
  open(ORIGIN, 3);
  const sockets = [made[0]?.end(null), made[1]?.end(null)];
  vi.advanceTimersByTime(1999);
  expect(request().socket).toBe(sockets[0]);
  vi.advanceTimersByTime(1);
  expect(sockets.map((socket) => socket?.destroyed)).toEqual([false, true]);
  close();
  // One that was still being opened.
  expect(made[2]?.end(null).destroyed).toBe(true);
  open(ORIGIN, 1);
  expect(made).toHaveLength(3);
});

it('closes a waiting one at the end', () => {
  const { made, open, close } = rig();
  open(ORIGIN, 1);
  const socket = made[0]?.end(null);
  close();
  expect(socket?.destroyed).toBe(true);
});

it('forgets what failed, and gives the request that waits the failure: no call lasts for two attempts', () => {
  const { made, open, request } = rig();
  open(ORIGIN, 2);
  made[0]?.end(new Error('refused'));
  const waiting = request();
  made[1]?.end(new Error('refused again'));
  expect([waiting.error, made.length]).toEqual([new Error('refused again'), 2]);
  request();
  expect(made).toHaveLength(3);
});

it('gives no connection that the server has closed', () => {
  const { made, open, request } = rig();
  open(ORIGIN, 1);
  made[0]?.end(null).destroy();
  request();
  expect(made).toHaveLength(2);
});
