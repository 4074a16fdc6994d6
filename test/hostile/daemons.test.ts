/** Daemons that lie: k8sd and snapd with answers that are large, endless, deep, or objects with methods of their own. Over real sockets. */

import type { ServerResponse } from 'node:http';
import fc from 'fast-check';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { SnapdError } from '../../src/clients/host/errors.ts';
import { openHost } from '../../src/clients/host/open-host.ts';
import { K8sdError } from '../../src/clients/k8sd/errors.ts';
import { openK8sd } from '../../src/clients/k8sd/open-k8sd.ts';
import { snapdDaemon } from '../clients/host/snapd-daemon.ts';
import { type Answering, httpDaemon } from '../clients/k8sd/daemon.ts';
import { hostileMember, hostileText, isHarmless } from './values.ts';

const RUNS = 40;
const MEBIBYTE = Buffer.alloc(1024 * 1024, 0x20);
/** A daemon that is about to start is asked again until then. */
const CALL = { timeoutMs: 150 };

let tried = 0;
afterAll(() => console.info(`${tried} hostile answers of daemons were tried`));

/** Right answers of k8sd, by what is asked; each is altered. */
const NODE = '{"datastore-role":"voter","name":"n","address":"10.0.0.1:6400","cluster-role":"control-plane"}';
const MEMBERS = '[{"name":"n","address":"10.0.0.1:6400"}]';

function hostilePayload(right: string): fc.Arbitrary<string> {
  return fc.oneof(hostileMember, hostileText(right.startsWith('[') ? '{"name":"n","address":"a"}' : right));
}

async function k8sdThatAnswers(answering: Answering) {
  const daemon = await httpDaemon(answering);
  onTestFinished(() => daemon.close());
  return openK8sd({ socketPath: daemon.socketPath, minor: 36 });
}

/** Until the other side has had enough. */
function answerWithoutEnd(response: ServerResponse): void {
  if (!response.destroyed) response.write(MEBIBYTE, () => setImmediate(() => answerWithoutEnd(response)));
}

/** What was read, or the door's own error; anything else is a crash. */
async function outcome(asking: () => Promise<unknown>, known: new (...args: never[]) => Error): Promise<unknown> {
  try {
    return await asking();
  } catch (error) {
    expect(error).toBeInstanceOf(known);
    expect((error as Error).message.length).toBeLessThan(5_000);
    return undefined;
  }
}

describe('k8sd', { timeout: 120_000 }, () => {
  it.each([
    ['node', NODE],
    ['members', MEMBERS],
    ['clusterConfig', '{"status":{},"datastore":{"type":"etcd"}}'],
    ['clusterStatus', '{"status":{"ready":true,"members":[]}}'],
  ] as const)('may answer anything to %s', async (method, right) => {
    let answer = '';
    const k8sd = await k8sdThatAnswers((_, response) => response.end(answer));
    await fc.assert(
      fc.asyncProperty(hostilePayload(right), fc.boolean(), async (payload, enveloped) => {
        tried += 1;
        answer = enveloped
          ? `{"type":"sync","status":"Success","status_code":200,"error_code":0,"error":"","metadata":${payload}}`
          : payload;
        const result = await outcome(() => k8sd[method](CALL), K8sdError);
        // Members that nobody has looked at do not matter; what is used is text, numbers and truth values.
        for (const value of Object.values(result ?? {})) if (typeof value === 'string') expect(`${value}`).toBe(value);
      }),
      { numRuns: RUNS },
    );
  });

  it('may say at any length why it refuses', async () => {
    const k8sd = await k8sdThatAnswers((_, response) => {
      response.statusCode = 400;
      response.end(JSON.stringify({ type: 'error', error: 'x'.repeat(1_500_000), error_code: 400 }));
    });
    await outcome(() => k8sd.node(CALL), K8sdError);
    tried += 1;
  });

  it('may answer what costs far more memory than it has bytes: beyond 2 MiB nothing of it is built', async () => {
    const text = `{"type":"sync","metadata":[${Array(800_000).fill('{}').join(',')}]}`;
    const k8sd = await k8sdThatAnswers((_, response) => response.end(text));
    await expect(k8sd.members({ timeoutMs: 30_000 })).rejects.toThrow('k8sd answered more than can be right');
    tried += 1;
  });

  it('may go on without end', async () => {
    const k8sd = await k8sdThatAnswers((_, response) => answerWithoutEnd(response));
    await expect(k8sd.node({ timeoutMs: 30_000 })).rejects.toThrow('k8sd answered more than can be right');
    tried += 1;
  });
});

describe('snapd', { timeout: 120_000 }, () => {
  const SNAP =
    '{"name":"k8s","version":"1.36.4","revision":"1","tracking-channel":"1.36-classic/stable","status":"active"}';

  it('may answer anything', async () => {
    let answer = '';
    const daemon = await snapdDaemon((_, response) => response.end(answer));
    const { snapd } = openHost(daemon.root);
    await fc.assert(
      fc.asyncProperty(hostileText(SNAP), fc.boolean(), async (payload, enveloped) => {
        tried += 1;
        answer = enveloped ? `{"type":"sync","status-code":200,"status":"OK","result":${payload}}` : payload;
        const snap = await outcome(() => snapd.snap('k8s'), SnapdError);
        expect(isHarmless(snap)).toBe(true);
        expect(() => JSON.stringify(snap)).not.toThrow();
      }),
      { numRuns: RUNS * 2 },
    );
  });

  it('may go on without end', async () => {
    const daemon = await snapdDaemon((_, response) => answerWithoutEnd(response));
    const asked = openHost(daemon.root).snapd.snap('k8s');
    await expect(asked).rejects.toThrow('snapd answered more than can be right');
    tried += 1;
  });
});
