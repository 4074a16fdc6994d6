import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Juju } from '../../../src/clients/juju/juju.ts';
import { type Agent, type Dispatched, type Settings, startAgent } from './agent.ts';
import { actionVariables, relationVariables } from './hook-environment.ts';

const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';

let agent: Agent;
beforeEach(() => {
  agent = startAgent();
});
afterEach(() => agent.remove());

const hook = (name: string): NodeJS.ProcessEnv => ({ JUJU_DISPATCH_PATH: `hooks/${name}` });

/** The number of calls of a tool. */
const count = ({ calls }: Dispatched, tool: string): number => calls.filter((call) => call.tool === tool).length;

const unitsAsked = ({ calls }: Dispatched): readonly string[] =>
  calls
    .filter(({ tool, args }) => tool === 'relation-get' && !args.includes('--app'))
    .map(({ args }) => args.at(-1) ?? '');

const relateWorkers = (many: number, relation = 'k8s-cluster:7'): void => {
  const { listed, units } = agent.relate(relation);
  for (let number = 0; number < many; number += 1) {
    const unit = `k8s-worker/${number}`;
    listed.push(unit);
    units.set(unit, {
      'node-name': `node-${number}`,
      'egress-subnets': `10.0.0.${number}/32`,
      'ingress-address': '10.0.0.9',
    });
  }
};

const readBags = async (variables: NodeJS.ProcessEnv, relation = 'k8s-cluster:7') => {
  let bags: ReadonlyMap<string, Readonly<Settings>> = new Map();
  const dispatched = await agent.dispatch(variables, async (juju) => {
    bags = await juju.relations.remoteBags(relation);
  });
  expect(dispatched.error).toBeUndefined();
  return { bags, asked: unitsAsked(dispatched), dispatched };
};

