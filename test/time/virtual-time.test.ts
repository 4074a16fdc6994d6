/** Guards the clock of scenarios: a wait costs no time, nothing is overtaken by it that is under way, and what comes first is first. */

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as realSleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { confine } from '../standins/juju/confinement.ts';
import { elapsed, realNow, schedule, sleep, useVirtualTime } from './virtual-time.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vt-'));
});
afterAll(() => rm(folder, { recursive: true }));

const RSA = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
};

async function realMs(act: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await act();
  return performance.now() - began;
}

it('is the real time as long as nobody wants it otherwise', async () => {
  expect(await realMs(() => sleep(120))).toBeGreaterThan(115);
  expect(Math.abs(Date.now() - realNow().getTime())).toBeLessThan(50);
});

describe('from then on', () => {
  beforeAll(useVirtualTime);

  it('a wait takes no time, and all clocks but the one on the wall show that it has gone by', async () => {
    const before = { date: Date.now(), elapsed: elapsed(), wall: realNow().getTime() };
    expect(await realMs(() => sleep(3_600_000))).toBeLessThan(2_000);
    expect(Date.now() - before.date).toBeGreaterThanOrEqual(3_600_000);
    expect(Date.parse(new Date().toISOString()) - before.date).toBeGreaterThanOrEqual(3_600_000);
    expect(elapsed() - before.elapsed).toBeGreaterThanOrEqual(3_600_000);
    expect(realNow().getTime() - before.wall).toBeLessThan(5_000);
    expect([new Date(0) instanceof Date, new Date('2026-01-01T00:00:00Z').toISOString()]).toEqual([
      true,
      '2026-01-01T00:00:00.000Z',
    ]);
  });

  it('what is due comes in order, whoever asked first, and what is along comes with it', async () => {
    const order: string[] = [];
    schedule(300, 'along', () => order.push('along 300'));
    schedule(900, 'along', () => order.push('along 900'));
    await Promise.all([
      sleep(600).then(() => order.push('600')),
      sleep(200).then(async () => {
        order.push('200');
        await sleep(200);
        order.push('400');
      }),
    ]);
    expect(order).toEqual(['200', 'along 300', '400', '600']);
  });

  it('nobody waits for what is along, and what is cancelled does not come', async () => {
    const came: string[] = [];
    const along = schedule(60_000, 'along', () => came.push('along'));
    const timer = schedule(20, 'forward', () => came.push('cancelled'));
    timer.cancel();
    await realSleep(100);
    along.cancel();
    await sleep(70_000);
    expect(came).toEqual([]);
  });

  const work: readonly [string, () => Promise<unknown>][] = [
    ['a program that runs', () => promisify(execFile)('sleep', ['0.1'])],
    ['a key that is made', () => crypto.subtle.generateKey(RSA, true, ['sign'])],
    [
      'a signature',
      async () => {
        const { privateKey } = await crypto.subtle.generateKey(RSA, true, ['sign']);
        for (let count = 0; count < 20; count += 1) await crypto.subtle.sign(RSA.name, privateKey, Buffer.alloc(count));
      },
    ],
    [
      'files, one after the other',
      async () => {
        for (let count = 0; count < 50; count += 1) await writeFile(join(folder, 'a'), await readFile('/etc/hostname'));
      },
    ],
    [
      'questions to a server of the same process, one after the other',
      async () => {
        const server = createServer((_, response) => setImmediate(() => response.end('x')));
        await new Promise<void>((resolve) => server.listen(join(folder, 's'), resolve));
        for (let count = 0; count < 20; count += 1)
          await new Promise<void>((resolve, reject) =>
            get({ socketPath: join(folder, 's') }, (answer) => answer.resume().on('end', resolve)).on('error', reject),
          );
        server.close();
      },
    ],
  ];
  it.each(work)('time waits for what is under way: %s', async (_, act) => {
    const order: string[] = [];
    await Promise.all([act().then(() => order.push('work')), sleep(10_000).then(() => order.push('time'))]);
    expect(order).toEqual(['work', 'time']);
  });

  it('what one context waits for goes on in it, also when another is killed that set time forward', async () => {
    const { run, kill } = confine();
    run(() => void sleep(50_000));
    const waited = sleep(100_000);
    kill();
    expect(await realMs(() => waited)).toBeLessThan(2_000);
    expect(await readFile('/etc/hostname', 'utf8')).not.toBe('');
  });
});
