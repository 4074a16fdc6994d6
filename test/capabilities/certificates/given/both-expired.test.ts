/**
 * Guards that an API server whose certificate has expired comes back with the next one, although kubelet's has expired, too, and who
 * issues it has not answered yet: k8sd takes the two together or not at all.
 */

import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { takeIssued } from '../../../../src/capabilities/certificates/given/take-issued.ts';
import { bootstrapped, discard, newMachines } from '../../../standins/machines/ask.ts';
import type { NodeMachine } from '../../../standins/machines/machines.ts';
import { paths } from '../../../standins/machines/node/paths.ts';
import {
  issueAuthority,
  issueLeaf,
  type Pair,
  publicKeyOf,
  type Subject,
} from '../../../standins/machines/pki/issue.ts';
import { openKeyPool } from '../../../standins/machines/pki/keys.ts';
import { newNode, type TestNode } from '../nodes.ts';

const DAY_MS = 86_400_000;
const keys = openKeyPool(150);
let machines: Awaited<ReturnType<typeof newMachines>>;
let machine: NodeMachine;
let node: TestNode;
let authority: Pair;

const span = (from: number, to: number) => ({
  notBefore: new Date(Date.now() + from * DAY_MS),
  notAfter: new Date(Date.now() + to * DAY_MS),
});

async function issue(subject: Subject, sans: readonly string[], from: number, to: number): Promise<Pair> {
  const key = await keys.draw();
  const request = { subject, publicKey: publicKeyOf(key), issuer: authority, sans, validity: span(from, to) };
  return { certificate: await issueLeaf(request), key };
}

const apiServer = (from: number, to: number) =>
  issue({ commonName: 'kube-apiserver' }, ['kubernetes', machine.address, '127.0.0.1'], from, to);
const kubelet = (from: number, to: number) =>
  issue(
    { commonName: `system:node:${machine.hostname}`, organizations: ['system:nodes'] },
    [machine.hostname, machine.address],
    from,
    to,
  );
const fields = (name: string, { certificate, key }: Pair) => ({ [`${name}-crt`]: certificate, [`${name}-key`]: key });

async function put(name: string, { certificate, key }: Pair): Promise<void> {
  await machine.files.write(`${paths.pki}/${name}.crt`, certificate);
  await machine.files.write(`${paths.pki}/${name}.key`, key);
}

async function served(port: number): Promise<string> {
  const socket = connect({ host: machine.address, port, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}

beforeAll(async () => {
  machines = await newMachines({ restartAfterRefresh: 20, restartGap: 10, serviceChange: 5 });
  authority = await issueAuthority('corporate-ca', await keys.draw(), span(-10, 4000));
  machine = await machines.provision('both');
  const given = { ...fields('apiserver', await apiServer(-1, 90)), ...fields('kubelet', await kubelet(-1, 90)) };
  machine = await bootstrapped(machines, 'both', { 'ca-crt': authority.certificate, ...given });
  node = newNode('k8s/0', machine, {
    role: 'control-plane',
    managers: { apiserver: 'relation', kubelet: 'relation' },
  });
}, 60_000);

afterAll(async () => {
  node?.agent.remove();
  await discard(machines);
});

it('one of two certificates that have expired goes into service alone, and the other when it is there', async () => {
  await put('apiserver', await apiServer(-9, -1));
  await put('kubelet', await kubelet(-9, -1));
  const next = { apiserver: await apiServer(-1, 90), kubelet: await kubelet(-1, 90) };
  const print = (pair: Pair): string => new X509Certificate(pair.certificate).fingerprint256;
  const take = (name: 'apiserver' | 'kubelet') =>
    node.dispatch((clients) =>
      takeIssued(clients, node.identity, { names: [name], pems: fields(name, next[name]) }, async () => {}),
    );
  await take('apiserver');
  expect(await served(6443)).toBe(print(next.apiserver));
  await take('kubelet');
  expect(await served(6443)).toBe(print(next.apiserver));
  expect(await served(10250)).toBe(print(next.kubelet));
}, 60_000);
