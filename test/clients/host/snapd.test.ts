/** Guards how snapd is spoken to: changes waited for, its refusals understood, a busy or restarting snapd waited out. */
import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SnapdError } from '../../../src/clients/host/errors.ts';
import type { Snapd, SnapWait } from '../../../src/clients/host/host.ts';
import { openHost } from '../../../src/clients/host/open-host.ts';
import { temporaryRoot } from './folder.ts';
import { type Answering, changing, refused, type SnapdDaemon, snapdDaemon, started, sync } from './snapd-daemon.ts';

const wait: SnapWait = { timeoutMs: 10_000 };

/** A snapd that starts a change for whatever is posted, and has done it at once. */
const obeying: Answering = (asked, response) => {
  if (asked.method === 'POST') started(response, '7');
  else changing(response, 'Done', []);
};

function speaking({ root }: SnapdDaemon): Snapd {
  return openHost(root).snapd;
}

async function errorOf(call: Promise<unknown>): Promise<SnapdError> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SnapdError);
  return error as SnapdError;
}

describe('an installed snap', () => {
  it('is told with its version, its channel and until when it is held', async () => {
    const daemon = await snapdDaemon((_asked, response) =>
      sync(response, {
        id: 'x',
        name: 'k8s',
        version: 'v1.36.4',
        revision: '4201',
        channel: '1.36-classic/stable',
        'tracking-channel': '1.36-classic/candidate',
        confinement: 'classic',
        status: 'active',
        hold: '2318-01-01T00:00:00Z',
      }),
    );
    expect(await speaking(daemon).snap('k8s')).toEqual({
      name: 'k8s',
      version: '1.36.4',
      revision: '4201',
      channel: '1.36-classic/candidate',
      confinement: 'classic',
      heldUntil: '2318-01-01T00:00:00Z',
    });
    expect(daemon.asked[0]).toMatchObject({ method: 'GET', path: '/v2/snaps/k8s' });
  });

  it('from a file follows no channel', async () => {
    const daemon = await snapdDaemon((_asked, response) =>
      sync(response, { name: 'k8s', version: '1.36.4', revision: 'x1', channel: '', confinement: 'classic' }),
    );
    expect(await speaking(daemon).snap('k8s')).toEqual({
      name: 'k8s',
      version: '1.36.4',
      revision: 'x1',
      confinement: 'classic',
    });
  });

  it('is none when snapd has none', async () => {
    const daemon = await snapdDaemon((_asked, response) =>
      refused(response, 404, 'snap-not-found', 'snap not installed'),
    );
    expect(await speaking(daemon).snap('k8s')).toBeUndefined();
    expect(await speaking(daemon).services('k8s')).toEqual([]);
  });
});

describe('what is asked for', () => {
  const actions: readonly (readonly [string, (snapd: Snapd) => Promise<void>, string, unknown])[] = [
    [
      'install',
      (snapd) => snapd.install('k8s', { channel: '1.36-classic/stable', classic: true }, wait),
      '/v2/snaps/k8s',
      { action: 'install', channel: '1.36-classic/stable', classic: true },
    ],
    [
      'refresh',
      (snapd) => snapd.refresh('k8s', { channel: '1.36-classic/beta' }, wait),
      '/v2/snaps/k8s',
      { action: 'refresh', channel: '1.36-classic/beta', amend: true },
    ],
    ['revert', (snapd) => snapd.revert('k8s', wait), '/v2/snaps/k8s', { action: 'revert' }],
    [
      'hold',
      (snapd) => snapd.hold('k8s', wait),
      '/v2/snaps/k8s',
      { action: 'hold', time: 'forever', 'hold-level': 'general' },
    ],
    ['unhold', (snapd) => snapd.unhold('k8s', wait), '/v2/snaps/k8s', { action: 'unhold' }],
    ['remove', (snapd) => snapd.remove('k8s', wait), '/v2/snaps/k8s', { action: 'remove', purge: true }],
    [
      'start',
      (snapd) => snapd.start('k8s', ['kubelet'], { enable: true }, wait),
      '/v2/apps',
      { action: 'start', enable: true, names: ['k8s.kubelet'] },
    ],
    [
      'start only',
      (snapd) => snapd.start('k8s', ['kubelet'], { enable: false }, wait),
      '/v2/apps',
      { action: 'start', names: ['k8s.kubelet'] },
    ],
    [
      'stop',
      (snapd) => snapd.stop('k8s', ['kubelet', 'kube-proxy'], { disable: true }, wait),
      '/v2/apps',
      { action: 'stop', disable: true, names: ['k8s.kubelet', 'k8s.kube-proxy'] },
    ],
    [
      'restart',
      (snapd) => snapd.restart('k8s', ['kubelet'], wait),
      '/v2/apps',
      { action: 'restart', names: ['k8s.kubelet'] },
    ],
  ];

  it.each(actions)('%s', async (_name, act, path, body) => {
    const daemon = await snapdDaemon(obeying);
    await act(speaking(daemon));
    expect(daemon.asked.map((asked) => asked.path)).toEqual([path, '/v2/changes/7']);
    expect(daemon.posted()).toEqual([body]);
  });

  it('is nothing for no services', async () => {
    const daemon = await snapdDaemon(obeying);
    await speaking(daemon).restart('k8s', [], wait);
    await speaking(daemon).stop('k8s', [], { disable: true }, wait);
    expect(daemon.asked).toEqual([]);
  });
});

