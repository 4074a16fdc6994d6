/** Guards what the cluster domain does with arguments that hardening asks for: at birth, on running nodes, and while they are not ready. */

import { describe, expect, it } from 'vitest';
import {
  planArguments,
  rememberedAtBirth,
  untouchedArguments,
} from '../../../src/capabilities/membership/arguments.ts';
import type { HardenedArguments, ServiceArguments } from '../../../src/capabilities/membership/facts.ts';
import { planControlPlane } from '../../../src/capabilities/membership/plan-control-plane.ts';
import { planWorker } from '../../../src/capabilities/membership/plan-worker.ts';
import { serviceBases } from '../../../src/capabilities/membership/service-bases.ts';
import { kinds, leader, OUTSIDE, relation, worker } from './facts.ts';

const ASKED: HardenedArguments = {
  ready: true,
  services: {
    'kube-apiserver': {
      flags: {
        '--tls-min-version': 'VersionTLS13',
        '--audit-log-maxage': '30',
        '--profiling': 'false',
        '--token-auth-file': null,
        '--v': '2',
      },
      askers: { '--tls-min-version': 'tls-min-version', '--audit-log-maxage': 'cis-mode' },
    },
  },
};
const NOT_READY: HardenedArguments = { ...ASKED, ready: false };
const ALONE = { ...OUTSIDE, peers: relation('cluster:0'), workers: [] };
const EXTRA = { 'kube-apiserver-extra-args': 'v=4 request-timeout=60s' };

describe('a cluster that is made', () => {
  const [change] = planControlPlane(leader({ ...ALONE, hardened: ASKED }, EXTRA)).changes.filter(
    ({ kind }) => kind === 'bootstrap',
  );

  it('is given what replaces nothing, and what replaces a default that is known', () => {
    expect(change).toMatchObject({
      config: {
        'extra-node-kube-apiserver-args': {
          '--tls-min-version': 'VersionTLS13',
          '--audit-log-maxage': '30',
          '--v': '2',
        },
      },
    });
    const given = change?.kind === 'bootstrap' ? change.config['extra-node-kube-apiserver-args'] : undefined;
    expect(Object.keys(given ?? {}).sort()).toEqual(['--audit-log-maxage', '--tls-min-version', '--v']);
  });

  it('has it written down what stands there without', () => {
    expect(change).toMatchObject({
      born: {
        'kube-apiserver': {
          '--tls-min-version': { was: 'VersionTLS12', is: 'VersionTLS13', by: 'tls-min-version' },
          '--audit-log-maxage': { was: null, is: '30', by: 'cis-mode' },
        },
      },
    });
  });

  it('waits for what its arguments need', () => {
    const plan = planControlPlane(leader({ ...ALONE, hardened: NOT_READY }, EXTRA));
    expect(kinds(plan.changes)).not.toContain('bootstrap');
  });
});

it('a worker does not join before what its arguments need is there', () => {
  const offeredToken = { token: 'secret', revision: '0' };
  const joining = (hardened: HardenedArguments) =>
    kinds(planWorker(worker({ ...OUTSIDE, offeredToken, hardened })).changes);
  expect(joining(ASKED)).toContain('join');
  expect(joining(NOT_READY)).not.toContain('join');
});

describe('a node that was born with them', () => {
  const given = { '--audit-log-maxage': '30', '--tls-min-version': 'VersionTLS13' };
  const born = rememberedAtBirth('kube-apiserver', given, ASKED.services['kube-apiserver']);
  const file: ServiceArguments = {
    text: '--audit-log-maxage="30"\n--profiling="false"\n--tls-min-version="VersionTLS13"\n',
    journal: undefined,
    born,
  };

  it('remembers what was there before, without a restart', () => {
    const change = planArguments('kube-apiserver', given, file, {}, ASKED.services['kube-apiserver']);
    expect(change).toMatchObject({ set: {}, remember: born });
  });

  it('gives it back at once when nobody asks any more, also when Juju has not heard of it', () => {
    expect(planArguments('kube-apiserver', {}, file, {})).toMatchObject({
      set: { '--audit-log-maxage': null, '--tls-min-version': 'VersionTLS12' },
    });
    expect(untouchedArguments('kube-apiserver', file, {})).toEqual({
      '--profiling': 'false',
      '--tls-min-version': 'VersionTLS12',
    });
  });
});