describe('databags of remote units', () => {
  it('are remembered: with 1000 units, an event about one of them asks for that one', async () => {
    relateWorkers(1000);
    const first = await readBags(hook('config-changed'));
    expect(first.asked).toHaveLength(1000);

    agent.relations.get('k8s-cluster:7')?.units.set('k8s-worker/500', { 'node-name': 'renamed' });
    const second = await readBags(relationVariables('changed', 'k8s-cluster:7', 'k8s-worker/500'));
    expect(second.asked).toEqual(['k8s-worker/500']);
    expect(second.bags.get('k8s-worker/500')).toEqual({ 'node-name': 'renamed' });
    expect(second.bags.get('k8s-worker/999')).toEqual({ 'node-name': 'node-999', 'ingress-address': '10.0.0.9' });
    expect([...second.bags.keys()].slice(9, 12)).toEqual(['k8s-worker/9', 'k8s-worker/10', 'k8s-worker/11']);

    const settled = await readBags(hook('update-status'));
    expect(settled.dispatched.calls.map(({ tool }) => tool).toSorted()).toEqual(['relation-list', 'state-get']);
    expect(settled.bags).toEqual(second.bags);
  });

  it.each([3, 100, 1000])('cost the same number of calls with %i units when one has changed', async (many) => {
    relateWorkers(many);
    await readBags(hook('config-changed'));
    agent.relations.get('k8s-cluster:7')?.units.set('k8s-worker/1', { 'node-name': 'other' });
    const { dispatched } = await readBags(relationVariables('changed', 'k8s-cluster:7', 'k8s-worker/1'));
    expect(dispatched.calls.map(({ tool }) => tool).toSorted()).toEqual([
      'relation-get',
      'relation-list',
      'state-get',
      'state-set',
    ]);
  });

  it('are asked for when a unit is new, and forgotten when it is gone', async () => {
    relateWorkers(3);
    await readBags(hook('config-changed'));
    const relation = agent.relations.get('k8s-cluster:7');
    relation?.units.set('k8s-worker/3', { 'node-name': 'new' });
    if (relation) relation.listed = ['k8s-worker/3', 'k8s-worker/1'];
    const { asked, bags } = await readBags(hook('update-status'));
    expect(asked).toEqual(['k8s-worker/3']);
    expect([...bags.keys()]).toEqual(['k8s-worker/1', 'k8s-worker/3']);
    expect([...agent.state.keys()].toSorted()).toEqual([
      'bag/k8s-cluster:7/k8s-worker/1',
      'bag/k8s-cluster:7/k8s-worker/3',
    ]);
  });

  it('show a departing unit no more, while its own bag can still be read in that hook', async () => {
    relateWorkers(2);
    await readBags(hook('config-changed'));
    const relation = agent.relations.get('k8s-cluster:7');
    if (relation) relation.listed = ['k8s-worker/0'];
    relation?.units.set('k8s-worker/1', { 'node-name': 'node-1', joined: 'k8s-1' });
    await agent.dispatch(relationVariables('departed', 'k8s-cluster:7', 'k8s-worker/1'), async ({ relations }) => {
      expect([...(await relations.remoteBags('k8s-cluster:7')).keys()]).toEqual(['k8s-worker/0']);
      expect(await relations.unitBag('k8s-cluster:7', 'k8s-worker/1')).toEqual({
        'node-name': 'node-1',
        joined: 'k8s-1',
      });
    });
  });

  it('are asked for again after an upgrade of the charm, whoever left the memory', async () => {
    relateWorkers(3);
    await readBags(hook('config-changed'));
    agent.relations.get('k8s-cluster:7')?.units.set('k8s-worker/2', { 'node-name': 'changed by another program' });
    const { asked, bags } = await readBags(hook('upgrade-charm'));
    expect(asked).toHaveLength(3);
    expect(bags.get('k8s-worker/2')).toEqual({ 'node-name': 'changed by another program' });
    expect((await readBags(hook('config-changed'))).asked).toEqual([]);
  });

  it('are asked for after an upgrade of the charm even when the charm looked at none of them in that hook', async () => {
    relateWorkers(3);
    await readBags(hook('config-changed'));
    await agent.dispatch(hook('upgrade-charm'), async () => {});
    expect((await readBags(hook('update-status'))).asked).toHaveLength(3);
    expect((await readBags(hook('update-status'))).asked).toEqual([]);
  });

  it('are not believed when the hook about the change had no look at them', async () => {
    relateWorkers(3);
    await readBags(hook('config-changed'));
    agent.relations.get('k8s-cluster:7')?.units.set('k8s-worker/2', { 'node-name': 'changed' });
    await agent.dispatch(relationVariables('changed', 'k8s-cluster:7', 'k8s-worker/2'), async () => {});
    const { asked, bags } = await readBags(hook('update-status'));
    expect(asked).toEqual(['k8s-worker/2']);
    expect(bags.get('k8s-worker/2')).toEqual({ 'node-name': 'changed' });
  });

  it('are not believed when the hook about the change failed and was skipped by an operator', async () => {
    relateWorkers(3);
    await readBags(hook('config-changed'));
    agent.relations.get('k8s-cluster:7')?.units.set('k8s-worker/2', { 'node-name': 'changed' });
    const failed = await agent.dispatch(
      relationVariables('changed', 'k8s-cluster:7', 'k8s-worker/2'),
      async ({ relations }) => {
        await relations.remoteBags('k8s-cluster:7');
        throw new Error('a bug');
      },
    );
    expect(failed.error).toEqual(new Error('a bug'));
    const { asked, bags } = await readBags(hook('update-status'));
    expect(asked).toEqual(['k8s-worker/2']);
    expect(bags.get('k8s-worker/2')).toEqual({ 'node-name': 'changed' });
    expect((await readBags(hook('update-status'))).asked).toEqual([]);
  });

  it('are not believed after a failed and skipped upgrade', async () => {
    relateWorkers(2);
    await readBags(hook('config-changed'));
    await agent.dispatch(hook('upgrade-charm'), () => Promise.reject(new Error('a bug')));
    expect((await readBags(hook('update-status'))).asked).toHaveLength(2);
  });

  it('larger than a value of the state are not remembered but asked for each time', async () => {
    relateWorkers(2);
    agent.relations.get('k8s-cluster:7')?.units.set('k8s-worker/1', { big: 'x'.repeat(70_000) });
    await readBags(hook('config-changed'));
    const { asked, bags } = await readBags(hook('update-status'));
    expect(asked).toEqual(['k8s-worker/1']);
    expect(bags.get('k8s-worker/1')?.['big']).toHaveLength(70_000);
  });

  it('never fill the state: beyond a mebibyte they are asked for', async () => {
    relateWorkers(40);
    for (const [unit] of agent.relations.get('k8s-cluster:7')?.units ?? []) {
      if (unit !== agent.unit) agent.relations.get('k8s-cluster:7')?.units.set(unit, { big: 'x'.repeat(60_000) });
    }
    await readBags(hook('config-changed'));
    expect([...agent.state.values()].reduce((sum, value) => sum + value.length, 0)).toBeLessThan(1024 * 1024);
    const { bags, asked } = await readBags(hook('update-status'));
    expect(bags.size).toBe(40);
    expect(asked.length).toBeGreaterThan(0);
  });

  it('of a unit that never joined are empty, in the words of both Juju lines', async () => {
    relateWorkers(1);
    agent.relations.get('k8s-cluster:7')?.listed.push('k8s-worker/9');
    expect((await readBags(hook('config-changed'))).bags.get('k8s-worker/9')).toEqual({});
    agent.state.clear();
    agent.refusals.set('relation-get', 'relation unit not found');
    expect((await readBags(hook('config-changed'))).bags.get('k8s-worker/9')).toEqual({});
  });

  it('do not look empty when Juju could not be asked', async () => {
    relateWorkers(1);
    agent.refusals.set('relation-get', 'cannot read settings: try again later');
    const { error } = await agent.dispatch(hook('config-changed'), async ({ relations }) => {
      await relations.remoteBags('k8s-cluster:7');
    });
    expect(error).toMatchObject({ name: 'HookToolRefusal', message: 'cannot read settings: try again later' });
    expect(agent.state.size).toBe(0);
  });

  it('may hold keys that are properties of every object', async () => {
    relateWorkers(1);
    agent.relations
      .get('k8s-cluster:7')
      ?.units.set('k8s-worker/0', JSON.parse('{"__proto__": "x", "constructor": "y"}') as Settings);
    await readBags(hook('config-changed'));
    const { bags, asked } = await readBags(hook('update-status'));
    expect(asked).toEqual([]);
    expect(Object.entries(bags.get('k8s-worker/0') ?? {})).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
  });
});

