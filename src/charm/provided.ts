/** The operator's own authorities, in the secret that the option `ca-certificates` names. */

import { changedAuthorities, clusterAuthorities, type Pems, providedToGive } from '../certificates/index.ts';
import type { ControlPlaneFacts } from '../cluster/index.ts';
import type { UnitStatus } from '../juju/status.ts';
import type { Doors } from './doors.ts';

const OPTION = 'ca-certificates';

export interface ProvidedAuthorities {
  readonly pems: Pems | undefined;
  readonly chain: string;
  readonly reports: readonly UnitStatus[];
}

/** For the bootstrap. */
export async function readProvided(
  { juju, host }: Doors,
  { nodeName, options }: ControlPlaneFacts,
): Promise<ProvidedAuthorities> {
  const { caCertificates: secret } = options;
  if (secret === '')
    return missing(
      `${OPTION} is not set; juju add-secret <name> ca-crt#file=… ca-key#file=…, grant it to ${juju.identity.application}, and set ${OPTION} to its id`,
    );
  const content = await juju.secrets.get({ uri: secret }, 'refresh');
  if (content === undefined)
    return missing(
      `${OPTION}: the secret is not there or not granted; juju grant-secret ${secret} ${juju.identity.application}`,
    );
  const etcd = options.datastore === 'managed-etcd';
  const { pems, chain, problems } = providedToGive({ content, nodeName, etcd, now: host.now() });
  return { pems, chain, reports: problems.map((problem) => blocked(`${OPTION}: ${problem}`)) };
}

/** Afterwards the secret is not needed any more; one that says something else now is told that it has come too late. */
export async function compareProvided(
  { juju, host }: Doors,
  { options }: ControlPlaneFacts,
): Promise<readonly UnitStatus[]> {
  const content =
    options.caCertificates === '' ? undefined : await juju.secrets.get({ uri: options.caCertificates }, 'refresh');
  if (content === undefined) return [];
  const files = clusterAuthorities(true).map(
    async ({ name, file }) => [name, (await host.files.read(file)) ?? ''] as const,
  );
  const changed = changedAuthorities(content, Object.fromEntries(await Promise.all(files)));
  return changed.map((name) =>
    blocked(
      `${OPTION}: ${name}-crt cannot change after bootstrap, k8sd takes no other; put the former one back, or make a new cluster`,
    ),
  );
}

function missing(message: string): ProvidedAuthorities {
  return { pems: undefined, chain: '', reports: [blocked(message)] };
}

function blocked(message: string): UnitStatus {
  return { status: 'blocked', message };
}
