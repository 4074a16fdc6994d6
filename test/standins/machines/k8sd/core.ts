/** Microcluster's own endpoints below `/core`. */

import { at, isObject, parseJson } from '../json.ts';
import type { Reply } from './envelope.ts';
import { K8sdRefusal } from './envelope.ts';
import { clusterOf } from './readiness.ts';
import { expel } from './remove.ts';
import type { Call } from './routes.ts';
import { controlPlaneToken, encodeControlPlaneToken, liveTokens } from './tokens.ts';

const DAY_MS = 24 * 3600 * 1000;

export function serverStatus({ machine }: Call): Reply {
  const member = machine.state.k8sd.member;
  return {
    metadata: {
      name: member?.name ?? '',
      address: member === undefined ? '' : `${machine.address}:6400`,
      version: '1.0',
      ready: member !== undefined && machine.k8sd.ready,
      extensions: [],
    },
  };
}

export async function listMembers({ machine }: Call): Promise<Reply> {
  const own = machine.state.k8sd.member;
  const cluster = clusterOf(machine);
  const describe = (name: string, address: string, certificate: string, status: string): unknown => ({
    name,
    address,
    certificate,
    role: 'voter',
    schema_internal_version: 2,
    schema_external_version: machine.minor,
    last_heartbeat: new Date().toISOString(),
    status,
    extensions: [],
    secret: '',
  });
  // A worker is a cluster of its own, of one.
  if (own?.role === 'worker') {
    const certificate = (await machine.files.read('/var/snap/k8s/common/var/lib/k8sd/state/server.crt')) ?? '';
    return { metadata: [describe(own.name, `${machine.address}:6400`, certificate, 'ONLINE')] };
  }
  return {
    metadata: cluster.members.map((member) => {
      const online = machine.site.machines.get(member.machine)?.k8sd.answersWebhook === true;
      return describe(member.name, member.address, member.certificate, online ? 'ONLINE' : 'UNREACHABLE');
    }),
  };
}

export async function removeMember({ machine, exchange, parameter }: Call): Promise<Reply> {
  const cluster = clusterOf(machine);
  if (!cluster.members.some((member) => member.name === parameter))
    throw new K8sdRefusal(404, `cluster member ${JSON.stringify(parameter)} not found`);
  try {
    const after = await expel(machine, cluster, parameter, exchange.query.get('force') === '1');
    return { metadata: {}, ...(after === undefined ? {} : { afterSent: after }) };
  } catch (error) {
    throw new K8sdRefusal(500, (error as Error).message);
  }
}

export function listTokens({ machine }: Call): Reply {
  const cluster = clusterOf(machine);
  return {
    metadata: liveTokens(machine.site, cluster).map((token) => ({
      name: token.name,
      token: encodeControlPlaneToken(cluster, token),
      expires_at: new Date(token.expiresAtMs).toISOString(),
    })),
  };
}

export function createRawToken({ machine, exchange }: Call): Reply {
  let request: unknown;
  try {
    request = parseJson(exchange.body.toString('utf8'));
  } catch {
    throw new K8sdRefusal(400, 'EOF');
  }
  const name = at(request, 'name');
  if (!isObject(request) || typeof name !== 'string' || name === '')
    throw new K8sdRefusal(400, 'token name is required');
  const cluster = clusterOf(machine);
  return { metadata: controlPlaneToken(machine.site, cluster, name, machine.site.now() + DAY_MS) };
}

export function deleteToken({ machine, parameter }: Call): Reply {
  const cluster = clusterOf(machine);
  const present = cluster.controlPlaneTokens.some((token) => token.name === parameter);
  if (!present)
    throw new K8sdRefusal(
      404,
      `core_token_records not found: No core_token_record exists with name ${JSON.stringify(parameter)}`,
    );
  cluster.controlPlaneTokens = cluster.controlPlaneTokens.filter((token) => token.name !== parameter);
  return { metadata: {} };
}
