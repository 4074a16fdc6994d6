/**
 * Every configuration that the charms write, on the real programs: each gets ready with it, says no word of a flag that is deprecated or a
 * file that it takes only half, and does what the option promises.
 */

import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CONFIGURATION_FILE,
  CONFIGURATION_FLAGS,
  renderConfiguration,
} from '../../src/capabilities/encryption/configuration.ts';
import { newKey } from '../../src/capabilities/encryption/keys.ts';
import type { HardeningOptions } from '../../src/capabilities/hardening/options.ts';
import { storedUnder } from '../../src/clients/etcd/stored-secrets.ts';
import { optionsWith } from '../capabilities/hardening/remedy/controls.ts';
import { SimulatedNode, type Wishes } from '../capabilities/hardening/remedy/simulated-node.ts';
import { shellWords } from '../standins/machines/node/arguments.ts';
import { realApi } from './api.ts';
import { openControlPlane, type RealControlPlane } from './control-plane.ts';
import { wordsOnMachine } from './on-machine.ts';
import { etcdClient, storedIn } from './probes.ts';
import type { ProgramName } from './programs.ts';
import { startProgram } from './running-program.ts';

const RUNNING = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const;
const AUDIT = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: None
  users: ["system:kube-proxy"]
  verbs: [watch]
- level: RequestResponse
  resources: [{group: apps, resources: [deployments]}]
