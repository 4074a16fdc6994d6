import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ZipFile } from 'yazl';
import { openBareMachines } from '../../standins/juju/bare-machines.ts';
import type { HookToolChannel } from '../../standins/juju/hook-tools/server.ts';
import { Model } from '../../standins/juju/model.ts';
import { AWKWARD } from './mini-charm.ts';

// A whole life of a charm, on a machine that may be busy: the model waits for events, and this is only for one that hangs.
vi.setConfig({ testTimeout: 180_000 });

/** The program stays where it is and is run as it is; only what Juju reads is packed. */
async function packMiniCharm(path: string, revision: string, channel: HookToolChannel): Promise<void> {
  const hookTools = channel === 'socket' ? '' : 'export K8S_CHARM_HOOK_TOOLS=executables\n';
  const files: Record<string, string> = {
    'metadata.yaml': `name: mini\nsummary: s\ndescription: ${revision}\npeers:\n  cluster: {interface: mini}\nprovides:\n  workers: {interface: work}\n`,
    'manifest.yaml': 'bases:\n- {name: ubuntu, channel: "24.04", architectures: [amd64, arm64]}\n',
    'config.yaml': 'options:\n  greeting: {type: string, default: hello}\n  fail: {type: boolean, default: false}\n',
    'actions.yaml':
      'tell:\n  additionalProperties: false\n  params:\n    what: {type: string, default: nothing}\nbreak:\n  additionalProperties: false\n',
    dispatch: `#!/bin/sh\n${hookTools}exec ${process.execPath} ./main.mjs\n`,
    'main.mjs': `import { dispatch } from '${new URL('mini-charm.ts', import.meta.url).href}';\nawait dispatch();\n`,
  };
  const zip = new ZipFile();
  for (const [name, content] of Object.entries(files)) {
    zip.addBuffer(Buffer.from(content), name, { mode: name === 'dispatch' ? 0o100755 : 0o100644 });
  }
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(path));
}

