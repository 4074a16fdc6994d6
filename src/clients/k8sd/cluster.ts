/** A cluster's beginning and its membership: bootstrap, join, removal, status. */
import { anything } from './answer.ts';
import type { Call } from './call.ts';
import { validate as statusProblems } from './cluster-status.schema.json?validator';
import {
  type BootstrapConfig,
  type CallOptions,
  type ClusterStatus,
  FEATURES,
  type Feature,
  type FeatureStatus,
  type JoinConfig,
} from './k8sd.ts';
import { checkBootstrapConfig, type Minor } from './release.ts';
import { nanoseconds } from './wire-numbers.ts';

interface StatusAnswer {
  readonly status: {
    readonly ready?: boolean;
    readonly members?: readonly { name: string; address: string; 'datastore-role'?: string }[] | null;
  } & { readonly [feature in Feature]?: Partial<FeatureStatus> | null };
}

/** Control planes only, in both senses: asked of one, and listing no workers. A member's role is its datastore role here. */
export async function clusterStatus(call: Call, options: CallOptions): Promise<ClusterStatus> {
  const { status } = await call<StatusAnswer>(
    { method: 'GET', path: '/1.0/k8sd/cluster', check: statusProblems },
    options,
  );
  return {
    // Go leaves the field out when it is false.
    ready: status.ready ?? false,
    members: (status.members ?? []).map((member) => ({
      name: member.name,
      address: member.address,
      role: member['datastore-role'] ?? 'unknown',
      status: 'unknown',
    })),
    features: Object.fromEntries(
      FEATURES.flatMap((feature) => {
        const answered = status[feature];
        return answered ? [[feature, featureStatus(answered)]] : [];
      }),
    ),
  };
}

/** k8sd puts everything back when it fails and answers 400 with the reason; its socket is gone for a moment after that. */
export async function bootstrap(
  call: Call,
  minor: Minor,
  request: { name: string; address: string; config: BootstrapConfig },
  options: CallOptions,
): Promise<void> {
  checkBootstrapConfig(minor, request.config);
  const { name, address, config } = request;
  await call(
    {
      method: 'POST',
      path: '/1.0/k8sd/cluster',
      body: { name, address, config, timeout: serverTimeout(options) },
      check: anything,
    },
    options,
  );
}

/** The configuration travels as text, since a control plane and a worker have different ones; k8sd reads it as YAML, which JSON is. */
export async function join(
  call: Call,
  request: { name: string; address: string; token: string; config: JoinConfig },
  options: CallOptions,
): Promise<void> {
  const { name, address, token, config } = request;
  await call(
    {
      method: 'POST',
      path: '/1.0/k8sd/cluster/join',
      body: { name, address, token, config: JSON.stringify(config), timeout: serverTimeout(options) },
      check: anything,
    },
    options,
  );
}

/** A worker loses its Node object only: its services run on until they are stopped there. */
export async function removeNode(
  call: Call,
  { name, force }: { name: string; force: boolean },
  options: CallOptions,
): Promise<void> {
  await call(
    {
      method: 'POST',
      path: '/1.0/k8sd/cluster/remove',
      body: { name, force, timeout: serverTimeout(options) },
      check: anything,
    },
    options,
  );
}

function featureStatus({ enabled, message, version }: Partial<FeatureStatus>): FeatureStatus {
  return { enabled: enabled ?? false, message: message ?? '', version: version ?? '' };
}

/** A little less than our own, so that k8sd gives up first, puts back what it did and says why. */
function serverTimeout({ timeoutMs }: CallOptions): number {
  return nanoseconds('timeout', timeoutMs - Math.min(5000, timeoutMs / 10));
}
