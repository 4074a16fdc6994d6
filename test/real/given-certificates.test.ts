/** Clusters with certificates that k8sd did not make, on the real programs: of an operator who keeps the keys of the CAs, and of a provider. */

import { X509Certificate } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { servingToGive, servingWishes } from '../../src/capabilities/certificates/given/external.ts';
import { fieldsOfUnit } from '../../src/capabilities/certificates/given/secret-keys.ts';
import { newKeptAuthorities } from '../capabilities/certificates/given/kept.ts';
import type { NodeMachine } from '../standins/machines/machines.ts';
import { issueLeaf, publicKeyOf } from '../standins/machines/pki/issue.ts';
import { openKeyPool } from '../standins/machines/pki/keys.ts';
import { openControlPlane } from './control-plane.ts';

const UNIT = 'k8s/0';
const PROGRAMS = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const;
const YEAR_MS = 365 * 86_400_000;

const kept = newKeptAuthorities();

const configurations: Readonly<Record<string, (machine: NodeMachine) => Promise<Readonly<Record<string, unknown>>>>> = {
  'provided, the keys of the CAs kept by the operator': async ({ hostname, address }) => {
    const own = await kept;
    const brought = await own.bring({ unit: UNIT, nodeName: hostname, address }, 'bootstrap');
    const authorities = Object.entries(own.kept).map(([name, pem]) => [`${name}-crt`, pem]);
    return { ...Object.fromEntries(authorities), ...fieldsOfUnit(brought, UNIT) };
  },
  'provided, with the keys': async () => {
    const pairs = Object.entries((await kept).authorities);
    return Object.fromEntries(
      pairs.flatMap(([name, { certificate, key }]) => [
        [`${name}-crt`, certificate],
        [`${name}-key`, key],
      ]),
    );
  },
  external: async ({ hostname, address }) => {
    const issuer = (await kept).authorities['ca'];
    if (issuer === undefined) throw new Error('no CA');
    const keys = openKeyPool(150);
    const names = {
      role: 'control-plane',
      nodeName: hostname,
      addresses: [address],
      apiServer: ['kubernetes'],
    } as const;
    const issued = servingWishes(names).map(async ({ id, subject, sans }) => {
      const key = await keys.draw();
      const { commonName, organization } = subject;
      const certificate = await issueLeaf({
        subject: { commonName: commonName ?? id, ...(organization ? { organizations: [organization] } : {}) },
        publicKey: publicKeyOf(key),
        issuer,
        sans,
        usages: ['serverAuth'],
        validity: { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + YEAR_MS) },
      });
      return [id, { certificate, key, authority: issuer.certificate, chain: '' }] as const;
    });
    const { pems, problems } = servingToGive({
      issued: Object.fromEntries(await Promise.all(issued)),
      birth: 'bootstrap',
      nodeName: hostname,
      authority: undefined,
      etcd: true,
      now: new Date(),
    });
    expect(problems).toEqual([]);
    return pems ?? {};
  },
};

describe('a cluster with certificates', () => {
  it.each(Object.entries(configurations))('%s', async (_name, config) => {
    const controlPlane = await openControlPlane({ config });
    onTestFinished(() => controlPlane.close());
    for (const program of PROGRAMS) await controlPlane.ready(program);
    const authority = new X509Certificate(await controlPlane.machine.files.need('/etc/kubernetes/pki/ca.crt'));
    expect(authority.subject).toBe('CN=own ca');
    // The charm's own client believes what is served, and is believed.
    const kubernetes = await controlPlane.kubernetes();
    expect(await kubernetes.ready()).toBe(true);
  });
});
