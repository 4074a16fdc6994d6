import { describe, expect, it } from 'vitest';
import { parseIdentity } from '../../../src/clients/juju/identity.ts';
import { parseEvent } from '../../../src/clients/juju/parse-event.ts';
import { actionVariables, hookEnvironment, relationVariables } from './hook-environment.ts';

const hook = (name: string, variables: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  ...hookEnvironment('/charm'),
  JUJU_HOOK_NAME: name,
  JUJU_DISPATCH_PATH: `hooks/${name}`,
  ...variables,
});

describe('parseEvent', () => {
  it.each([
    'install',
    'start',
    'config-changed',
    'upgrade-charm',
    'update-status',
    'leader-elected',
    'leader-settings-changed',
    'stop',
    'remove',
  ])('knows the hook %s of a unit’s life', (name) => {
    expect(parseEvent(hook(name))).toEqual({ kind: name });
  });

  it.each(['joined', 'changed'])('reads relation-%s with its remote unit', (kind) => {
    expect(parseEvent(hook('', relationVariables(kind, 'k8s-cluster:7', 'k8s-worker/12')))).toEqual({
      kind: `relation-${kind}`,
      endpoint: 'k8s-cluster',
      relation: 'k8s-cluster:7',
      remoteApplication: 'k8s-worker',
      remoteUnit: 'k8s-worker/12',
    });
  });

  it.each(['created', 'changed', 'broken'])('takes the empty remote unit of relation-%s as none', (kind) => {
    expect(parseEvent(hook('', relationVariables(kind, 'k8s-cluster:7')))).toEqual({
      kind: `relation-${kind}`,
      endpoint: 'k8s-cluster',
      relation: 'k8s-cluster:7',
      remoteApplication: 'k8s-worker',
    });
  });

  it('tells who departs: ourselves or the other', () => {
    const env = { ...relationVariables('departed', 'cluster:0', 'k8s/1'), JUJU_DEPARTING_UNIT: 'k8s/0' };
    expect(parseEvent(hook('', env))).toMatchObject({ remoteUnit: 'k8s/1', departingUnit: 'k8s/0' });
  });

  it('does not stumble over endpoints that are called like hooks', () => {
    for (const endpoint of [
      'a-relation-joined',
      'db-relation-changed',
      'relation',
      'data-storage-attached',
      'secret-changed',
    ]) {
      const event = parseEvent(hook('', relationVariables('departed', `${endpoint}:3`, 'x/0')));
      expect(event).toMatchObject({ kind: 'relation-departed', endpoint, relation: `${endpoint}:3` });
    }
  });

  it('reads secrets; revision and label only where there are any', () => {
    expect(
      parseEvent(hook('secret-changed', { JUJU_SECRET_ID: 'secret:d2k9c1fmp25c77u0abcg', JUJU_SECRET_LABEL: '' })),
    ).toEqual({
      kind: 'secret-changed',
      uri: 'secret:d2k9c1fmp25c77u0abcg',
    });
    const env = { JUJU_SECRET_ID: 'secret:d2k9c1fmp25c77u0abcg', JUJU_SECRET_LABEL: 'ca', JUJU_SECRET_REVISION: '4' };
    for (const kind of ['secret-remove', 'secret-expired', 'secret-rotate']) {
      expect(parseEvent(hook(kind, env))).toEqual({
        kind,
        uri: 'secret:d2k9c1fmp25c77u0abcg',
        label: 'ca',
        revision: 4,
      });
    }
  });

  it('reads storage', () => {
    const env = { JUJU_STORAGE_ID: 'data/0', JUJU_STORAGE_KIND: 'filesystem' };
    expect(parseEvent(hook('data-storage-attached', env))).toEqual({ kind: 'storage-attached', storage: 'data/0' });
    expect(parseEvent(hook('data-storage-detaching', env))).toEqual({ kind: 'storage-detaching', storage: 'data/0' });
  });

  it('reads actions although their hook name is empty', () => {
    expect(parseEvent(hook('', actionVariables('refresh-certs')))).toEqual({
      kind: 'action',
      name: 'refresh-certs',
      task: '2',
    });
  });

  it('takes what it does not know, or what does not fit together, as unknown', () => {
    const paths: [string, NodeJS.ProcessEnv][] = [
      ['hooks/pre-series-upgrade', {}],
      ['hooks/my-event', {}],
      ['hooks/web-pebble-ready', {}],
      ['hooks/db-relation-changed', {}],
      ['hooks/db-relation-exploded', relationVariables('exploded', 'db:1')],
      ['hooks/data-storage-detaching', {}],
      ['hooks/secret-changed', {}],
      ['actions/refresh-certs', {}],
      ['collect-metrics', {}],
    ];
    for (const [path, variables] of paths) {
      expect(parseEvent(hook('', { ...variables, JUJU_DISPATCH_PATH: path }))).toEqual({ kind: 'unknown', path });
    }
  });

  it('takes juju-exec, which sets no dispatch path, as unknown even inside a relation', () => {
    const { JUJU_DISPATCH_PATH: _, ...env } = hook('', relationVariables('changed', 'db:1', 'x/0'));
    expect(parseEvent(env)).toEqual({ kind: 'unknown', path: '' });
  });
});

describe('parseIdentity', () => {
  it('says who we are from the environment alone', () => {
    expect(parseIdentity({ ...hookEnvironment('/charm'), JUJU_UNIT_NAME: 'k8s-prod/10' })).toEqual({
      unit: 'k8s-prod/10',
      application: 'k8s-prod',
      modelName: 'prod',
      modelUuid: '3f6a2c9e-0000-4000-8000-0123456789ab',
      machineId: '3',
      jujuVersion: '3.6.9',
      charmDirectory: '/charm',
    });
  });

  it('refuses to run outside of a dispatch, naming the variable', () => {
    expect(() => parseIdentity({ ...hookEnvironment('/charm'), JUJU_UNIT_NAME: '' })).toThrow('JUJU_UNIT_NAME');
  });
});