describe('a running node', () => {
  const text = '--profiling="false"\n--secure-port="6443"\n--tls-min-version="VersionTLS12"\n';
  const present = { 'kube-apiserver': { text, journal: undefined } };
  const changes = (hardened: HardenedArguments) =>
    planControlPlane(leader({ arguments: present, hardened }, EXTRA)).changes.filter(
      ({ kind }) => kind === 'write-arguments',
    );

  it('has them over the arguments of the operator, in one change of the service', () => {
    expect(changes(ASKED)).toMatchObject([
      {
        change: {
          set: {
            '--tls-min-version': 'VersionTLS13',
            '--audit-log-maxage': '30',
            '--v': '2',
            '--request-timeout': '60s',
          },
        },
      },
    ]);
  });

  it('changes no argument, and gives none back, while what they need is not there', () => {
    expect(changes(NOT_READY)).toEqual([]);
    const memory = { ...leader().memory, arguments: { 'kube-apiserver': { '--v': { was: null, is: '9' } } } };
    const plan = planControlPlane(
      leader({
        memory,
        arguments: { 'kube-apiserver': { text: `${text}--v="9"\n`, journal: undefined } },
        hardened: NOT_READY,
      }),
    );
    expect(kinds(plan.changes)).not.toContain('write-arguments');
  });
});

describe('the ground on which is asked', () => {
  it('is what the files say without us, once there is a node', () => {
    const memory = { ...leader().memory, arguments: { 'kube-apiserver': { '--v': { was: '1', is: '9' } } } };
    const file = { text: '--profiling="false"\n--v="9"\n', journal: undefined };
    const base = serviceBases(leader({ memory, arguments: { 'kube-apiserver': file } }, EXTRA))['kube-apiserver'];
    expect(base?.untouched).toEqual({ '--profiling': 'false', '--v': '1' });
    expect(base?.present).toEqual({ '--profiling': 'false', '--v': '9' });
    expect(base?.operator).toEqual({ '--v': '4', '--request-timeout': '60s' });
    expect(base?.isUnknown('--request-timeout')).toBe(false);
    expect(base?.former).toEqual({});
  });

  it.each([
    ['whose restart is due', '--v="9"\n', false, { '--v': '1' }],
    ['that the service runs with', '--v="9"\n', true, {}],
    ['that somebody has gone over', '--v="5"\n', false, {}],
  ])('names what an edit %s may have to go back to', (_, text, finished, former) => {
    const journal = { before: '--v="1"\n', after: '--v="9"\n', remembered: {}, remember: {}, finished };
    const base = serviceBases(leader({ arguments: { 'kube-apiserver': { text, journal } } }))['kube-apiserver'];
    expect(base?.former).toEqual(former);
  });

  it('is the defaults that are known, before', () => {
    const base = serviceBases(leader(ALONE))['kube-apiserver'];
    expect(base?.untouched).toMatchObject({ '--enable-admission-plugins': 'NodeRestriction' });
    expect([base?.isUnknown('--request-timeout'), base?.isUnknown('--audit-log-path')]).toEqual([true, false]);
    expect(Object.keys(serviceBases(worker(OUTSIDE)))).toEqual(['kube-proxy', 'kubelet']);
  });
});

describe('a service that is about to get more arguments', () => {
  it('changes none until then, while the others do', () => {
    const services = { ...ASKED.services, 'kube-controller-manager': { flags: { '--v': '3' }, askers: {} } };
    const touched = (hardened: HardenedArguments) =>
      planControlPlane(leader({ hardened }, EXTRA)).changes.flatMap((change) =>
        change.kind === 'write-arguments' ? [change.change.service] : [],
      );
    expect(touched({ ready: true, services })).toEqual(['kube-apiserver', 'kube-controller-manager']);
    expect(touched({ ready: true, services, awaits: ['kube-apiserver'] })).toEqual(['kube-controller-manager']);
  });
});
