/** The action `get-kubeconfig`: an administrator's kubeconfig, as a secret, since everybody who may read the model reads results. */

import type { Action, ActionUnit } from '../../../core/capability.ts';
import type { Clients } from '../../../core/clients.ts';
import { refuseUnknown, textParameter } from '../../../core/parameters.ts';
import type { Role } from '../../../core/role.ts';
import { isReadable, readCertificates } from '../read.ts';

const ADMIN_KUBECONFIG = '/etc/kubernetes/admin.conf';
const API_PORT = 6443;
const LIFE_MS = 24 * 3_600_000;

export const getKubeconfig: Action<unknown, unknown> = { roles: ['control-plane'], run };

async function run(clients: Clients, unit: ActionUnit<unknown, unknown>): Promise<void> {
  const { juju, host } = clients;
  const parameters = await juju.actions.parameters();
  refuseUnknown(parameters, ['server']);
  const { node } = await unit.look();
  const kubeconfig = await host.files.read(ADMIN_KUBECONFIG);
  if (kubeconfig === undefined) throw new Error('this unit has no kubeconfig yet; it is in no cluster');
  const server = textParameter(parameters, 'server', defaultServer(node.addresses[0]));
  if (!URL.canParse(server) || !/^https:\/\/[^\s"'$#]+$/.test(server))
    throw new Error('server must be a URL that begins with https://');
  const expire = new Date(host.now().getTime() + LIFE_MS).toISOString().replace(/\.\d+Z$/, 'Z');
  const uri = await keep(clients, kubeconfig.replace(/^(\s*server:\s*).*$/m, `$1${server}`), expire);
  const id = bareId(uri);
  const until = await administratorUntil(clients, unit.role);
  await juju.actions.setResults({
    'secret-id': id,
    server,
    expires: expire,
    // Group system:masters: no rule of RBAC takes anything away from it, and no certificate can be revoked.
    'works-until': until ?? 'unknown: /etc/kubernetes/admin.conf holds no certificate',
    'how-to-read': `juju show-secret --reveal ${id} --format json | jq -r '.[].content.Data.kubeconfig'`,
  });
}

/** One secret a unit: each call replaces what the one before had put there. */
async function keep({ juju }: Clients, kubeconfig: string, expire: string): Promise<string> {
  const label = `kubeconfig-${juju.identity.unit.replace('/', '-')}`;
  const present = await juju.secrets.info({ label });
  if (present === undefined)
    return juju.secrets.add(
      { kubeconfig },
      { owner: 'unit', label, expire, description: 'Administrator kubeconfig of the cluster' },
    );
  const uri = `secret:${bareId(present.id)}`;
  await juju.secrets.set(uri, { kubeconfig }, { expire });
  return uri;
}

/** Juju writes `secret:<id>` and `secret://<model>/<id>`. */
function bareId(uri: string): string {
  return uri.slice(Math.max(uri.lastIndexOf(':'), uri.lastIndexOf('/')) + 1);
}

async function administratorUntil({ host }: Clients, role: Role): Promise<string | undefined> {
  const certificates = (await readCertificates(host.files, role)).filter(isReadable);
  return certificates.find(({ file }) => file.name === 'admin.conf')?.notAfter.toISOString();
}

function defaultServer(address: string | undefined): string {
  if (address === undefined)
    throw new Error('Juju knows no address of this unit; give one as server=https://<address>:6443');
  return `https://${address.includes(':') ? `[${address}]` : address}:${API_PORT}`;
}
