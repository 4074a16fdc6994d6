import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { actionVariables, relationVariables } from './hook-environment.ts';
import { putToolsOnPath, type Reply, type ToolsOnPath } from './tools-on-path.ts';

let tools: ToolsOnPath;
beforeEach(() => {
  tools = putToolsOnPath();
});
afterEach(() => tools.remove());

const json = (value: unknown): Reply => ({ stdout: `${JSON.stringify(value)}\n` });
const error = (message: string, code = 1): Reply => ({ code, stderr: `ERROR ${message}\n` });
const commandLines = (): readonly string[] => tools.calls().map(({ tool, args }) => [tool, ...args].join(' '));

describe('what Juju is asked', () => {
  it('is nothing until somebody wants to know', async () => {
    const juju = tools.dispatch();
    expect(juju.event).toEqual({ kind: 'update-status' });
    expect(juju.identity.unit).toBe('k8s/0');
    await juju.flush();
    expect(tools.calls()).toEqual([]);
  });

  it('is asked once, in JSON', async () => {
    tools.answer('config-get', json({ 'snap-channel': '1.35/stable', 'ha-port': 6443, enabled: false, ratio: 0.5 }));
    tools.answer('is-leader', json(true));
    const juju = tools.dispatch();
    const expected = { 'snap-channel': '1.35/stable', 'ha-port': 6443, enabled: false, ratio: 0.5 };
    expect(await Promise.all([juju.config(), juju.config()])).toEqual([expected, expected]);
    expect([await juju.isLeader(), await juju.isLeader()]).toEqual([true, true]);
    expect(commandLines()).toEqual(['config-get --format=json', 'is-leader --format=json']);
  });

  it('gives the addresses of an endpoint; lists that Juju leaves out are empty', async () => {
    tools.answer(
      'network-get',
      json({
        'bind-addresses': [
          {
            'mac-address': 'aa',
            'interface-name': 'eth0',
            addresses: [
              { hostname: '', value: '10.0.0.4', cidr: '10.0.0.0/24' },
              { hostname: '', value: 'fd00::4', cidr: 'fd00::/64' },
            ],
          },
        ],
        'ingress-addresses': ['10.0.0.4'],
      }),
      ['--format=json', 'cluster'],
    );
    tools.answer('network-get', error('no network config found for binding "x"'), ['--format=json', 'x']);
    const juju = tools.dispatch();
    expect(await juju.network('cluster')).toEqual({
      bindAddresses: [
        { interface: 'eth0', address: '10.0.0.4', cidr: '10.0.0.0/24' },
        { interface: 'eth0', address: 'fd00::4', cidr: 'fd00::/64' },
      ],
      ingressAddresses: ['10.0.0.4'],
      egressSubnets: [],
    });
    await expect(juju.network('x')).rejects.toThrow('no network config found for binding "x"');
  });

  it('gives the units that are planned', async () => {
    tools.answer(
      'goal-state',
      json({
        units: { 'k8s/0': { status: 'active', since: 'x' }, 'k8s/1': { status: 'dying', since: 'x' } },
        relations: {},
      }),
    );
    expect(await tools.dispatch().goalUnits()).toEqual({ 'k8s/0': 'active', 'k8s/1': 'dying' });
  });

  it('gives a resource’s path, or says in the log why there is none', async () => {
    tools.answer('resource-get', { stdout: '/var/lib/juju/agents/unit-k8s-0/resources/snap/k8s.snap' }, ['snap']);
    tools.answer('resource-get', error('could not download resource: HTTP request failed'), ['other']);
    const juju = tools.dispatch();
    expect(await juju.resource('snap')).toBe('/var/lib/juju/agents/unit-k8s-0/resources/snap/k8s.snap');
    expect(await juju.resource('other')).toBeUndefined();
    // None was attached, which is no reason to warn anybody.
    tools.answer('resource-get', error('could not download resource: resource#k8s/none not found'), ['none']);
    expect(await juju.resource('none')).toBeUndefined();
    await juju.flushLog();
    expect(tools.calls('juju-log')).toHaveLength(1);
    expect(tools.calls('juju-log')[0]?.args).toEqual([
      '-l',
      'WARNING',
      '--',
      "resource 'other' cannot be had: could not download resource: HTTP request failed",
    ]);
  });

  it('is refused when it has not the shape that it must have', async () => {
    const juju = tools.dispatch(actionVariables('plan'));
    const cases: [string, unknown, () => Promise<unknown>][] = [
      ['config-get', { a: { nested: 1 } }, juju.config],
      ['config-get', ['a'], juju.config],
      ['is-leader', 'yes', juju.isLeader],
      ['goal-state', { units: { 'k8s/0': 'active' } }, juju.goalUnits],
      ['network-get', { 'bind-addresses': 'x' }, () => juju.network('a')],
      ['network-get', { 'bind-addresses': [{ addresses: [{ value: 1 }] }] }, () => juju.network('b')],
      ['opened-ports', { a: 1 }, juju.openedPorts],
      ['relation-ids', [1], () => juju.relations.ids('a')],
      ['relation-list', { a: 1 }, () => juju.relations.units('a:1')],
      ['state-get', 'x', () => juju.state.get('x')],
      ['secret-get', { key: 1 }, () => juju.secrets.get({ label: 'a' })],
      ['secret-info-get', { id: 1 }, () => juju.secrets.info({ label: 'a' })],
      ['action-get', 'x', juju.actions.parameters],
    ];
    for (const [tool, answer, ask] of cases) {
      tools.answer(tool, json(answer));
      await expect(ask(), tool).rejects.toMatchObject({ name: 'UnusableAnswer' });
    }
    // What a remote unit has written must not look like a fault of Juju: such a databag counts as empty.
    tools.answer('relation-get', json({ a: 1 }));
    expect(await juju.relations.unitBag('a:1', 'b/1')).toEqual({});
    tools.answer('opened-ports', { stdout: 'not json' });
    await expect(tools.dispatch().openedPorts()).rejects.toThrow('opened-ports printed something that is not JSON');
  });
});

