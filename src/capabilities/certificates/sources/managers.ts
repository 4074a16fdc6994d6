/** Who issues which certificates of a node, where it is not k8sd. */

import type { KeptAuthorities } from '../../../core/certificate-mode.ts';
import type { Clients } from '../../../core/clients.ts';
import type { Node } from '../../../core/node.ts';
import type { Role } from '../../../core/role.ts';
import type { NodeIdentity } from '../facts.ts';
import { EXTERNAL_NAMES } from '../given/external.ts';
import { exchangeableLeaves } from '../given/leaves.ts';
import { CONTROL_PLANE_NAMES, fieldOf, WORKER_NAMES } from '../names.ts';
import { ENDPOINT } from './trust-plan.ts';

export async function managersOf(clients: Clients, node: Node): Promise<NodeIdentity['managers']> {
  const { role, certificates } = node;
  if (certificates.mode === 'provided') return managersOfProvided(clients, node);
  if (certificates.mode !== 'external') return {};
  return Object.fromEntries(EXTERNAL_NAMES[role].map((name) => [name, 'relation'] as const));
}

/** Who brings what, once it is known which keys the operator keeps. */
async function managersOfProvided(clients: Clients, { role, certificates }: Node): Promise<NodeIdentity['managers']> {
  const { kept } = certificates;
  if (Object.keys(kept).length === 0) return {};
  const issued = await issuedFields(clients, role, kept);
  const fields = exchangeableLeaves(role).filter(({ authority }) => kept[authority] !== undefined);
  return Object.fromEntries(
    fields.map(({ name }) => [nameOf(role, name), issued.includes(name) ? 'relation' : 'operator'] as const),
  );
}

/** Fields of what a CA charm issues in place of the secret: wherever one is integrated, and k8sd cannot. */
export async function issuedFields({ juju }: Clients, role: Role, kept: KeptAuthorities): Promise<readonly string[]> {
  if (kept['ca'] === undefined || (await juju.relations.ids(ENDPOINT)).length === 0) return [];
  return EXTERNAL_NAMES[role];
}

/** The certificate that k8sd calls so in its fields. */
export function nameOf(role: Role, field: string): string {
  const names = role === 'worker' ? WORKER_NAMES : CONTROL_PLANE_NAMES;
  return names.find((name) => fieldOf(name) === field) ?? field;
}
