/** What a second implementation makes of the certificates on a unit's machine. */

import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readKubeconfig } from '../standins/machines/node/kubeconfig.ts';
import type { TestCluster } from './cluster.ts';
import { machineOf } from './nodes.ts';

const run = promisify(execFile);

/** Said once: a test that leaves out a half of what it is for shall not look complete. */
export const hasOpenssl = ((): boolean => {
  const found = spawnSync('openssl', ['version']).status === 0;
  if (!found) console.warn('openssl is not here: certificates are not verified with it');
  return found;
})();

interface Expected {
  readonly authority: string;
  readonly purpose: 'sslserver' | 'sslclient';
  /** Host names and addresses that it must be good for. */
  readonly names?: readonly string[];
}

const SERVER_NAMES = ['kubernetes', 'kubernetes.default.svc.cluster.local', '127.0.0.1'];

/** Every certificate that a service of the node uses, by its file under /etc/kubernetes. */
export const CONTROL_PLANE_LEAVES: Readonly<Record<string, Expected>> = {
  'pki/apiserver.crt': { authority: 'pki/ca.crt', purpose: 'sslserver', names: SERVER_NAMES },
  'pki/kubelet.crt': { authority: 'pki/ca.crt', purpose: 'sslserver', names: ['127.0.0.1'] },
  'pki/apiserver-kubelet-client.crt': { authority: 'pki/client-ca.crt', purpose: 'sslclient' },
  'pki/front-proxy-client.crt': { authority: 'pki/front-proxy-ca.crt', purpose: 'sslclient' },
  'pki/apiserver-etcd-client.crt': { authority: 'pki/etcd/ca.crt', purpose: 'sslclient' },
  'pki/etcd/server.crt': { authority: 'pki/etcd/ca.crt', purpose: 'sslserver', names: ['127.0.0.1'] },
  'pki/etcd/peer.crt': { authority: 'pki/etcd/ca.crt', purpose: 'sslserver' },
  'admin.conf': { authority: 'pki/client-ca.crt', purpose: 'sslclient' },
  'controller.conf': { authority: 'pki/client-ca.crt', purpose: 'sslclient' },
  'scheduler.conf': { authority: 'pki/client-ca.crt', purpose: 'sslclient' },
  'proxy.conf': { authority: 'pki/client-ca.crt', purpose: 'sslclient' },
  'kubelet.conf': { authority: 'pki/client-ca.crt', purpose: 'sslclient' },
};

export const WORKER_LEAVES: Readonly<Record<string, Expected>> = {
  'pki/kubelet.crt': { authority: 'pki/ca.crt', purpose: 'sslserver', names: ['127.0.0.1'] },
  'proxy.conf': { authority: 'pki/client-ca.crt', purpose: 'sslclient' },
  'kubelet.conf': { authority: 'pki/client-ca.crt', purpose: 'sslclient' },
};

/** What openssl does not accept, as a list of complaints; none when all is well, or there is no openssl. */
export async function complaintsOfOpenssl(
  cluster: TestCluster,
  unit: string,
  leaves: Readonly<Record<string, Expected>>,
): Promise<readonly string[]> {
  if (!hasOpenssl) return [];
  const { files } = machineOf(cluster, unit);
  const folder = await mkdtemp(join(tmpdir(), 'os-'));
  const [leaf, authority] = [join(folder, 'leaf.pem'), join(folder, 'ca.pem')];
  const complaints: string[] = [];
  try {
    for (const [file, expected] of Object.entries(leaves)) {
      const text = await files.need(`/etc/kubernetes/${file}`);
      await writeFile(leaf, file.endsWith('.conf') ? readKubeconfig(text).certificate : text);
      await writeFile(authority, await files.need(`/etc/kubernetes/${expected.authority}`));
      const said = await answer(['verify', '-partial_chain', '-purpose', expected.purpose, '-CAfile', authority, leaf]);
      if (!said.endsWith(': OK')) complaints.push(`${unit} ${file}: ${said}`);
      for (const name of expected.names ?? []) {
        const check = await answer([
          'x509',
          '-in',
          leaf,
          '-noout',
          /^[\d.]+$|:/.test(name) ? '-checkip' : '-checkhost',
          name,
        ]);
        if (!check.endsWith('does match certificate')) complaints.push(`${unit} ${file}: ${check}`);
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return complaints;
}

async function answer(args: readonly string[]): Promise<string> {
  try {
    return (await run('openssl', [...args])).stdout.trim();
  } catch (error) {
    return (error as { stderr?: string }).stderr?.trim() || String(error);
  }
}