describe('what Juju refuses', () => {
  it.each([
    ['option provided but not defined: --x', 2, 'HookToolMisuse', 'config-get: option provided but not defined: --x'],
    ['this unit is not the leader', 1, 'NotLeader', 'this unit is not the leader'],
    ['cannot write relation settings', 1, 'NotLeader', 'cannot write relation settings'],
    ['permission denied', 1, 'PermissionDenied', 'permission denied'],
    ['"k8s/5" is not allowed to read this secret', 1, 'PermissionDenied', '"k8s/5" is not allowed to read this secret'],
    ['secret "d2k9c1fmp25c77u0abcg" not found', 1, 'NotFound', 'secret "d2k9c1fmp25c77u0abcg" not found'],
    ['port range conflicts', 1, 'HookToolRefusal', 'port range conflicts'],
    ['JUJU_CONTEXT_ID not set', 1, 'HookToolFailure', 'config-get: JUJU_CONTEXT_ID not set (exit code 1)'],
    [
      'dial unix /x: connect: no such file',
      1,
      'HookToolFailure',
      'config-get: dial unix /x: connect: no such file (exit code 1)',
    ],
    [
      'bad request: wrong context ID; got "x"',
      1,
      'HookToolFailure',
      'config-get: bad request: wrong context ID; got "x" (exit code 1)',
    ],
    ['panic', 3, 'HookToolFailure', 'config-get: panic (exit code 3)'],
  ])('%s (%i) is a %s', async (text, code, name, message) => {
    tools.answer('config-get', error(text, code));
    await expect(tools.dispatch().config()).rejects.toMatchObject({ name, message });
  });

  it('is told without the warnings that came before it, and asked again when it is wanted again', async () => {
    tools.answer('config-get', { code: 1, stderr: 'WARNING: --format is deprecated\nERROR try again\nlater\n' });
    const juju = tools.dispatch();
    await expect(juju.config()).rejects.toThrow(/^try again\nlater$/);
    tools.answer('config-get', json({ a: 'b' }));
    expect(await juju.config()).toEqual({ a: 'b' });
  });
});

