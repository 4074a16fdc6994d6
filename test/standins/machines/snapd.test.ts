import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { discard, eventually, finished, k8sd, newMachines, ready, snapd, snapdChange } from './ask.ts';
import { at } from './json.ts';
import { paths } from './node/paths.ts';

let machines: Awaited<ReturnType<typeof newMachines>>;
beforeAll(async () => {
  machines = await newMachines();
});
afterAll(async () => {
  expect(machines.failures).toEqual([]);
  await discard(machines);
});

const install = { action: 'install', channel: '1.36-classic/stable', classic: true };
const kind = (reply: { readonly body: unknown }): unknown => at(reply.body, 'result', 'kind');

function upload(content: string, fields: Readonly<Record<string, string>>): { body: Buffer; type: string } {
  const mark = 'mark-of-the-parts';
  const parts = Object.entries(fields).map(
    ([name, value]) => `--${mark}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  const file = `--${mark}\r\nContent-Disposition: form-data; name="snap"; filename="k8s.snap"\r\nContent-Type: application/octet-stream\r\n\r\n${content}\r\n--${mark}--\r\n`;
  return { body: Buffer.from(parts.join('') + file), type: `multipart/form-data; boundary=${mark}` };
}

async function sendFile(id: string, content: string, fields: Readonly<Record<string, string>>) {
  const { body, type } = upload(content, fields);
  return snapd(await machines.provision(id), 'POST', '/v2/snaps', body, { headers: { 'content-type': type } });
}

describe('a machine before anything is installed', () => {
  it('knows no snap, and says so with the kind that clients look for', async () => {
    const machine = await machines.provision('bare');
    const reply = await snapd(machine, 'GET', '/v2/snaps/k8s');
    expect(reply.status).toBe(404);
    expect(reply.body).toMatchObject({ type: 'error', 'status-code': 404, result: { kind: 'snap-not-found' } });
    expect((await snapd(machine, 'GET', '/v2/apps?names=k8s&select=service')).status).toBe(404);
    expect(kind(await snapd(machine, 'POST', '/v2/snaps/k8s', { action: 'remove' }))).toBe('snap-not-installed');
  });

  it('has its names and addresses in files, and no k8sd', async () => {
    const machine = await machines.provision('bare');
    expect(machine.hostname).toMatch(/^juju-[0-9a-f]{6}-bare$/);
    expect(await machine.files.read('/etc/hostname')).toBe(`${machine.hostname}\n`);
    expect(await machine.files.read('/proc/sys/kernel/hostname')).toBe(`${machine.hostname}\n`);
    expect(machine.environment).toEqual({ K8S_CHARM_ROOT: machine.root });
    await expect(k8sd(machine, 'GET', '/core/1.0/ready')).rejects.toThrow('ENOENT');
  });

  it('refuses what snapd refuses of an install', async () => {
    const machine = await machines.provision('bare');
    const post = (body: unknown) => snapd(machine, 'POST', '/v2/snaps/k8s', body);
    expect(kind(await post({ action: 'install', channel: '1.36-classic/stable' }))).toBe('snap-needs-classic');
    expect(kind(await post({ ...install, channel: '1.99-classic/stable' }))).toBe('snap-channel-not-available');
    expect(kind(await post({ ...install, revision: '1' }))).toBe('snap-revision-not-available');
    expect(kind(await snapd(machine, 'POST', '/v2/snaps/no-such', install))).toBe('snap-not-found');
    expect((await post({ action: 'dance' })).status).toBe(400);
    expect((await post('')).status).toBe(400);
    expect(machine.state.snapd.snap).toBeUndefined();
  });
});

describe('an install from a channel', () => {
  it('is a change with tasks, which excludes other changes while it lasts', async () => {
    const machine = await machines.provision('store');
    const reply = await snapd(machine, 'POST', '/v2/snaps/k8s', install);
    expect(reply.body).toMatchObject({ type: 'async', 'status-code': 202 });
    const conflict = await snapd(machine, 'POST', '/v2/snaps/k8s', install);
    expect(conflict.status).toBe(409);
    expect(conflict.body).toMatchObject({
      result: { kind: 'snap-change-conflict', value: { 'snap-name': 'k8s', 'change-kind': 'install-snap' } },
    });
    const id = String(at(reply.body, 'change'));
    expect((await snapd(machine, 'GET', `/v2/changes/${id}`)).body).toMatchObject({
      result: { ready: false, status: 'Doing' },
    });
    const change = await finished(machine, id);
    expect(change).toMatchObject({ status: 'Done', ready: true });
    expect(change['err']).toBeUndefined();
    expect(change['tasks']).not.toHaveLength(0);
  });

  it('leaves a snap, its files, and k8sd as the one service that runs', async () => {
    const machine = await machines.provision('store');
    await ready(machine);
    expect((await snapd(machine, 'GET', '/v2/snaps/k8s')).body).toMatchObject({
      result: {
        version: '1.36.4',
        'tracking-channel': '1.36-classic/stable',
        confinement: 'classic',
        base: 'core22',
        status: 'active',
      },
    });
    expect(await machine.files.list(`${paths.configurations}/disa-stig`)).toEqual([
      'bootstrap.yaml',
      'control-plane.yaml',
      'worker.yaml',
    ]);
    expect(await machine.files.read('/snap/k8s/current/meta/snap.yaml')).toContain('version: 1.36.4');
    const apps = at((await snapd(machine, 'GET', '/v2/apps?names=k8s&select=service')).body, 'result') as unknown[];
    expect(apps.filter((app) => at(app, 'active') === true).map((app) => at(app, 'name'))).toEqual(['k8sd']);
    // False is left out, not written.
    expect(apps.find((app) => at(app, 'name') === 'kubelet')).not.toHaveProperty('active');
    expect(kind(await snapd(machine, 'POST', '/v2/snaps/k8s', install))).toBe('snap-already-installed');
  });

  it('can be held, refreshed when the store has something newer, and reverted', async () => {
    const machine = await machines.provision('store');
    const hold = { action: 'hold', time: 'forever', 'hold-level': 'general' };
    expect((await snapdChange(machine, '/v2/snaps/k8s', hold))['status']).toBe('Done');
    expect(kind(await snapd(machine, 'POST', '/v2/snaps/k8s', { action: 'refresh' }))).toBe('snap-no-update-available');
    machines.publish('1.36-classic/stable', '1.36.6');
    const refreshed = await snapdChange(machine, '/v2/snaps/k8s', {
      action: 'refresh',
      channel: '1.36-classic/stable',
    });
    expect(refreshed['status']).toBe('Done');
    const snap = (await snapd(machine, 'GET', '/v2/snaps/k8s')).body;
    expect(snap).toMatchObject({ result: { version: '1.36.6' } });
    expect(at(snap, 'result', 'hold')).toEqual(expect.any(String));
    await ready(machine);
    await snapdChange(machine, '/v2/snaps/k8s', { action: 'revert' });
    expect((await snapd(machine, 'GET', '/v2/snaps/k8s')).body).toMatchObject({ result: { version: '1.36.4' } });
    await snapdChange(machine, '/v2/snaps/k8s', { action: 'unhold' });
    expect(at((await snapd(machine, 'GET', '/v2/snaps/k8s')).body, 'result', 'hold')).toBeUndefined();
    await ready(machine);
  });

  it('shows what the store has', async () => {
    const machine = await machines.provision('store');
    const found = await snapd(machine, 'GET', '/v2/find?name=k8s');
    expect(at(found.body, 'result')).toMatchObject([{ channels: { '1.35-classic/stable': { version: '1.35.5' } } }]);
    expect(kind(await snapd(machine, 'GET', '/v2/find?name=nothing'))).toBe('snap-not-found');
  });

  it('goes with all its data when removed', async () => {
    const machine = await machines.provision('store');
    expect((await snapdChange(machine, '/v2/snaps/k8s', { action: 'remove', purge: true }))['status']).toBe('Done');
    expect(await machine.files.exists('/var/snap/k8s')).toBe(false);
    expect((await snapd(machine, 'GET', '/v2/snaps/k8s')).status).toBe(404);
    await expect(k8sd(machine, 'GET', '/core/1.0/ready')).rejects.toThrow('ENOENT');
  });
});

describe('a change that a test makes fail', () => {
  it('ends in Error with a reason, and nothing is installed', async () => {
    const machine = await machines.provision('failing');
    machines.failNext('failing', 'snap install', { text: 'cannot download snap: connection reset by peer' });
    const change = await snapdChange(machine, '/v2/snaps/k8s', install);
    expect(change).toMatchObject({ status: 'Error', ready: true });
    expect(change['err']).toContain('connection reset by peer');
    expect((await snapd(machine, 'GET', '/v2/snaps/k8s')).status).toBe(404);
    expect((await snapdChange(machine, '/v2/snaps/k8s', install))['status']).toBe('Done');
  });

  it('or is refused at once with a status and kind', async () => {
    const machine = await machines.provision('failing');
    machines.failNext('failing', 'snap refresh', { status: 504, text: 'store timed out', kind: 'network-timeout' });
    const reply = await snapd(machine, 'POST', '/v2/snaps/k8s', { action: 'refresh', channel: '1.36-classic/edge' });
    expect([reply.status, kind(reply)]).toEqual([504, 'network-timeout']);
  });
});

describe('an install from a file', () => {
  const fields = { action: 'install', dangerous: 'true', classic: 'true' };

  it('gives a local revision without a channel, and one more for each file', async () => {
    const first = await sendFile('file', 'hsqs\nk8s 1.36.4\n', fields);
    expect(first.status).toBe(202);
    const machine = await machines.provision('file');
    expect((await finished(machine, String(at(first.body, 'change'))))['status']).toBe('Done');
    const second = await sendFile('file', 'hsqs\nk8s 1.36.5\n', fields);
    await finished(machine, String(at(second.body, 'change')));
    const { body } = await snapd(machine, 'GET', '/v2/snaps/k8s');
    expect(body).toMatchObject({ result: { revision: 'x2', version: '1.36.5' } });
    expect(at(body, 'result', 'tracking-channel')).toBeUndefined();
  });

  it('is refused without a signature unless dangerous, when it is no snap, and without classic', async () => {
    const unsigned = await sendFile('file-2', 'hsqs\nk8s 1.36.4\n', { ...fields, dangerous: 'false' });
    expect(unsigned.status).toBe(400);
    expect(unsigned.text).toContain('cannot find signatures');
    const text = await sendFile('file-2', 'hello', fields);
    expect([text.status, at(text.body, 'result', 'message')]).toEqual([
      400,
      expect.stringContaining('cannot read snap file'),
    ]);
    expect(kind(await sendFile('file-2', 'hsqs\nk8s 1.36.4\n', { ...fields, classic: 'false' }))).toBe(
      'snap-needs-classic',
    );
  });

  it('fails in its change when the file is a snap only at first sight', async () => {
    const reply = await sendFile('file-2', 'hsqs and then nothing', fields);
    const change = await finished(await machines.provision('file-2'), String(at(reply.body, 'change')));
    expect(change['status']).toBe('Error');
  });
});

describe('services', () => {
  it('a restart of the snap leaves alone what does not run, one of a named service starts it', async () => {
    const machine = await machines.provision('file');
    await ready(machine);
    await machine.files.write(`${paths.args}/kube-proxy`, '--kubeconfig="/etc/hostname"\n');
    const act = (names: readonly string[]) => snapdChange(machine, '/v2/apps', { action: 'restart', names });
    expect((await act(['k8s']))['status']).toBe('Done');
    expect(machines.service('file', 'kube-proxy').active).toBe(false);
    expect((await act(['k8s.kube-proxy']))['status']).toBe('Done');
    expect(machines.service('file', 'kube-proxy').active).toBe(true);
    await ready(machine);
  });

  it('stop with disable outlasts a reboot, stop without does not', async () => {
    const machine = await machines.provision('file');
    const act = (body: unknown) => snapdChange(machine, '/v2/apps', body);
    await act({ action: 'start', names: ['k8s.kube-proxy'], enable: true });
    await act({ action: 'stop', names: ['k8s.kube-proxy'] });
    await machine.reboot();
    expect(machines.service('file', 'kube-proxy')).toMatchObject({ active: true, enabled: true });
    await act({ action: 'stop', names: ['k8s.kube-proxy'], disable: true });
    await machine.reboot();
    expect(machines.service('file', 'kube-proxy')).toMatchObject({ active: false, enabled: false });
    await ready(machine);
  });

  it('refuses unknown services, no services and unknown actions', async () => {
    const machine = await machines.provision('file');
    const post = (body: unknown) => snapd(machine, 'POST', '/v2/apps', body);
    const unknown = await post({ action: 'start', names: ['k8s.nothing'] });
    expect([unknown.status, kind(unknown)]).toEqual([404, 'app-not-found']);
    expect(kind(await post({ action: 'start', names: ['nothing'] }))).toBe('snap-not-found');
    expect((await post({ action: 'start', names: [] })).status).toBe(400);
    expect((await post({ action: 'kick', names: ['k8s.kubelet'] })).status).toBe(400);
  });

  it('a service with arguments that it cannot read does not run', async () => {
    const machine = await machines.provision('file');
    const start = (service: string) =>
      snapdChange(machine, '/v2/apps', { action: 'restart', names: [`k8s.${service}`] });
    const cases: readonly (readonly [string, string])[] = [
      ['--no-such-flag="1"\n', 'unknown flag: --no-such-flag'],
      ['--kubeconfig="$(reboot)"\n', 'shell expansion'],
      ['--kubeconfig=/etc/hostname; reboot\n', 'syntax error near unexpected token'],
      ['--kubeconfig="/etc/no-such-file"\n', 'no such file'],
      ['not a flag\n', 'does not take any arguments, got ["not"'],
    ];
    for (const [content, reason] of cases) {
      await machine.files.write(`${paths.args}/kube-proxy`, content);
      expect((await start('kube-proxy'))['status']).toBe('Done');
      expect(machines.service('file', 'kube-proxy')).toMatchObject({
        active: false,
        failure: expect.stringContaining(reason),
      });
    }
    // Single quotes make anything harmless.
    await machine.files.write(`${paths.args}/kube-proxy`, "--kubeconfig='/etc/hostname' # comment\n");
    await start('kube-proxy');
    expect(machines.service('file', 'kube-proxy').active).toBe(true);
  });
});

describe('what a test sees of the calls', () => {
  it('is each one before and after, and a client that is ended in between has asked nothing', async () => {
    const machine = await machines.provision('seen');
    const calls: string[] = [];
    machine.observer = (what, phase) => {
      calls.push(`${phase} ${what}`);
    };
    await snapd(machine, 'GET', '/v2/snaps/k8s');
    expect(calls).toEqual(['before snapd GET /v2/snaps/k8s', 'after snapd GET /v2/snaps/k8s']);
    const client = new AbortController();
    machine.observer = (_what, phase) => {
      if (phase === 'before') client.abort();
      return new Promise(() => {});
    };
    await expect(snapd(machine, 'POST', '/v2/snaps/k8s', install, { signal: client.signal })).rejects.toThrow();
    machine.observer = undefined;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(at((await snapd(machine, 'GET', '/v2/changes?select=all')).body, 'result')).toEqual([]);
  });

  it('ended after it has happened, it has happened', async () => {
    const machine = await machines.provision('seen');
    const client = new AbortController();
    machine.observer = (_what, phase) => {
      if (phase === 'before') return undefined;
      client.abort();
      return new Promise(() => {});
    };
    await expect(snapd(machine, 'POST', '/v2/snaps/k8s', install, { signal: client.signal })).rejects.toThrow();
    machine.observer = undefined;
    await eventually(async () => (await snapd(machine, 'GET', '/v2/snaps/k8s')).status === 200);
  });
});