describe('relations', () => {
  it('are counted as people count, and a breaking one is not among them but can be read', async () => {
    for (const id of [2, 10, 9])
      agent.relate(`k8s-cluster:${id}`).applications.set('k8s-worker', { number: String(id) });
    await agent.dispatch(relationVariables('broken', 'k8s-cluster:9'), async ({ relations }) => {
      expect(await relations.ids('k8s-cluster')).toEqual(['k8s-cluster:2', 'k8s-cluster:10']);
      expect(await relations.units('k8s-cluster:9')).toEqual([]);
      expect(await relations.applicationBag('k8s-cluster:9', 'k8s-worker')).toEqual({ number: '9' });
      expect(await relations.application('k8s-cluster:9')).toBe('k8s-worker');
    });
  });

  it('that are gone leave nothing in the state', async () => {
    for (const id of ['k8s-cluster:1', 'k8s-cluster:2', 'cluster:0']) relateWorkers(2, id);
    await agent.dispatch(hook('config-changed'), async ({ relations }) => {
      for (const id of ['k8s-cluster:1', 'k8s-cluster:2', 'cluster:0']) {
        await relations.remoteBags(id);
        relations.setUnit(id, { version: '1.35.0' });
      }
    });
    await agent.dispatch(relationVariables('broken', 'k8s-cluster:1'), async () => {});
    expect([...agent.state.keys()].filter((key) => key.includes('k8s-cluster:1'))).toEqual([]);
    agent.relations.delete('k8s-cluster:2');
    await agent.dispatch(hook('update-status'), async ({ relations, state }) => {
      await relations.ids('k8s-cluster');
      await state.get('anything');
    });
    expect([...agent.state.keys()].toSorted()).toEqual([
      'bag/cluster:0/k8s-worker/0',
      'bag/cluster:0/k8s-worker/1',
      'own/cluster:0',
    ]);
  });

  it('with more values than anybody needs count as empty, before anything is built of them', async () => {
    relateWorkers(2);
    const many = Object.fromEntries(Array.from({ length: 60_000 }, (_, index) => [`k${index}`, '1']));
    agent.relations.get('k8s-cluster:7')?.units.set('k8s-worker/1', many);
    agent.relations.get('k8s-cluster:7')?.applications.set('k8s-worker', many);
    await agent.dispatch(hook('update-status'), async ({ relations }) => {
      const bags = await relations.remoteBags('k8s-cluster:7');
      expect([...bags.values()].map((bag) => Object.keys(bag).length)).toEqual([2, 0]);
      expect(await relations.applicationBag('k8s-cluster:7', 'k8s-worker')).toEqual({});
      expect(relations.unusable().map(({ owner, reason }) => [owner, reason])).toEqual([
        ['k8s-worker/1', 'cannot be used: relation-get printed more than 50000 values'],
        ['k8s-worker', 'cannot be used: relation-get printed more than 50000 values'],
      ]);
    });
  });

  it('ask each question once, even when two ask at the same time', async () => {
    relateWorkers(2);
    const dispatched = await agent.dispatch(hook('update-status'), async ({ relations, isLeader }) => {
      await Promise.all([relations.units('k8s-cluster:7'), relations.units('k8s-cluster:7'), isLeader(), isLeader()]);
      await Promise.all([relations.remoteBags('k8s-cluster:7'), relations.unitBag('k8s-cluster:7', 'k8s-worker/0')]);
      await relations.remoteBags('k8s-cluster:7');
    });
    expect(dispatched.calls.map(({ tool, args }) => `${tool} ${args.at(-1)}`).toSorted()).toEqual([
      'is-leader --format=json',
      'relation-get k8s-worker/0',
      'relation-get k8s-worker/1',
      'relation-list k8s-cluster:7',
      'state-get --format=json',
      'state-set -',
    ]);
  });
});