describe('what Juju is told', () => {
  it('has -- before all free text', async () => {
    const juju = tools.dispatch(actionVariables('plan'));
    await juju.setStatus({ status: 'blocked', message: '--reset is not an option' });
    await juju.setApplicationStatus({ status: 'active', message: '' });
    await juju.setWorkloadVersion('-1.35.0');
    await juju.actions.log('--log');
    await juju.actions.fail('--fail');
    juju.log.info('--info');
    await juju.flush();
    expect(tools.calls().map(({ tool, args }) => [tool, ...args])).toEqual([
      ['status-set', '--', 'blocked', '--reset is not an option'],
      ['status-set', '--application', '--', 'active', ''],
      ['application-version-set', '--', '-1.35.0'],
      ['action-log', '--', '--log'],
      ['action-fail', '--', '--fail'],
      ['juju-log', '-l', 'INFO', '--', '--info'],
    ]);
  });

  it('has nothing in a status that a terminal would obey', async () => {
    const juju = tools.dispatch();
    const message = 'denied by \u001b[2J\u001b[31mred\u0007 \u202egpj.exe\u2028Ready';
    await juju.setStatus({ status: 'blocked', message });
    expect(tools.calls('status-set').map(({ args }) => args.at(-1))).toEqual(['denied by [2J [31mred gpj.exe Ready']);
  });

  it('is not told again, not even by a later dispatch', async () => {
    for (const _ of [1, 2]) {
      const juju = tools.dispatch();
      await juju.setWorkloadVersion('1.35.0');
      await juju.setStatus({ status: 'active', message: 'Ready' });
      await juju.flush();
    }
    expect(commandLines()).toEqual(['application-version-set -- 1.35.0', 'status-set -- active Ready']);
  });

  it('is told again after a status that Juju did not take', async () => {
    const status = { status: 'active', message: '' } as const;
    await tools.dispatch().setApplicationStatus(status);
    tools.answer('status-set', error('this unit is not the leader'));
    await expect(tools.dispatch().setApplicationStatus({ status: 'waiting', message: '' })).rejects.toMatchObject({
      name: 'NotLeader',
    });
    tools.answer('status-set', {});
    await tools.dispatch().setApplicationStatus(status);
    expect(tools.calls('status-set').map(({ args }) => args.at(-2))).toEqual(['active', 'waiting', 'active']);
  });

  it('opens and closes only the ports that are not so already', async () => {
    tools.answer('opened-ports', json(['6443/tcp', '8000-8100/udp']));
    const juju = tools.dispatch();
    for (const port of ['6443', '6443/tcp', '8000-8100/udp', '80/tcp', '80', 'icmp']) await juju.openPort(port);
    for (const port of ['6443/tcp', '443/tcp']) await juju.closePort(port);
    expect(await juju.openedPorts()).toEqual(['8000-8100/udp', '80/tcp', 'icmp']);
    expect(commandLines()).toEqual([
      'opened-ports --format=json',
      'open-port 80/tcp',
      'open-port icmp',
      'close-port 6443/tcp',
    ]);
    tools.answer(
      'open-port',
      error('cannot open 90/tcp (unit "k8s/0"): port range conflicts with 90/tcp (unit "b/0")'),
    );
    await expect(juju.openPort('90/tcp')).rejects.toThrow('port range conflicts');
  });

  it('reboots when asked to', async () => {
    await tools.dispatch().reboot();
    expect(commandLines()).toEqual(['juju-reboot']);
  });

  it('passes databags and state through stdin, so that nothing is trimmed and nothing shows in the process list', async () => {
    tools.answer('relation-get', json({}));
    const juju = tools.dispatch(relationVariables('joined', 'cluster:0', 'k8s/1'));
    juju.relations.setUnit('cluster:0', { pem: 'a\n' });
    juju.relations.setApplication('cluster:0', { pem: 'b\n' });
    juju.state.set('pem', 'c\n');
    await juju.flush();
    const writes = tools.calls().filter(({ tool }) => tool.endsWith('-set'));
    expect(writes.map(({ tool, args, stdin }) => [tool, ...args, stdin]).toSorted()).toEqual([
      ['relation-set', '-r', 'cluster:0', '--app', '--file', '-', '{"pem": "b\\u000a"}\n'],
      ['relation-set', '-r', 'cluster:0', '--file', '-', '{"pem": "a\\u000a"}\n'],
      ['state-set', '--file', '-', '{"pem": "c\\u000a", "own/cluster:0": "{\\"pem\\":\\"a\\\\n\\"}"}\n'],
    ]);
  });
});
