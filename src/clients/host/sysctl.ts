/** Kernel parameters, through the files that the kernel shows them as. */
import { constants } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import type { Sysctl } from './host.ts';

export function openSysctl(real: (path: string) => string): Sysctl {
  return {
    async read(key) {
      try {
        const text = await readFile(real(pathOf(key)), 'utf8');
        return text.trim().replaceAll(/\s+/g, ' ');
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
        throw error;
      }
    },
    async write(key, value) {
      // Not created: a key that the kernel does not have is an error, also where /proc is a plain folder.
      const file = await open(real(pathOf(key)), constants.O_WRONLY | constants.O_TRUNC);
      try {
        await file.write(`${value}\n`);
      } finally {
        await file.close();
      }
    },
  };
}

/** As sysctl(8): the first separator decides, so that `net/ipv4/conf/eth0.1/forwarding` can name an interface with a dot. */
function pathOf(key: string): string {
  const path = /^[^./]*\//.test(key) ? key : key.replaceAll('.', '/');
  if (!/^[\w.\-/@:]+$/.test(path) || path.split('/').some((part) => part === '' || part === '.' || part === '..')) {
    throw new Error(`not a kernel parameter: ${JSON.stringify(key)}`);
  }
  return `/proc/sys/${path}`;
}