describe.each([
  ['3.6.9', 'socket'],
  ['4.0.1', 'socket'],
  ['3.6.9', 'executable'],
] as const)(
  'a charm on the Juju client, dispatched by the model of Juju %s, hook tools by %s',
  (jujuVersion, channel) => {
    let folder: string;
    let model: Model;
    const settle = (until: () => boolean) => model.settle({ timeoutMs: 150_000, until });
    const message = (unit: string): string =>
      `${model.unit(unit).workload.status}: ${model.unit(unit).workload.message}`;
    const workers = () => model.remote('worker');

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'jm-'));
      await packMiniCharm(join(folder, 'mini.charm'), 'first', channel);
      await packMiniCharm(join(folder, 'next.charm'), 'second', channel);
      model = await Model.create({
        directory: join(folder, 'model'),
        provider: openBareMachines({ directory: join(folder, 'machines') }),
        jujuVersion,
        retry: { initialMs: 20, maximumMs: 100, attempts: 3 },
      });
      await model.deploy(join(folder, 'mini.charm'), { application: 'mini', units: 2 });
      model.addRemoteApplication('worker', { endpoints: { mini: { interface: 'work', role: 'requirer' } }, units: 2 });
      await model.integrate('mini:workers', 'worker:mini');
    });
    afterAll(async () => {
      await model?.close();
      await rm(folder, { recursive: true, force: true });
    });

    it('shares text that YAML, trimming and arguments would break, and shows what it learnt', async () => {
      await settle(() => message('mini/0') === 'active: mini/1 hello, worker/0=, worker/1=');
      expect(model.unit('mini/0').bag('cluster')).toMatchObject({ text: AWKWARD, greeting: 'hello' });
      expect(model.applicationBag('mini', 'cluster')).toEqual({ leader: 'mini/0' });
      expect(model.unit('mini/1').state).toMatchObject({ awkward: AWKWARD });
      expect(model.unit('mini/0').ports).toEqual(['6443/tcp']);
      expect(model.unit('mini/0').version).toBe('1.35.0');
      const channels = model.dispatches.flatMap(({ calls }) => calls.map((call) => call.channel));
      expect(new Set(channels)).toEqual(new Set([channel]));
    });

    it('hands each remote unit a secret that this unit alone can read', async () => {
      workers().setUnitBag('mini', 'worker/1', { name: 'b' });
      await settle(() => message('mini/0') === 'active: mini/1 hello, worker/0=, worker/1=b');
      const id = model.applicationBag('mini', 'workers')['worker/1-secret-id'] ?? '';
      expect(workers().readSecret(id, 'worker/1')).toEqual({ token: AWKWARD, name: 'b' });
      expect(() => workers().readSecret(id, 'worker/0')).toThrow('permission denied');

      workers().setUnitBag('mini', 'worker/1', { name: 'c' });
      await settle(() => message('mini/0').endsWith('worker/1=c'));
      expect(workers().readSecret(id, 'worker/1')).toEqual({ token: AWKWARD, name: 'c', revision: '1' });
    });

    it('asks for the one unit that an event is about, and for little when nothing changed', async () => {
      const seen = model.dispatches.length;
      workers().setUnitBag('mini', 'worker/0', { unrelated: 'x' });
      await settle(() => model.dispatches.length >= seen + 2);
      const changed = model.dispatches.slice(seen).find(({ unit }) => unit === 'mini/1');
      expect(changed?.event).toBe('hooks/workers-relation-changed');
      expect(changed?.calls.filter(({ tool }) => tool === 'relation-get').map(({ args }) => args.at(-1))).toEqual([
        'worker/0',
      ]);

      model.updateStatus('mini/1');
      await settle(() => model.dispatches.at(-1)?.event === 'hooks/update-status');
      expect(
        model.dispatches
          .at(-1)
          ?.calls.map(({ tool }) => tool)
          .toSorted(),
      ).toEqual([
        'config-get',
        'is-leader',
        'opened-ports',
        ...(channel === 'socket' ? ['relation-ids'] : []),
        'relation-ids',
        'relation-ids',
        'relation-list',
        'relation-list',
        'state-get',
      ]);
    });

    it('runs actions: parameters, progress, results, failure', async () => {
      const lines: string[] = [];
      const told = await model.run('mini/0', 'tell', {}, (line) => lines.push(line));
      expect(told.status).toBe('completed');
      expect(told.results).toMatchObject({ asked: { for: 'nothing', times: '2' }, text: AWKWARD, 'return-code': 0 });
      expect(lines.join('\n')).toContain('working');
      expect(await model.run('mini/1', 'break')).toMatchObject({
        status: 'failed',
        message: '-- it broke\nin two lines',
      });
    });

    it('loses nothing to hooks that fail, and shows the right status after them', async () => {
      const before = message('mini/1');
      await model.configure('mini', { fail: true, greeting: 'lost' });
      await expect(settle(() => false)).rejects.toThrow('told to fail');
      expect(message('mini/1')).toBe('waiting: about to fail');
      expect(model.unit('mini/1').bag('cluster')).toMatchObject({ greeting: 'hello' });
      await model.configure('mini', { fail: false, greeting: 'hello' });
      await settle(() => message('mini/1') === before);
    });

    it('takes back the secret of a unit that goes', async () => {
      expect(model.secrets()).toHaveLength(1);
      workers().removeUnit('worker/1');
      await settle(() => message('mini/0') === 'active: mini/1 hello, worker/0=');
      expect(model.secrets()).toEqual([]);
      expect(Object.keys(model.unit('mini/1').state).filter((key) => key.includes('worker/1'))).toEqual([]);
    });

    it('looks at everything again after an upgrade', async () => {
      const seen = model.dispatches.length;
      await model.refresh('mini', join(folder, 'next.charm'));
      await settle(
        () => model.dispatches.slice(seen).filter(({ event }) => event === 'hooks/upgrade-charm').length === 2,
      );
      const upgrade = model.dispatches
        .slice(seen)
        .find(({ event, unit }) => event === 'hooks/upgrade-charm' && unit === 'mini/1');
      expect(
        upgrade?.calls
          .filter(({ tool }) => tool === 'relation-get')
          .map(({ args }) => args.at(-1))
          .toSorted(),
      ).toEqual(['mini/0', 'mini/1', 'worker/0']);
      expect(upgrade?.calls.map(({ tool }) => tool)).toContain('status-set');
    });

    it('keeps no memory of a relation that has ended', async () => {
      await model.removeRelation('mini', 'worker');
      await settle(() => message('mini/0') === 'active: mini/1 hello');
      expect(Object.keys(model.unit('mini/0').state).toSorted()).toEqual([
        'awkward',
        'bag/cluster:0/mini/1',
        'own/cluster:0',
      ]);
      expect(
        model.dispatches
          .filter(({ exitCode }) => exitCode !== 0)
          .every(({ event }) => event === 'hooks/config-changed'),
      ).toBe(true);
    });
  },
);
