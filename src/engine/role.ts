/** Which of the two charms this is. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Role } from '../core/role.ts';

const ROLES: Readonly<Record<string, Role>> = { k8s: 'control-plane', 'k8s-worker': 'worker' };

/** From the name in the charm's metadata: the application may be called anything. */
export async function readRole(charmDirectory: string): Promise<Role> {
  const metadata = await readFile(join(charmDirectory, 'metadata.yaml'), 'utf8');
  const name = /^name:\s*(\S+)\s*$/m.exec(metadata)?.[1] ?? '';
  const role = ROLES[name];
  if (role === undefined)
    throw new Error(`metadata.yaml names a charm ${JSON.stringify(name)} that this program is not made for`);
  return role;
}
