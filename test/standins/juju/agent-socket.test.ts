/** The socket of the model's unit agent as a charm meets it: for one hook, as strict as Juju's. `test/real/jujuc.test.ts` compares its bytes with Go. */

import { existsSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSocketTransport } from '../../../src/clients/juju/agent-socket/socket-transport.ts';
import { serveAgentSocket } from './agent-socket/serve.ts';
import { type HookToolRequest, UNANSWERED } from './hook-tools/server.ts';
import { shell, shellCharm } from './shell-charm.ts';
import { newTestBench, type TestBench } from './tiny-charm.ts';

describe('the socket of the unit agent', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'as-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const printed = (stdout: string) => ({ code: 0, stdout, stderr: '' });
  const answer = async ({ tool, args }: HookToolRequest) =>
    printed(tool === 'relation-ids' && args.includes('self-check') ? '[]\n' : 'x\n');

  it('lets in root alone, takes the place of one that was left behind, and is gone when the hook is over', async () => {
    const options = { path: join(folder, 'a'), contextId: 'c', juju4: false };
    const first = await serveAgentSocket(options, answer);
    await first.close();
    const second = await serveAgentSocket(options, answer);
    expect(statSync(options.path).mode & 0o777).toBe(0o700);
    await second.close();
    expect(existsSync(options.path)).toBe(false);
  });

  it('serves connections beside each other', async () => {
    const options = { path: join(folder, 'b'), contextId: 'c', juju4: false };
    const server = await serveAgentSocket(options, answer);
    const clients = await Promise.all([1, 2, 3].map(() => openSocketTransport({ path: options.path, context: 'c' })));
    const answers = await Promise.all(clients.map(({ call }) => call('config-get', [])));
    expect(answers).toEqual([1, 2, 3].map(() => printed('x\n')));
    for (const client of clients) client.close();
    await server.close();
  });

  it.each([
    [false, 'ERROR bad request: expected context id "c", got "other"'],
    [true, 'ERROR bad request: wrong context ID; got "other"'],
  ])('refuses the context of another hook: juju4 %s', async (juju4, text) => {
    const options = { path: join(folder, 'd'), contextId: 'c', juju4 };
    const server = await serveAgentSocket(options, answer);
    await expect(openSocketTransport({ path: options.path, context: 'other' })).rejects.toThrow(text);
    await server.close();
  });

  it('waits for connections that are open, and says so when one stays', async () => {
    const options = { path: join(folder, 'e'), contextId: 'c', juju4: false, longestCloseMs: 100 };
    const server = await serveAgentSocket(options, answer);
    const client = await openSocketTransport({ path: options.path, context: 'c' });
    await expect(server.close()).rejects.toThrow('was left open');
    client.close();
  });

  it('gives no answer to a call that is to be killed, and ends with its client', async () => {
    const options = { path: join(folder, 'f'), contextId: 'c', juju4: false };
    const server = await serveAgentSocket(options, async (request) =>
      request.tool === 'is-leader' ? UNANSWERED : answer(request),
    );
    const client = await openSocketTransport({ path: options.path, context: 'c' });
    const call = client.call('is-leader', []).catch(String);
    await client.call('config-get', []);
    client.close();
    await server.close();
    expect(await call).toMatch(/the dispatch is over/);
  });
});

describe('a hook', () => {
  let bench: TestBench;
  beforeAll(async () => {
    bench = await newTestBench();
    await bench.deploy(shellCharm());
  });
  afterAll(() => bench.close());

  it('has a socket as long as it runs', async () => {
    const { stdout } = await shell(
      bench,
      'tiny/0',
      'stat -c "%F %a" "$JUJU_AGENT_SOCKET_ADDRESS"; echo "$JUJU_AGENT_SOCKET_ADDRESS"',
    );
    const [kind, path = ''] = stdout.split('\n');
    expect(kind).toBe('socket 700');
    expect(existsSync(path)).toBe(false);
  });
});
