/** The endpoints: which exist in the installed release, who may call them and when. */

import type { Answer, Exchange } from '../http/server.ts';
import type { NodeMachine } from '../node/machine.ts';
import { createAuthToken, reviewToken, revokeAuthToken } from './auth-tokens.ts';
import { bootstrap } from './bootstrap.ts';
import { approveRequests, certificatesExpiry, requireCapiToken, requireNodeToken, setCapiToken } from './capi.ts';
import { certificatesStatus } from './certs-status.ts';
import { getClusterConfig, setClusterConfig } from './cluster-config.ts';
import { clusterStatus } from './cluster-status.ts';
import { createRawToken, deleteToken, listMembers, listTokens, removeMember, serverStatus } from './core.ts';
import { bare, failure, K8sdRefusal, type Reply, success } from './envelope.ts';
import { join } from './join.ts';
import { kubeconfig } from './kubeconfig.ts';
import { nodeStatus } from './node-status.ts';
import { databaseProblem } from './readiness.ts';
import { planRefresh, runRefresh } from './refresh.ts';
import { removeNode } from './remove.ts';
import { refreshSnap, refreshSnapStatus } from './snap-refresh.ts';
import { createJoinToken } from './tokens.ts';
import { updateCertificates } from './update.ts';
import { workerInfo } from './worker-info.ts';

export interface Call {
  readonly machine: NodeMachine;
  readonly exchange: Exchange;
  /** What the path's `*` stands for. */
  readonly parameter: string;
}

export type Handler = (call: Call) => Promise<Reply> | Reply;

interface Endpoint {
  readonly handle: Handler;
  /** Word of `failNext`. */
  readonly name: string;
  readonly controlPlaneOnly?: boolean;
  /** Answered before the node is in a cluster. */
  readonly early?: boolean;
  readonly untrusted?: boolean;
  /** First minor version that has it. */
  readonly since?: number;
}

const cp = { controlPlaneOnly: true } as const;
const guarded =
  (guard: (call: Call) => Promise<void>, handle: Handler): Handler =>
  async (call) => {
    await guard(call);
    return handle(call);
  };

const endpoints: Readonly<Record<string, Readonly<Record<string, Endpoint>>>> = {
  '/': { GET: { name: 'root', early: true, handle: () => ({ metadata: ['/1.0'] }) } },
  '/core/1.0': { GET: { name: 'core', early: true, handle: serverStatus } },
  '/core/1.0/cluster': { GET: { name: 'members', handle: listMembers } },
  '/core/1.0/cluster/*': { DELETE: { name: 'remove-member', handle: removeMember } },
  '/core/control/tokens': {
    GET: { name: 'list-tokens', handle: listTokens },
    POST: { name: 'create-token', handle: createRawToken },
  },
  '/core/1.0/tokens/*': { DELETE: { name: 'delete-token', handle: deleteToken } },
  '/1.0/k8sd/cluster': {
    GET: { name: 'cluster-status', ...cp, early: true, handle: clusterStatus },
    POST: { name: 'bootstrap', early: true, handle: bootstrap },
  },
  '/1.0/k8sd/node': { GET: { name: 'node', handle: nodeStatus } },
  '/1.0/k8sd/cluster/tokens': { POST: { name: 'join-token', ...cp, handle: createJoinToken } },
  '/1.0/k8sd/cluster/join': { POST: { name: 'join', early: true, handle: join } },
  '/1.0/k8sd/cluster/remove': { POST: { name: 'remove', ...cp, handle: removeNode } },
  '/1.0/k8sd/worker/info': { POST: { name: 'worker-info', ...cp, untrusted: true, handle: workerInfo } },
  '/1.0/k8sd/refresh-certs/plan': { POST: { name: 'refresh-plan', handle: planRefresh } },
  '/1.0/k8sd/refresh-certs/run': { POST: { name: 'refresh-run', handle: runRefresh } },
  '/1.0/k8sd/refresh-certs/update': { POST: { name: 'refresh-update', since: 33, handle: updateCertificates } },
  '/1.0/k8sd/certs-status': { GET: { name: 'certs-status', since: 33, handle: certificatesStatus } },
  '/1.0/k8sd/kubeconfig': { GET: { name: 'kubeconfig', ...cp, handle: kubeconfig } },
  '/1.0/k8sd/cluster/config': {
    GET: { name: 'get-config', ...cp, handle: getClusterConfig },
    PUT: { name: 'set-config', ...cp, handle: setClusterConfig },
  },
  '/1.0/kubernetes/auth/tokens': {
    POST: { name: 'create-auth-token', handle: createAuthToken },
    DELETE: { name: 'revoke-auth-token', handle: revokeAuthToken },
  },
  '/1.0/x/capi/generate-join-token': {
    POST: { name: 'capi-join-token', ...cp, untrusted: true, handle: guarded(requireCapiToken, createJoinToken) },
  },
  '/1.0/x/capi/set-auth-token': { POST: { name: 'capi-set-token', handle: setCapiToken } },
  '/1.0/x/capi/remove-node': {
    POST: { name: 'capi-remove', ...cp, untrusted: true, handle: guarded(requireCapiToken, removeNode) },
  },
  '/1.0/x/capi/certificates-expiry': {
    POST: { name: 'capi-expiry', untrusted: true, handle: guarded(requireNodeToken, certificatesExpiry) },
  },
  '/1.0/x/capi/refresh-certs/plan': {
    POST: { name: 'capi-plan', untrusted: true, handle: guarded(requireNodeToken, planRefresh) },
  },
  '/1.0/x/capi/refresh-certs/run': {
    POST: { name: 'capi-run', untrusted: true, handle: guarded(requireNodeToken, runRefresh) },
  },
  '/1.0/x/capi/refresh-certs/approve': {
    POST: { name: 'capi-approve', ...cp, untrusted: true, handle: guarded(requireCapiToken, approveRequests) },
  },
  '/1.0/snap/refresh': {
    POST: { name: 'snap-refresh', untrusted: true, handle: guarded(requireNodeToken, refreshSnap) },
  },
  '/1.0/snap/refresh-status': {
    POST: { name: 'snap-refresh-status', untrusted: true, handle: guarded(requireNodeToken, refreshSnapStatus) },
  },
};

