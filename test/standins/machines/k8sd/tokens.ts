/** Join tokens: those of control planes are microcluster's, those of workers k8sd's own. */

import { createHash, randomBytes, X509Certificate } from 'node:crypto';
import { at } from '../json.ts';
import { typeOf } from '../kubernetes/resources.ts';
import type { Site } from '../site.ts';
import type { ClusterState, ControlPlaneToken, WorkerToken } from '../state.ts';
import { decodeBody, flag, integer, text } from './decode.ts';
import { K8sdRefusal, type Reply } from './envelope.ts';
import { cleanHostname } from './names.ts';
import { clusterOf } from './readiness.ts';
import type { Call } from './routes.ts';
import { tokenShape } from './shapes.ts';

const DAY_NS = 24 * 3600 * 1e9;
const NS_PER_MS = 1e6;

export async function createJoinToken({ machine, exchange }: Call): Promise<Reply> {
  const request = decodeBody(exchange.body, tokenShape);
  const worker = flag(request, 'worker');
  const given = text(request, 'name');
  const name = worker && given === '' ? '' : cleanHostname(given);
  const cluster = clusterOf(machine);
  const api = machine.site.api(cluster.id);
  if (!api.reachable())
    throw new K8sdRefusal(
      400,
      `failed to check whether node name is available: ${unreachable(machine.address, cluster)}`,
    );
  if (name !== '' && (await machine.site.objects(cluster.id).find(typeOf('nodes'), '', name)) !== undefined) {
    throw new K8sdRefusal(500, 'a node with this name is already part of the cluster');
  }
  const expiresAtMs = machine.site.now() + (integer(request, 'ttl') || DAY_NS) / NS_PER_MS;
  const token = worker
    ? newWorkerToken(cluster, name, expiresAtMs)
    : controlPlaneToken(machine.site, cluster, name, expiresAtMs);
  return { metadata: { token } };
}

export function unreachable(address: string, cluster: ClusterState): string {
  return `Get "https://${address}:${cluster.securePort}/api/v1/nodes": dial tcp ${address}:${cluster.securePort}: connect: connection refused`;
}

/** An unused token of that name is given again, with the life it had. */
export function controlPlaneToken(site: Site, cluster: ClusterState, name: string, expiresAtMs: number): string {
  const present = liveTokens(site, cluster).find((candidate) => candidate.name === name);
  if (present !== undefined) return encodeControlPlaneToken(cluster, present);
  const made: ControlPlaneToken = {
    name,
    secret: randomBytes(32).toString('hex'),
    expiresAtMs,
    joinAddresses: addresses(cluster),
  };
  cluster.controlPlaneTokens = [...liveTokens(site, cluster), made];
  return encodeControlPlaneToken(cluster, made);
}

export function liveTokens(site: Site, cluster: ClusterState): ControlPlaneToken[] {
  return cluster.controlPlaneTokens.filter((token) => token.expiresAtMs > site.now());
}

export function encodeControlPlaneToken(cluster: ClusterState, token: ControlPlaneToken): string {
  return encode({ secret: token.secret, fingerprint: fingerprint(cluster), join_addresses: token.joinAddresses });
}

function newWorkerToken(cluster: ClusterState, name: string, expiresAtMs: number): string {
  const made: WorkerToken = { name, secret: `worker::${randomBytes(20).toString('hex')}`, token: '', expiresAtMs };
  cluster.workerTokens.push(made);
  return encode({
    token: made.secret,
    secret: made.secret,
    join_addresses: addresses(cluster),
    fingerprint: fingerprint(cluster),
    _: 'm!!',
  });
}

function addresses(cluster: ClusterState): readonly string[] {
  return cluster.members.map((member) => member.address);
}

/** SHA-256 of the cluster's certificate. */
export function fingerprint(cluster: ClusterState): string {
  return createHash('sha256').update(new X509Certificate(cluster.certificate).raw).digest('hex');
}

export interface JoinToken {
  readonly worker: boolean;
  readonly secret: string;
  readonly fingerprint: string;
  readonly addresses: readonly string[];
}

/** Throws when it is no token. */
export function decodeToken(token: string): JoinToken {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(token, 'base64').toString('utf8'));
  } catch (error) {
    throw new Error(`failed to decode token: ${(error as Error).message}`);
  }
  const list = at(value, 'join_addresses');
  const secret = at(value, 'secret');
  const print = at(value, 'fingerprint');
  if (typeof secret !== 'string' || typeof print !== 'string' || !Array.isArray(list) || list.length === 0)
    throw new Error('failed to decode token: missing fields');
  return { worker: at(value, '_') === 'm!!', secret, fingerprint: print, addresses: list.map(String) };
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64');
}