- level: Metadata
`;
const API = {
  auditPolicy: AUDIT,
  auditLog: { path: '/var/log/kubernetes/own.log', maxAge: 7, maxBackup: 2, maxSize: 10 },
  podSecurity: 'restricted',
  exemptNamespaces: ['team-a', 'team-b'],
  rateLimits: [
    { type: 'Server', qps: 100, burst: 200 },
    { type: 'Namespace', qps: 10, burst: 20, cacheSize: 50 },
    { type: 'SourceAndObject', qps: 1, burst: 2, cacheSize: 10 },
  ],
};

let controlPlane: RealControlPlane;
let node: SimulatedNode;

beforeAll(async () => {
  controlPlane = await openControlPlane();
  node = SimulatedNode.on(controlPlane.machine.root);
}, 120_000);
afterAll(() => controlPlane?.close());

/** What the charm does for these options, and what of the real programs follows from it. */
async function configure(options: HardeningOptions, operator: Wishes['operator'] = {}): Promise<void> {
  const { blocked, restarts } = await node.dispatch({ options, waived: [], operator });
  expect(blocked).toEqual([]);
  for (const program of RUNNING) if (restarts.includes(program)) await controlPlane.restart(program);
  for (const program of RUNNING) {
    await controlPlane.ready(program);
    expect(complaintsIn(controlPlane.running(program).log()), program).toEqual([]);
  }
}

/** k8sd gives kubelet its settings by flags, which kubelet would rather have in a file. */
const KNOWN = /should be set via the config file|--containerd has been deprecated/;

/** Warnings of programs about what they were given. */
function complaintsIn(log: string): readonly string[] {
  const about =
    /deprecated|unknown field|strict decoding|will be removed|no longer|has no effect|ignored|unrecognized/i;
  return log.split('\n').filter((line) => about.test(line) && !KNOWN.test(line));
}

/** With a certificate that etcd wants to see; the others do not mind. */
async function handshake(port: number, version: 'TLSv1.2' | 'TLSv1.3'): Promise<string> {
  const { address } = controlPlane.machine;
  const credentials = await etcdClient(controlPlane.machine);
  return new Promise((resolve) => {
    const socket = connect({
      host: address,
      ...credentials,
      port,
      minVersion: version,
      maxVersion: version,
      rejectUnauthorized: false,
    });
    socket.once('secureConnect', () => {
      resolve(socket.getProtocol() ?? '');
      socket.destroy();
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
  });
}

describe('TLS', () => {
  it.each([
    ['1.2', ['TLSv1.2', 'TLSv1.3']],
    ['1.3', ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'TLSv1.3']],
  ] as const)('from %s on is what every port speaks', async (tlsMinVersion, spoken) => {
    await configure(optionsWith({ tlsMinVersion }));
    for (const port of [2379, 6443, 10257, 10259])
      expect([await handshake(port, 'TLSv1.2'), await handshake(port, 'TLSv1.3')], String(port)).toEqual(spoken);
  });
});

describe('a mode', () => {
  it.each<[string, Partial<HardeningOptions>, object]>([
    ['cis-mode', { cis: true }, {}],
    ['cis-mode with benchmark 1.24', { cis: true, benchmark: '1.24' }, {}],
    ['stig-mode', { stig: true }, {}],
    ['both', { cis: true, stig: true }, {}],
    ['both with benchmark 1.24 and TLS 1.2', { cis: true, stig: true, benchmark: '1.24', tlsMinVersion: '1.2' }, {}],
    ['both with policies of the operator', { cis: true, stig: true, podMaxPids: 100 }, API],
  ])('%s', async (_name, options, api) => {
    await configure(optionsWith(options, api));
  });
});

describe('Secrets, once no mode is on', () => {
  it.each([
    ['none', ['identity']],
    ['aesgcm', ['aesgcm:1']],
    ['aescbc', ['aescbc:1']],
  ] as const)('under %s', async (provider, stored) => {
    const { machine } = controlPlane;
    const keys = new Map([[1, newKey()]]);
    const text = provider === 'none' ? undefined : renderConfiguration([{ provider, key: 1 }, 'identity'], 1, keys);
    if (text !== undefined) await machine.files.write(CONFIGURATION_FILE, text);
    await configure(optionsWith(), text === undefined ? {} : { 'kube-apiserver': CONFIGURATION_FLAGS });
    // It would load the file of another provider within the minute.
    if (provider === 'aescbc') await controlPlane.restart('kube-apiserver');
    await controlPlane.ready('kube-apiserver');
    expect(await controlPlane.arguments('kube-apiserver')).not.toContain('audit');
    const ask = await realApi.asking(machine, 'admin.conf');
    const secrets = '/api/v1/namespaces/default/secrets';
    await ask('POST', secrets, { metadata: { name: provider }, stringData: { of: provider } });
    const found = await storedIn(machine, `/registry/secrets/default/${provider}`);
    expect([...found.values()].map(storedUnder)).toEqual(stored);
    // With the next key nobody could read it, and an API server that cannot read all is not ready.
    await ask('DELETE', `${secrets}/${provider}`);
  });
});

/** What a program says that needs more of a machine than there is here, when it has taken all of its flags. */
const NOT_HERE: Readonly<Record<'kubelet', RegExp>> = { kubelet: /containerd\.sock|container runtime/ };

describe('kubelet and kube-proxy', () => {
  it.each<[string, Partial<HardeningOptions>]>([
    ['as k8sd writes them', { tlsMinVersion: '1.2' }],
    ['in cis-mode', { cis: true }],
    ['in both modes', { cis: true, stig: true }],
  ])('%s take their flags', async (_name, options) => {
    await node.dispatch({ options: optionsWith(options), waived: [], operator: {} });
    const kubelet = await startProgram({
      program: 'kubelet',
      words: [
        ...(await wordsOf('kubelet')).filter((word) => !word.startsWith('--node-labels=')),
        '--fail-cgroupv1=false',
      ],
      logFile: `${controlPlane.machine.root}-real/kubelet.log`,
    });
    expect((await kubelet.ended).lastWords).toMatch(NOT_HERE.kubelet);
    expect(complaintsIn(kubelet.log())).toEqual([]);
    const proxy = await startProgram({
      program: 'kube-proxy',
      words: [...(await wordsOf('kube-proxy')), `--write-config-to=${controlPlane.machine.root}-real/kube-proxy.yaml`],
      logFile: `${controlPlane.machine.root}-real/kube-proxy.log`,
    });
    expect(await proxy.ended).toMatchObject({ code: 0 });
  });
});

async function wordsOf(program: ProgramName): Promise<readonly string[]> {
  return wordsOnMachine(controlPlane.machine, program, shellWords(await controlPlane.arguments(program)));
}