it('services are told by their name, running and enabled or not', async () => {
  const daemon = await snapdDaemon((_asked, response) =>
    sync(response, [
      { snap: 'k8s', name: 'k8sd', daemon: 'simple', active: true, enabled: true },
      { snap: 'k8s', name: 'kubelet', daemon: 'simple', enabled: true },
      { snap: 'k8s', name: 'etcd', daemon: 'simple' },
      { snap: 'other', name: 'thing', daemon: 'simple', active: true },
    ]),
  );
  expect(await speaking(daemon).services('k8s')).toEqual([
    { name: 'k8sd', active: true, enabled: true },
    { name: 'kubelet', active: false, enabled: true },
    { name: 'etcd', active: false, enabled: false },
  ]);
  expect(daemon.asked[0]?.path).toBe('/v2/apps?names=k8s&select=service');
});

describe('a change', () => {
  it('is waited for, and what it is doing is told once each', async () => {
    const daemon = await snapdDaemon((asked, response, count) => {
      if (asked.method === 'POST') return started(response, '7');
      if (count < 4)
        return changing(response, 'Doing', [
          ['Done', 'Prepare'],
          ['Doing', 'Download snap "k8s"'],
        ]);
      if (count < 5)
        return changing(response, 'Doing', [
          ['Done', 'Download snap "k8s"'],
          ['Doing', 'Mount snap "k8s"'],
        ]);
      changing(response, 'Done', [['Done', 'Mount snap "k8s"']]);
    });
    const told: string[] = [];
    await speaking(daemon).install(
      'k8s',
      { channel: 'x', classic: true },
      { ...wait, onProgress: (summary) => told.push(summary) },
    );
    expect(told).toEqual(['Download snap "k8s"', 'Mount snap "k8s"']);
  });

  it('that fails rejects with snapd’s reason', async () => {
    const reason =
      'cannot perform the following tasks:\n- Download snap "k8s" (4201) from channel "x" (no space left on device)';
    const daemon = await snapdDaemon((asked, response) => {
      if (asked.method === 'POST') started(response, '7');
      else changing(response, 'Error', [['Error', 'Download']], reason);
    });
    const error = await errorOf(speaking(daemon).install('k8s', { channel: 'x', classic: true }, wait));
    expect(error).toMatchObject({ kind: 'change-failed', message: reason });
  });

  it('that ends otherwise than done is a failure', async () => {
    const daemon = await snapdDaemon((asked, response) => {
      if (asked.method === 'POST') started(response, '7');
      else changing(response, 'Undone', []);
    });
    expect(await errorOf(speaking(daemon).revert('k8s', wait))).toMatchObject({
      kind: 'change-failed',
      message: 'Install "k8s" snap: Undone',
    });
  });

  it('that lasts too long rejects in time and says at what', async () => {
    const daemon = await snapdDaemon((asked, response) => {
      if (asked.method === 'POST') started(response, '7');
      else changing(response, 'Doing', [['Doing', 'Run install hook of "k8s" snap']]);
    });
    const begun = performance.now();
    const error = await errorOf(speaking(daemon).install('k8s', { channel: 'x', classic: true }, { timeoutMs: 500 }));
    expect(error).toMatchObject({
      kind: 'timeout',
      message: expect.stringContaining('Run install hook of "k8s" snap'),
    });
    expect(performance.now() - begun).toBeLessThan(5000);
  });

  it('outlives a restart of snapd', async () => {
    let restarted = false;
    const daemon = await snapdDaemon((asked, response) => {
      if (asked.method === 'POST') return started(response, '7');
      if (restarted) return changing(response, 'Done', []);
      restarted = true;
      void daemon.stop().then(() => setTimeout(() => void daemon.listen(), 250));
    });
    await speaking(daemon).refresh('k8s', { channel: 'x' }, wait);
    expect(daemon.posted()).toHaveLength(1);
  });
});