/** Operation names that `failNext` takes for k8sd. */
export interface Request {
  readonly machine: NodeMachine;
  readonly exchange: Exchange;
  /** Came over the control socket, or from a member. */
  readonly trusted: boolean;
}

export async function handleRequest(request: Request): Promise<Answer> {
  const { machine, exchange } = request;
  const broken = await misbehave(request);
  if (broken !== undefined) return broken;
  if (exchange.path === '/core/1.0/ready') return readyAnswer(machine);
  // The API server talks to this one in its own words.
  if (exchange.path === '/1.0/kubernetes/auth/webhook' && exchange.method === 'POST') {
    const review = reviewToken(machine, exchange);
    return bare(review.status, review.body);
  }
  try {
    return success(await call(request));
  } catch (error) {
    if (error instanceof K8sdRefusal) return failure(error);
    throw error;
  }
}

async function call({ machine, exchange, trusted }: Request): Promise<Reply> {
  const [methods, parameter] = locate(exchange.path);
  const endpoint = methods?.[exchange.method];
  if (methods === undefined || (endpoint?.since !== undefined && machine.minor < endpoint.since))
    throw new K8sdRefusal(404, 'not found');
  if (endpoint === undefined) throw new K8sdRefusal(501, 'not implemented');
  if (!trusted && endpoint.untrusted !== true) throw new K8sdRefusal(403, 'not authorized');
  if (endpoint.early !== true) {
    const problem = databaseProblem(machine);
    if (problem !== undefined) throw new K8sdRefusal(503, problem);
  }
  if (endpoint.controlPlaneOnly === true && machine.state.k8sd.member?.role === 'worker') {
    throw new K8sdRefusal(403, 'this action is restricted on workers');
  }
  const wanted = machine.site.faults.take(machine.id, endpoint.name);
  if (wanted !== undefined) {
    if (wanted.status !== undefined || !lateFailures.has(endpoint.name))
      throw new K8sdRefusal(wanted.status ?? 500, wanted.text);
    machine.site.faults.failNext(machine.id, `${endpoint.name} late`, wanted);
  }
  return endpoint.handle({ machine, exchange, parameter });
}

/** Operations that can fail on their way, with what that leaves behind. */
const lateFailures = new Set(['bootstrap', 'join']);

function locate(path: string): readonly [Readonly<Record<string, Endpoint>> | undefined, string] {
  const trimmed = path.length > 1 ? path.replace(/\/$/, '') : path;
  const exact = endpoints[trimmed];
  if (exact !== undefined) return [exact, ''];
  const slash = trimmed.lastIndexOf('/');
  return [endpoints[`${trimmed.slice(0, slash)}/*`], trimmed.slice(slash + 1)];
}

function readyAnswer(machine: NodeMachine): Answer {
  if (machine.k8sd.ready) return success({ metadata: {} });
  return failure(new K8sdRefusal(503, 'Daemon is not ready yet'));
}

async function misbehave({ machine, exchange }: Request): Promise<Answer | undefined> {
  switch (machine.site.faults.mode(machine.id)) {
    case 'starting': {
      const text = exchange.path === '/core/1.0/ready' ? 'Daemon is not ready yet' : 'Database is still starting';
      return failure(new K8sdRefusal(503, text));
    }
    case 'error':
      return failure(new K8sdRefusal(500, 'database is locked'));
    case 'garbage':
      return { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>{"type":' };
    case 'silent':
      await new Promise<void>((resolve) => exchange.gone.addEventListener('abort', () => resolve(), { once: true }));
      return failure(new K8sdRefusal(503, 'Daemon is shutting down'));
    default:
      return undefined;
  }
}
