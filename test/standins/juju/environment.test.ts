import { afterEach, describe, expect, it } from 'vitest';
import { newTestBench, type TestBench } from './tiny-charm.ts';

const DUMP =
  'env > "$JUJU_CHARM_DIR/../env.$(echo "$JUJU_DISPATCH_PATH" | tr / .)"; pwd > ../cwd; readlink /proc/self/fd/0 > ../stdin; echo "$#" > ../argc';

const ALWAYS = [
  'APT_LISTCHANGES_FRONTEND',
  'CHARM_DIR',
  'CLOUD_API_VERSION',
  'DEBIAN_FRONTEND',
  'JUJU_AGENT_SOCKET_ADDRESS',
  'JUJU_AGENT_SOCKET_NETWORK',
  'JUJU_API_ADDRESSES',
  'JUJU_AVAILABILITY_ZONE',
  'JUJU_CHARM_DIR',
  'JUJU_CHARM_FTP_PROXY',
  'JUJU_CHARM_HTTPS_PROXY',
  'JUJU_CHARM_HTTP_PROXY',
  'JUJU_CHARM_NO_PROXY',
  'JUJU_CONTEXT_ID',
  'JUJU_DISPATCH_PATH',
  'JUJU_HOOK_NAME',
  'JUJU_MACHINE_ID',
  'JUJU_MODEL_NAME',
  'JUJU_MODEL_UUID',
  'JUJU_PRINCIPAL_UNIT',
  'JUJU_UNIT_NAME',
  'JUJU_VERSION',
  'LANG',
  'PATH',
  'TERM',
];

describe('the environment of a charm', () => {
  let bench: TestBench;

  afterEach(async () => {
    await bench.close();
  });

  /** What the charm saw, without what the shell itself adds. */
  const seen = async (event: string): Promise<Record<string, string>> => {
    const { readFile } = await import('node:fs/promises');
    const text = await readFile(`${bench.model.unit('tiny/0').charmDirectory}/../env.${event}`, 'utf8');
    const entries = text
      .trimEnd()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);
    return Object.fromEntries(
      entries.filter(([name]) => name !== 'PWD' && name !== 'OLDPWD' && name !== 'SHLVL' && name !== '_'),
    );
  };

  it.each([
    ['3.6.9', ['JUJU_SLA']],
    ['4.0.2', ['JUJU_CHARM_TRACE_CONFIG_CA_CERT', 'JUJU_CHARM_TRACE_CONFIG_GRPC', 'JUJU_CHARM_TRACE_CONFIG_HTTP']],
  ])('is exactly that of Juju %s', async (jujuVersion, own) => {
    bench = await newTestBench({ jujuVersion });
    await bench.deploy({ dispatch: DUMP, actions: { go: {} }, metadata: { requires: { db: 'pg' } } });
    await bench.model.run('tiny/0', 'go');
    bench.model.addRemoteApplication('pg', { endpoints: { db: { interface: 'pg', role: 'provider' } } });
    await bench.model.integrate('tiny', 'pg');
    await bench.model.run('tiny/0', 'go');
    await bench.settle();

    const install = await seen('hooks.install');
    expect(Object.keys(install).sort()).toEqual([...ALWAYS, ...own].sort());
    expect(install).toMatchObject({
      JUJU_HOOK_NAME: 'install',
      JUJU_UNIT_NAME: 'tiny/0',
      JUJU_VERSION: jujuVersion,
      JUJU_PRINCIPAL_UNIT: '',
    });
    expect(install['JUJU_CONTEXT_ID']).toMatch(/^tiny\/0-install-[0-9a-f]{32}$/);
    expect(install['PATH']).toMatch(/\/tools:\/usr\/sbin:\/usr\/bin:\/sbin:\/bin$/);

    const joined = await seen('hooks.db-relation-joined');
    expect(joined).toMatchObject({
      JUJU_RELATION: 'db',
      JUJU_RELATION_ID: 'db:0',
      JUJU_REMOTE_UNIT: 'pg/0',
      JUJU_REMOTE_APP: 'pg',
    });
    expect(joined).not.toHaveProperty('JUJU_DEPARTING_UNIT');
    expect(await seen('hooks.db-relation-created')).toMatchObject({ JUJU_REMOTE_UNIT: '', JUJU_REMOTE_APP: 'pg' });

    const action = await seen('actions.go');
    expect(action).toMatchObject({
      JUJU_HOOK_NAME: '',
      JUJU_ACTION_NAME: 'go',
      JUJU_ACTION_UUID: '2',
      JUJU_ACTION_TAG: 'action-2',
    });
  });

  it('has the charm folder as working directory, no arguments, and nothing to read', async () => {
    const { readFile } = await import('node:fs/promises');
    bench = await newTestBench();
    await bench.deploy({ dispatch: DUMP });
    const { charmDirectory } = bench.model.unit('tiny/0');
    const read = (name: string): Promise<string> => readFile(`${charmDirectory}/../${name}`, 'utf8');
    expect(await read('cwd')).toBe(`${charmDirectory}\n`);
    expect(await read('stdin')).toBe('/dev/null\n');
    expect(await read('argc')).toBe('0\n');
  });
});
