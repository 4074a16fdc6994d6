/** What the machine is called. Kubernetes node names are lower case, whatever the machine's is. */
import { readFile } from 'node:fs/promises';
import type { Run } from './commands.ts';

const ASK_MS = 5000;

export async function hostname(real: (path: string) => string): Promise<string> {
  return (await readFile(real('/proc/sys/kernel/hostname'), 'utf8')).trim().toLowerCase();
}

/** `hostname --fqdn` asks the resolver, which may know nothing, fail, or answer with the loopback's name. */
export async function fullHostname(real: (path: string) => string, run: Run): Promise<string> {
  const short = await hostname(real);
  const { code, stdout } = await run('/usr/bin/hostname', ['--fqdn'], { timeoutMs: ASK_MS });
  const full = stdout.trim().replace(/\.$/, '').toLowerCase();
  const known = code === 0 && /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(full) && !full.startsWith('localhost');
  return known ? full : short;
}