describe('our own databags', () => {
  const write = (entries: Record<string, string | undefined>) => async (juju: Juju) =>
    juju.relations.setUnit('cluster:0', entries);

  beforeEach(() => {
    agent.relate('cluster:0').units.set(agent.unit, { 'ingress-address': '10.0.0.4', old: 'x' });
  });

  it('take text as it is: a PEM keeps its last newline', async () => {
    await agent.dispatch(hook('update-status'), write({ certificate: PEM, emoji: '😀\u0085', equals: ' a=b ' }));
    expect(agent.relations.get('cluster:0')?.units.get(agent.unit)).toEqual({
      'ingress-address': '10.0.0.4',
      old: 'x',
      certificate: PEM,
      emoji: '😀\u0085',
      equals: ' a=b ',
    });
  });

  it('are written once, with one call for each scope, and not at all when they hold that already', async () => {
    const writeBoth = async ({ relations }: Juju): Promise<void> => {
      relations.setUnit('cluster:0', { version: '1.35.0' });
      relations.setUnit('cluster:0', { 'node-name': 'a', old: undefined });
      relations.setApplication('cluster:0', { 'k8s/1': 'pending-b' });
    };
    expect(count(await agent.dispatch(hook('update-status'), writeBoth), 'relation-set')).toBe(2);
    expect(agent.relations.get('cluster:0')?.units.get(agent.unit)).toEqual({
      'ingress-address': '10.0.0.4',
      version: '1.35.0',
      'node-name': 'a',
    });
    expect(agent.relations.get('cluster:0')?.applications.get('k8s')).toEqual({ 'k8s/1': 'pending-b' });

    const again = await agent.dispatch(hook('update-status'), writeBoth);
    expect(count(again, 'relation-set')).toBe(0);
    expect(count(again, 'state-set')).toBe(0);
    expect(unitsAsked(again)).toEqual([]);
  });

  it('show what this dispatch has written, before and after it is sent', async () => {
    await agent.dispatch(hook('update-status'), async (juju) => {
      const { relations } = juju;
      relations.setUnit('cluster:0', { joined: 'k8s-1', old: '' });
      relations.setApplication('cluster:0', { version: '1' });
      const written = { joined: 'k8s-1' };
      expect(await relations.unitBag('cluster:0', agent.unit)).toEqual(written);
      expect(await relations.applicationBag('cluster:0', 'k8s')).toEqual({ version: '1' });
      await juju.flush();
      expect(await relations.unitBag('cluster:0', agent.unit)).toEqual(written);
      expect(await relations.applicationBag('cluster:0', 'k8s')).toEqual({ version: '1' });
      relations.setUnit('cluster:0', { joined: undefined });
    });
    expect(agent.relations.get('cluster:0')?.units.get(agent.unit)).toEqual({ 'ingress-address': '10.0.0.4' });
  });

  it('are asked for once: nobody else writes there, and the memory is committed with them or not at all', async () => {
    const read = async (variables: NodeJS.ProcessEnv, entries: Record<string, string> = {}) => {
      let bag: Readonly<Settings> = {};
      const dispatched = await agent.dispatch(variables, async ({ relations }) => {
        bag = await relations.unitBag('cluster:0', agent.unit);
        relations.setUnit('cluster:0', entries);
      });
      return { bag, asked: unitsAsked(dispatched) };
    };
    expect(await read(hook('update-status'))).toEqual({ bag: { old: 'x' }, asked: [agent.unit] });
    expect(await read(hook('update-status'), { joined: 'a' })).toEqual({ bag: { old: 'x' }, asked: [] });
    agent.refusals.set('state-set', 'quota limit exceeded');
    await read(hook('update-status'), { joined: 'b' });
    agent.refusals.clear();
    expect(await read(hook('update-status'))).toEqual({ bag: { old: 'x', joined: 'a' }, asked: [] });
    // Another program may have written into the bag before an upgrade, and known nothing of this memory.
    agent.relations.get('cluster:0')?.units.set(agent.unit, { joined: 'c' });
    expect(await read(hook('upgrade-charm'))).toEqual({ bag: { joined: 'c' }, asked: [agent.unit] });
    expect(await read(hook('update-status'))).toEqual({ bag: { joined: 'c' }, asked: [] });
  });

  it('are written again after a hook that failed', async () => {
    await agent.dispatch(hook('update-status'), write({ joined: 'a' }));
    agent.refusals.set('state-set', 'quota limit exceeded');
    const failed = await agent.dispatch(hook('update-status'), write({ joined: 'b' }));
    expect(failed.error).toMatchObject({ message: 'quota limit exceeded' });
    agent.refusals.clear();
    await agent.dispatch(hook('update-status'), write({ joined: 'b' }));
    expect(agent.relations.get('cluster:0')?.units.get(agent.unit)).toMatchObject({ joined: 'b' });
  });

  it('are right again after an action whose state was refused, although Juju keeps what an action sent', async () => {
    await agent.dispatch(hook('update-status'), write({ joined: 'a' }));
    agent.refusals.set('state-set', 'quota limit exceeded');
    await agent.dispatch(actionVariables('leave'), write({ joined: 'b' }));
    expect(agent.relations.get('cluster:0')?.units.get(agent.unit)).toMatchObject({ joined: 'b' });
    agent.refusals.clear();
    await agent.dispatch(hook('update-status'), write({ joined: 'a' }));
    expect(agent.relations.get('cluster:0')?.units.get(agent.unit)).toMatchObject({ joined: 'a' });
  });

  it('are compared with what is really there after an upgrade of the charm', async () => {
    await agent.dispatch(hook('update-status'), write({ joined: 'a' }));
    agent.relations.get('cluster:0')?.units.set(agent.unit, { joined: 'written by another program' });
    await agent.dispatch(hook('upgrade-charm'), write({ joined: 'a' }));
    expect(agent.relations.get('cluster:0')?.units.get(agent.unit)).toEqual({ joined: 'a' });
  });

  it('are compared with what is really there even when the charm wrote nothing in the hook of the upgrade', async () => {
    await agent.dispatch(hook('update-status'), write({ joined: 'a' }));
    agent.relations.get('cluster:0')?.units.set(agent.unit, { joined: 'written by another program' });
    await agent.dispatch(hook('upgrade-charm'), async () => {});
    await agent.dispatch(hook('config-changed'), write({ joined: 'a' }));
    expect(agent.relations.get('cluster:0')?.units.get(agent.unit)).toEqual({ joined: 'a' });
  });

  it('of the application are refused to a unit that is not the leader', async () => {
    agent.leader = false;
    const { error } = await agent.dispatch(hook('update-status'), async ({ relations }) => {
      relations.setApplication('cluster:0', { version: '1' });
    });
    expect(error).toMatchObject({ name: 'NotLeader' });
  });

  it('refuse keys and values that would be lost on the way', async () => {
    await agent.dispatch(hook('update-status'), async ({ relations }) => {
      expect(() => relations.setUnit('cluster:0', { ['k'.repeat(1100)]: 'x' })).toThrow('longer than Juju can read');
      expect(() => relations.setUnit('cluster:0', { ['é'.repeat(200)]: 'x' })).toThrow('longer than Juju can read');
      expect(() => relations.setUnit('cluster:0', { '': 'x' })).toThrow('cannot be empty');
      expect(() => relations.setUnit('cluster:0', { key: 'x'.repeat(1024 * 1024 + 1) })).toThrow("'key' is larger");
      relations.setUnit('cluster:0', { ['k'.repeat(900)]: 'x' });
    });
    expect(agent.relations.get('cluster:0')?.units.get(agent.unit)).toMatchObject({ ['k'.repeat(900)]: 'x' });
  });
});

