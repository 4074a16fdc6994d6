/**
 * Claims a block 127.x.y.0/24 of the loopback network for one provider, so that parallel test files do not meet:
 * whoever holds a port on its last address holds the block.
 */

import { randomInt } from 'node:crypto';
import { createServer, type Server } from 'node:net';

const CLAIM_PORT = 6399;
const ATTEMPTS = 200;

export interface Network {
  /** `127.x.y`. */
  readonly prefix: string;
  address(host: number): string;
  release(): Promise<void>;
}

/** Claims the given block, or a free one. Throws when the given one is held by another process, or none is free. */
export async function claimNetwork(prefix: string | undefined): Promise<Network> {
  if (prefix !== undefined) {
    const server = await claim(prefix);
    if (server === undefined)
      throw new Error(`the addresses ${prefix}.0/24 of this folder are in use by another provider`);
    return network(prefix, server);
  }
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const candidate = `127.${randomInt(64, 255)}.${randomInt(0, 256)}`;
    const server = await claim(candidate);
    if (server !== undefined) return network(candidate, server);
  }
  throw new Error('no free block of addresses in 127.64.0.0 - 127.254.255.0');
}

function network(prefix: string, server: Server): Network {
  return {
    prefix,
    address: (host) => `${prefix}.${host}`,
    release: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function claim(prefix: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen({ host: `${prefix}.254`, port: CLAIM_PORT, exclusive: true }, () => {
      server.unref();
      resolve(server);
    });
  });
}