describe('already as wanted', () => {
  it.each([
    [
      'installed',
      'snap-already-installed',
      (snapd: Snapd) => snapd.install('k8s', { channel: 'x', classic: true }, wait),
    ],
    ['refreshed', 'snap-no-update-available', (snapd: Snapd) => snapd.refresh('k8s', { channel: 'x' }, wait)],
    ['removed', 'snap-not-installed', (snapd: Snapd) => snapd.remove('k8s', wait)],
  ])('%s counts as done', async (_what, kind, act) => {
    const daemon = await snapdDaemon((_asked, response) => refused(response, 400, kind, 'so it is'));
    await act(speaking(daemon));
    expect(daemon.asked).toHaveLength(1);
  });

  it('counts for nothing else', async () => {
    const daemon = await snapdDaemon((_asked, response) =>
      refused(response, 400, 'snap-not-installed', 'snap "k8s" is not installed'),
    );
    expect(await errorOf(speaking(daemon).refresh('k8s', { channel: 'x' }, wait))).toMatchObject({
      kind: 'snap-not-installed',
      message: 'snap "k8s" is not installed',
    });
  });
});

describe('a refusal', () => {
  it('keeps snapd’s words', async () => {
    const daemon = await snapdDaemon((_asked, response) =>
      refused(response, 404, 'snap-not-found', 'cannot install snap "k8s": no such channel'),
    );
    expect(await errorOf(speaking(daemon).install('k8s', { channel: 'x', classic: true }, wait))).toMatchObject({
      kind: 'snap-not-found',
      message: 'cannot install snap "k8s": no such channel',
    });
  });

  it('without a kind is known by its status', async () => {
    const daemon = await snapdDaemon((_asked, response) => refused(response, 401, undefined, 'access denied'));
    expect(await errorOf(speaking(daemon).hold('k8s', wait))).toMatchObject({
      kind: 'http-401',
      message: 'access denied',
    });
  });

  it('because of another change is waited out', async () => {
    const daemon = await snapdDaemon((asked, response, count) => {
      if (count < 3) refused(response, 409, 'snap-change-conflict', 'snap "k8s" has "refresh-snap" change in progress');
      else obeying(asked, response, count);
    });
    await speaking(daemon).hold('k8s', wait);
    expect(daemon.posted()).toHaveLength(3);
  });

  it('because of another change is waited out no longer than asked', async () => {
    const daemon = await snapdDaemon((_asked, response) =>
      refused(response, 409, 'snap-change-conflict', 'snap "k8s" has "refresh-snap" change in progress'),
    );
    expect(await errorOf(speaking(daemon).hold('k8s', { timeoutMs: 400 }))).toMatchObject({
      kind: 'snap-change-conflict',
    });
  });
});