describe('unit state', () => {
  it('is read with one call, and written with one where it differs', async () => {
    const first = await agent.dispatch(hook('install'), async ({ state }) => {
      expect(await state.get('a')).toBeUndefined();
      state.set('a', PEM);
      state.set('b/1', 'x');
      state.set('b/2', 'y');
      state.set('gone', undefined);
      expect(await state.get('a')).toBe(PEM);
      expect(await state.entries('b/')).toEqual({ 'b/1': 'x', 'b/2': 'y' });
    });
    expect(first.calls.map(({ tool }) => tool)).toEqual(['state-get', 'state-set']);
    expect(Object.fromEntries(agent.state)).toEqual({ a: PEM, 'b/1': 'x', 'b/2': 'y' });

    const second = await agent.dispatch(hook('start'), async ({ state }) => {
      state.set('a', PEM);
      state.set('b/1', undefined);
      expect(await state.entries('b/')).toEqual({ 'b/2': 'y' });
    });
    expect(second.calls).toEqual([
      { tool: 'state-get', args: ['--format=json'] },
      { tool: 'state-delete', args: ['--', 'b/1'] },
    ]);
  });

  it('is lost with a hook that fails', async () => {
    await agent.dispatch(hook('install'), async (juju) => {
      juju.state.set('a', '1');
      await juju.flush();
      throw new Error('a bug');
    });
    expect(agent.state.size).toBe(0);
  });

  it('refuses what Juju would refuse when the hook is over', async () => {
    await agent.dispatch(hook('install'), async ({ state }) => {
      expect(() => state.set('k'.repeat(257), 'x')).toThrow('256 bytes (this has 257)');
      expect(() => state.set('é'.repeat(129), 'x')).toThrow('256 bytes (this has 258)');
      expect(() => state.set('k', 'é'.repeat(32_769))).toThrow('65536 bytes (this has 65538)');
      expect(() => state.set('', 'x')).toThrow('cannot be empty');
      state.set('k', 'x'.repeat(65_536));
    });
    expect(agent.state.get('k')).toHaveLength(65_536);
  });
});

