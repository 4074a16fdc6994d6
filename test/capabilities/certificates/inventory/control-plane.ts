/** The files of a control plane with certificates of `openssl`, for a test to spoil one of them. */

import { examine } from '../../../../src/capabilities/certificates/inventory/examined.ts';
import {
  type Circumstances,
  type Finding,
  findingsOf,
} from '../../../../src/capabilities/certificates/inventory/findings.ts';
import { readInventory } from '../../../../src/capabilities/certificates/inventory/read-inventory.ts';
import type { InventoryRecord } from '../../../../src/capabilities/certificates/inventory/record.ts';
import { LEAF, type Openssl, type OpensslPair } from './openssl.ts';

export type TestFiles = Map<string, string>;

export const PKI = '/etc/kubernetes/pki';
export const STATE = '/var/snap/k8s/common/var/lib/k8sd/state';
export const SANS = ['kubernetes', '10.0.0.10', 'juju-3f2a-0'];

export interface TestControlPlane {
  readonly files: TestFiles;
  readonly authorities: Readonly<Record<'ca' | 'client-ca' | 'front-proxy-ca' | 'etcd/ca', OpensslPair>>;
}

export function newControlPlane(openssl: Openssl): TestControlPlane {
  const authority = (subject: string) => openssl.issue({ subject, key: openssl.newKey() });
  const authorities = {
    ca: authority('/CN=kubernetes-ca'),
    'client-ca': authority('/CN=kubernetes-ca-client'),
    'front-proxy-ca': authority('/CN=front-proxy-ca'),
    'etcd/ca': authority('/CN=etcd-ca'),
  };
  const files: TestFiles = new Map();
  for (const [name, pair] of Object.entries(authorities)) {
    files.set(`${PKI}/${name}.crt`, pair.certificate);
    if (name !== 'etcd/ca') files.set(`${PKI}/${name}.key`, pair.key);
  }
  const leaves: readonly (readonly [string, keyof typeof authorities, string])[] = [
    ['apiserver', 'ca', '/CN=kube-apiserver'],
    ['kubelet', 'ca', '/O=system:nodes/CN=system:node:juju-3f2a-0'],
    ['apiserver-kubelet-client', 'client-ca', '/O=system:masters/CN=apiserver-kubelet-client'],
    ['front-proxy-client', 'front-proxy-ca', '/CN=front-proxy-client'],
    ['apiserver-etcd-client', 'etcd/ca', '/CN=kube-apiserver-etcd-client'],
    ['etcd/server', 'etcd/ca', '/CN=kube-etcd'],
    ['etcd/peer', 'etcd/ca', '/CN=kube-etcd-peer'],
  ];
  for (const [name, signer, subject] of leaves)
    put(files, name, openssl.issue({ subject, authority: authorities[signer], extensions: [...LEAF, san(SANS)] }));
  const client = openssl.issue({
    subject: '/O=system:masters/CN=kubernetes-admin',
    authority: authorities['client-ca'],
  });
  for (const name of ['admin', 'controller', 'scheduler', 'proxy', 'kubelet'])
    files.set(`/etc/kubernetes/${name}.conf`, kubeconfigOf(client));
  for (const name of ['server', 'cluster']) {
    const own = openssl.issue({ subject: `/O=LXD/CN=${name}` });
    files.set(`${STATE}/${name}.crt`, own.certificate);
    files.set(`${STATE}/${name}.key`, own.key);
  }
  return { files, authorities };
}

export function put(files: TestFiles, name: string, { certificate, key }: OpensslPair): TestFiles {
  return files.set(`${PKI}/${name}.crt`, certificate).set(`${PKI}/${name}.key`, key);
}

export function san(names: readonly string[]): string {
  return `subjectAltName=${names.map((name) => `${/^[\d.:]+$/.test(name) ? 'IP' : 'DNS'}:${name}`).join(',')}`;
}

export function kubeconfigOf({ certificate, key }: OpensslPair): string {
  const encode = (text: string) => Buffer.from(text).toString('base64');
  return `users:\n- name: k8s-user\n  user:\n    client-certificate-data: ${encode(certificate)}\n    client-key-data: ${encode(key)}\n`;
}

export function inventoryOf(files: TestFiles): Promise<readonly InventoryRecord[]> {
  return readInventory({ read: async (path) => files.get(path) }, 'control-plane');
}

export const CALM: Circumstances = {
  role: 'control-plane',
  now: new Date('2026-11-23T10:00:00Z'),
  warnSeconds: 30 * 86_400,
  requiredSans: { apiserver: SANS, kubelet: ['juju-3f2a-0', '10.0.0.10'] },
  managers: {},
  served: new Map(),
};

export async function findingsIn(files: TestFiles, more: Partial<Circumstances> = {}): Promise<readonly Finding[]> {
  return findingsOf(examine(await inventoryOf(files), 'control-plane'), { ...CALM, ...more });
}