describe('a snapd that is not there or not itself', () => {
  it('is unreachable, within the time', async () => {
    const { snapd } = openHost(await temporaryRoot(['run']));
    expect(await errorOf(snapd.hold('k8s', { timeoutMs: 300 }))).toMatchObject({ kind: 'unreachable' });
  });

  it('is waited for when it restarts', async () => {
    const daemon = await snapdDaemon(obeying);
    await daemon.stop();
    setTimeout(() => void daemon.listen(), 250);
    await speaking(daemon).hold('k8s', wait);
    expect(daemon.posted()).toHaveLength(1);
  });

  it.each([
    ['<html>'],
    [''],
    ['[]'],
    ['{"type":"async","status-code":202}'],
    ['{"type":"sync","status-code":200,"result":5}'],
  ])('answering %j is named', async (text) => {
    const daemon = await snapdDaemon((_asked, response) => response.end(text));
    const error = await errorOf(speaking(daemon).snap('k8s'));
    expect(error.kind).toBe('bad-answer');
    expect(error.message).toContain('GET /v2/snaps/k8s');
  });

  it('that breaks the connection is asked again', async () => {
    const daemon = await snapdDaemon((asked, response, count) => {
      if (count === 1) response.destroy();
      else obeying(asked, response, count);
    });
    await speaking(daemon).hold('k8s', wait);
    expect(daemon.posted()).toHaveLength(2);
  });

  it('that breaks the connection is not asked to revert twice, which would go back two revisions', async () => {
    const daemon = await snapdDaemon((_asked, response) => response.destroy());
    const error = await errorOf(speaking(daemon).revert('k8s', wait));
    expect(error).toMatchObject({ kind: 'unreachable', message: expect.stringContaining('is unknown') });
    expect(daemon.asked).toHaveLength(1);
  });
});

describe('a snap file', () => {
  const bytes = randomBytes(3_000_000);

  async function withFile(answering: Answering): Promise<SnapdDaemon> {
    const daemon = await snapdDaemon(answering);
    await writeFile(join(daemon.root, 'k8s "odd".snap'), bytes);
    return daemon;
  }

  it('is sent whole, as a dangerous one, with its length announced', async () => {
    const daemon = await withFile(obeying);
    await speaking(daemon).installFile('k8s', join(daemon.root, 'k8s "odd".snap'), { classic: true }, wait);
    const [upload] = daemon.asked;
    if (upload === undefined) throw new Error('nothing was sent');
    expect(upload).toMatchObject({ method: 'POST', path: '/v2/snaps' });
    expect(upload.headers['content-length']).toBe(String(upload.size));
    const boundary = /^multipart\/form-data; boundary=(.+)$/.exec(upload.headers['content-type'] ?? '')?.[1];
    const part = (head: string, body = '') => `--${boundary}\r\nContent-Disposition: form-data; ${head}\r\n${body}`;
    const head = [
      part('name="action"', '\r\ninstall\r\n'),
      part('name="name"', '\r\nk8s\r\n'),
      part('name="dangerous"', '\r\ntrue\r\n'),
      part('name="classic"', '\r\ntrue\r\n'),
      part('name="snap"; filename="k8s _odd_.snap"', 'Content-Type: application/octet-stream\r\n\r\n'),
    ].join('');
    const expected = Buffer.concat([Buffer.from(head), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)]);
    expect(upload.text.startsWith(head)).toBe(true);
    expect(upload.size).toBe(expected.length);
    expect(upload.sha256).toBe(createHash('sha256').update(expected).digest('hex'));
  });

  it('is sent again when snapd was busy', async () => {
    const daemon = await withFile((asked, response, count) => {
      if (count === 1) refused(response, 409, 'snap-change-conflict', 'busy');
      else obeying(asked, response, count);
    });
    await speaking(daemon).installFile('k8s', join(daemon.root, 'k8s "odd".snap'), { classic: true }, wait);
    expect(daemon.asked.map(({ size }) => size > bytes.length)).toEqual([true, true, false]);
  });

  it.each(['before', 'within'] as const)('that snapd refuses %s reading it is refused with its words', async (when) => {
    let refusals = 0;
    const daemon = await snapdDaemon(obeying, {
      early: {
        when,
        answer(response) {
          refusals += 1;
          refused(response, 400, 'snap-not-classic', 'not a classic snap');
        },
      },
    });
    await writeFile(join(daemon.root, 'large.snap'), Buffer.alloc(50_000_000));
    const error = await errorOf(
      speaking(daemon).installFile('k8s', join(daemon.root, 'large.snap'), { classic: true }, wait),
    );
    expect(error).toMatchObject({ kind: 'snap-not-classic', message: 'not a classic snap' });
    if (when === 'before') expect(refusals).toBe(1);
  });

  it('that is not there is named, and nothing is sent', async () => {
    const daemon = await snapdDaemon(obeying);
    await expect(speaking(daemon).installFile('k8s', '/none.snap', { classic: true }, wait)).rejects.toThrow('ENOENT');
    expect(daemon.asked).toEqual([]);
  });
});