describe('status', () => {
  const active = { status: 'active', message: 'Ready' } as const;
  const waiting = { status: 'waiting', message: 'Joining cluster' } as const;
  const set = (status: typeof active | typeof waiting) => (juju: Juju) => juju.setStatus(status);

  it('is set once, and not again in later dispatches', async () => {
    await agent.dispatch(hook('update-status'), set(active));
    const settled = await agent.dispatch(hook('update-status'), set(active));
    expect(agent.statuses).toEqual(['-- active Ready']);
    expect(settled.calls).toEqual([]);
  });

  it('is set again when a hook failed after it had set another', async () => {
    await agent.dispatch(hook('update-status'), set(active));
    await agent.dispatch(hook('update-status'), async (juju) => {
      await juju.setStatus(waiting);
      throw new Error('a bug');
    });
    await agent.dispatch(hook('update-status'), set(active));
    expect(agent.statuses).toEqual(['-- active Ready', '-- waiting Joining cluster', '-- active Ready']);
  });

  it('is set again when Juju may not have taken it', async () => {
    agent.refusals.set('status-set', 'connection is shut down');
    expect((await agent.dispatch(hook('update-status'), set(active))).error).toMatchObject({ name: 'HookToolFailure' });
    agent.refusals.clear();
    await agent.dispatch(hook('update-status'), set(active));
    expect(agent.statuses).toEqual(['-- active Ready']);
  });

  it.each(['install', 'start', 'stop', 'remove', 'upgrade-charm', 'leader-elected'])(
    'is set again in and after %s, around which others set it',
    async (event) => {
      await agent.dispatch(hook('update-status'), set(active));
      await agent.dispatch(hook(event), async () => {});
      await agent.dispatch(hook('update-status'), set(active));
      await agent.dispatch(hook(event), set(active));
      expect(agent.statuses).toHaveLength(3);
    },
  );

  it('of the application is a status of its own; messages are one short line', async () => {
    await agent.dispatch(hook('update-status'), async (juju) => {
      await juju.setApplicationStatus(active);
      await juju.setStatus({ status: 'blocked', message: `--set\n  this: ${'é'.repeat(2000)}` });
    });
    expect(agent.statuses[0]).toBe('--application -- active Ready');
    expect(agent.statuses[1]).toMatch(/^-- blocked --set this: é+…$/);
    expect(Buffer.byteLength(agent.statuses[1] ?? '')).toBeLessThan(1050);
  });
});
