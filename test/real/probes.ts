/** What the programs of a machine are asked to see whether they are ready, as an operator would ask them. */

import { request } from 'node:https';
import type { NodeMachine } from '../standins/machines/machines.ts';
import { readKubeconfig } from '../standins/machines/node/kubeconfig.ts';
import type { ProgramName } from './programs.ts';
import type { Probe } from './running-program.ts';

const ASK_MS = 2_000;

interface Credentials {
  readonly cert: string;
  readonly key: string;
}

/** etcd's health with the API server's own certificate, `/readyz` of the API server as the administrator, `/healthz` of the others. */
export function probeOf(machine: NodeMachine, program: ProgramName): Probe {
  const { address, files } = machine;
  switch (program) {
    case 'etcd':
      return async () =>
        problemOf(await ask(`https://${address}:2379/health`, await etcdClient(machine)), '"health":"true"');
    case 'kube-apiserver':
      return async () => {
        const { server, certificate, key } = readKubeconfig(await files.need('/etc/kubernetes/admin.conf'));
        return problemOf(await ask(`${server}/readyz?verbose`, { cert: certificate, key }), 'readyz check passed');
      };
    case 'kube-controller-manager':
      return async () => problemOf(await ask(`https://${address}:10257/healthz`), 'ok');
    case 'kube-scheduler':
      return async () => problemOf(await ask(`https://${address}:10259/healthz`), 'ok');
    default:
      throw new Error(`nobody knows when ${program} is ready`);
  }
}

/** Whom etcd believes: the API server of that machine. */
export async function etcdClient({ files }: NodeMachine): Promise<Credentials> {
  return {
    cert: await files.need('/etc/kubernetes/pki/apiserver-etcd-client.crt'),
    key: await files.need('/etc/kubernetes/pki/apiserver-etcd-client.key'),
  };
}

/** What lies in etcd under keys with that beginning, by key; values as they are, byte for byte. */
export async function storedIn(machine: NodeMachine, prefix: string): Promise<ReadonlyMap<string, string>> {
  const end = Buffer.from(prefix);
  end.writeUInt8(end.readUInt8(end.length - 1) + 1, end.length - 1);
  const range = { key: Buffer.from(prefix).toString('base64'), range_end: end.toString('base64') };
  const { kvs = [] } = (await askEtcd(machine, '/v3/kv/range', range)) as {
    kvs?: readonly { key: string; value: string }[];
  };
  const decoded = (base64: string) => Buffer.from(base64, 'base64').toString('latin1');
  return new Map(kvs.map(({ key, value }) => [decoded(key), decoded(value)] as const));
}

/** Members of etcd by name; one that has not started yet has none. */
export async function etcdMembers(machine: NodeMachine): Promise<ReadonlyMap<string, string>> {
  const { members = [] } = (await askEtcd(machine, '/v3/cluster/member/list', {})) as {
    members?: readonly { ID: string; name?: string }[];
  };
  return new Map(members.map(({ ID, name = '' }) => [name, ID] as const));
}

/** Over the JSON gateway. Throws what it answers where that is an error. */
export async function askEtcd(machine: NodeMachine, path: string, body: object): Promise<unknown> {
  const url = `https://${machine.address}:2379${path}`;
  const { status, text } = await ask(url, await etcdClient(machine), JSON.stringify(body));
  if (status !== 200) throw new Error(`${url}: ${status} ${text}`);
  return JSON.parse(text) as unknown;
}

function problemOf({ status, text }: { readonly status: number; readonly text: string }, wanted: string) {
  if (status === 200 && text.includes(wanted)) return undefined;
  const failing = text.split('\n').filter((line) => line.startsWith('[-]'));
  return `${status} ${failing.length > 0 ? failing.join('; ') : text.trim()}`;
}

/** Takes any certificate: what is asked is whether it is there, not who it is. @param body is posted where there is one */
export function ask(
  url: string,
  credentials?: Credentials,
  body?: string,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const asking = request(
      url,
      {
        ...credentials,
        method: body === undefined ? 'GET' : 'POST',
        rejectUnauthorized: false,
        agent: false,
        timeout: ASK_MS,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
        );
      },
    );
    asking.on('timeout', () => asking.destroy(new Error(`${url} does not answer`)));
    asking.on('error', reject);
    asking.end(body);
  });
}
