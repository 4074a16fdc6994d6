/** The configuration of the whole cluster, as it is and as it should become. */
import { anything } from './answer.ts';
import type { Call } from './call.ts';
import { validate as configProblems } from './cluster-config.schema.json?validator';
import type { CallOptions, ClusterConfig, ClusterConfiguration, DatastoreConfig } from './k8sd.ts';
import { checkClusterConfig, type Minor } from './release.ts';

interface ConfigAnswer {
  readonly status: Readonly<Record<string, unknown>>;
  readonly datastore?: Readonly<Record<string, unknown>> | null;
  readonly 'pod-cidr'?: string | null;
  readonly 'service-cidr'?: string | null;
}

/** `datastore` holds a private key when the datastore is external. */
export async function clusterConfig(call: Call, options: CallOptions): Promise<ClusterConfiguration> {
  const answer = await call<ConfigAnswer>(
    { method: 'GET', path: '/1.0/k8sd/cluster/config', check: configProblems },
    options,
  );
  const podCidr = answer['pod-cidr'];
  const serviceCidr = answer['service-cidr'];
  return {
    config: withoutNulls(answer.status) as ClusterConfig,
    ...(answer.datastore ? { datastore: answer.datastore } : {}),
    ...(podCidr ? { podCidr } : {}),
    ...(serviceCidr ? { serviceCidr } : {}),
  };
}

/** Merges: what is left out stays. Returns before the features are reconciled. */
export async function setClusterConfig(
  call: Call,
  minor: Minor,
  { config, datastore }: { config?: ClusterConfig; datastore?: DatastoreConfig },
  options: CallOptions,
): Promise<void> {
  checkClusterConfig(minor, config);
  const body = { ...(config === undefined ? {} : { config }), ...(datastore === undefined ? {} : { datastore }) };
  await call({ method: 'PUT', path: '/1.0/k8sd/cluster/config', body, check: anything }, options);
}

/** What was never set is null in the answer and absent for us. */
function withoutNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== null)
      .map(([key, member]) => [key, withoutNulls(member)]),
  );
}
