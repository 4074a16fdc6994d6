/**
 * When the agent's socket is used, and what becomes of a call whose answer is lost: nothing that may have had its effect is done twice, and
 * nothing that is sent or received appears in an error.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { agentSocketOf, openSocketTransport } from '../../../../src/clients/juju/agent-socket/socket-transport.ts';
import { HookToolFailure, UnusableAnswer } from '../../../../src/clients/juju/errors.ts';
import { openTransport } from '../../../../src/clients/juju/open-transport.ts';
import type { OpenTransport } from '../../../../src/clients/juju/transport.ts';
import { putToolsOnPath, type ToolsOnPath } from '../tools-on-path.ts';
import { encodeStruct, encodeText, structDefinition, valueMessage } from './gob-bytes.ts';
import { type Asked, type ScriptedAgent, startScriptedAgent } from './scripted-agent.ts';

let agent: ScriptedAgent;
let transport: OpenTransport | undefined;
beforeEach(async () => {
  agent = await startScriptedAgent();
});
afterEach(async () => {
  transport?.close();
  transport = undefined;
  await agent.close();
});

async function open(firstAnswerMs?: number): Promise<OpenTransport> {
  transport = await openSocketTransport({ path: agent.path, context: 'c' }, '/', firstAnswerMs);
  return transport;
}

/** Answers the check, and hands what follows to the script. */
function afterCheck(script: (asked: Asked) => void): void {
  agent.script = (asked) => (asked.args.includes('self-check') ? agent.answer(asked, '[]\n') : script(asked));
}

const RESPONSE = structDefinition(71, 'Response', [
  ['ServiceMethod', 6],
  ['Seq', 3],
  ['Error', 6],
]);
const header = (sequence?: Buffer) =>
  Buffer.concat([RESPONSE, valueMessage(71, encodeStruct([encodeText('m'), sequence]))]);

/** What an agent might say to the first call, other than what it should. */
const STRANGE: Readonly<Record<string, (asked: Asked) => void>> = {
  'closes the connection': ({ socket }) => socket.destroy(),
  'ends the connection': ({ socket }) => socket.end(),
  'speaks HTTP': ({ socket }) => socket.write(`HTTP/1.1 400 Bad Request\r\n\r\n${'x'.repeat(100)}`),
  'says nothing': () => {},
  'has other relations': (asked) => agent.answer(asked, '["self-check:1"]\n'),
  'answers with nothing': (asked) => agent.answer(asked, ''),
  'answers with megabytes': (asked) => agent.answer(asked, 'x'.repeat(3_000_000)),
  'ends in the middle of an answer': ({ socket }) => socket.end(header().subarray(0, -3)),
  'answers another request': ({ socket }) => socket.write(header(Buffer.of(9))),
  'announces an answer of 2^40 bytes': ({ socket }) =>
    socket.write(Buffer.concat([header(), Buffer.from([0xfa, 1, 0, 0, 0, 0, 0])])),
  'sends a header without end': ({ socket }) =>
    socket.write(Buffer.concat([Buffer.from([0xfd, 0x10, 0, 0]), Buffer.alloc(1_100_000, 1)])),
  'prints a number': ({ socket }) =>
    socket.write(
      Buffer.concat([
        header(),
        structDefinition(130, 'ExecResponse', [
          ['Code', 2],
          ['Stdout', 2],
        ]),
        valueMessage(130, encodeStruct([undefined, Buffer.of(5)])),
      ]),
    ),
  'ends with a text': ({ socket }) =>
    socket.write(
      Buffer.concat([
        header(),
        structDefinition(130, 'ExecResponse', [['Code', 6]]),
        valueMessage(130, encodeStruct([encodeText('0')])),
      ]),
    ),
  'refuses the context': ({ socket, output, sequence }) =>
    socket.write(output.error('Jujuc.Main', sequence, 'bad request: wrong context ID; got "c"')),
  'prints the answer and fails': ({ socket, output, sequence }) =>
    socket.write(output.answer('Jujuc.Main', sequence, { code: 1, stdout: '[]\n', stderr: '' })),
};

describe('a first call', () => {
  it('is one that changes nothing, and makes the socket usable', async () => {
    const { call } = await open();
    afterCheck((asked) => agent.answer(asked, 'true\n'));
    expect(await call('is-leader', ['--format=json'])).toEqual({ code: 0, stdout: 'true\n', stderr: '' });
    expect(agent.asked).toEqual(['relation-ids', 'is-leader']);
    expect(agent.connections).toBe(1);
  });

  it.each(Object.entries(STRANGE))('does not when the agent %s', async (_, script) => {
    agent.script = script;
    await expect(open(200)).rejects.toThrow(
      /^(?:the connection to the unit agent broke|the unit agent's answer cannot be read|relation-ids (?:answered otherwise|printed more))/,
    );
  });
});

describe('a call whose answer is lost', () => {
  const lost: Readonly<Record<string, (asked: Asked) => void>> = {
    'with the connection': ({ socket }) => socket.destroy(),
    'in the middle': ({ socket }) => socket.end(header().subarray(0, -3)),
    'among garbage': ({ socket }) => socket.write(Buffer.alloc(100)),
  };

  it.each(Object.entries(lost))('%s is made once more when it only reads', async (_, lose) => {
    const { call } = await open();
    afterCheck((asked) => (asked.connection === 0 ? lose(asked) : agent.answer(asked, '{"a":"b"}\n')));
    expect(await call('relation-get', ['-r', 'x:1', '-', 'x/0'])).toMatchObject({ stdout: '{"a":"b"}\n' });
    expect(agent.asked).toEqual(['relation-ids', 'relation-get', 'relation-get']);
    expect(agent.connections).toBe(2);
  });

  it.each(Object.entries(lost))(
    '%s fails when it may have changed something, and those after it go on',
    async (_, lose) => {
      const { call } = await open();
      afterCheck((asked) => (asked.tool === 'state-set' ? lose(asked) : agent.answer(asked, 'true\n')));
      const failed = call('state-set', ['--file', '-'], 'a: very-secret');
      await expect(failed).rejects.toThrow(HookToolFailure);
      await expect(failed).rejects.toThrow(
        /^state-set could not be run: the connection to the unit agent broke \((?!.*very-secret).*\)$/,
      );
      expect(await call('juju-log', ['--', 'why'])).toMatchObject({ code: 0 });
      expect(agent.asked).toEqual(['relation-ids', 'state-set', 'juju-log']);
    },
  );

  it('fails when there is no other connection, and several at once connect once', async () => {
    const { call } = await open();
    afterCheck(({ socket }) => socket.destroy());
    const calls = await Promise.allSettled(Array.from({ length: 4 }, () => call('is-leader', [])));
    expect(calls.map((each) => each.status)).toEqual(['rejected', 'rejected', 'rejected', 'rejected']);
    expect(agent.connections).toBe(2);
  });

  it('fails when the agent is gone', async () => {
    const { call } = await open();
    await agent.close();
    await expect(call('config-get', [])).rejects.toThrow(
      /^config-get could not be run: .*\((?:ENOENT|ECONNREFUSED)\)$/,
    );
    agent = await startScriptedAgent();
  });

  it('fails after the dispatch is over', async () => {
    const { call, close } = await open();
    close();
    await expect(call('config-get', [])).rejects.toThrow(/^config-get could not be run: .*the dispatch is over/);
  });
});

describe('an answer that is not as it should be', () => {
  it('is too large: that call fails, and the connection goes on', async () => {
    const { call } = await open();
    afterCheck((asked) => agent.answer(asked, 'x'.repeat(asked.tool === 'relation-get' ? 3_000_000 : 10)));
    await expect(call('relation-get', [], undefined, 1_000_000)).rejects.toThrow(UnusableAnswer);
    expect((await call('config-get', [])).stdout).toHaveLength(10);
    expect(agent.connections).toBe(1);
  });

  it('has another type: that call fails', async () => {
    const { call } = await open();
    afterCheck(({ socket }) =>
      socket.write(
        Buffer.concat([
          valueMessage(71, encodeStruct([encodeText('m'), Buffer.of(1)])),
          structDefinition(140, 'Other', [['Stdout', 1]]),
          valueMessage(140, encodeStruct([Buffer.of(1)])),
        ]),
      ),
    );
    await expect(call('state-set', [])).rejects.toThrow(
      /^state-set could not be run: the unit agent's answer cannot be read/,
    );
  });

  it('comes in another order: each call gets its own', async () => {
    const { call } = await open();
    const held: Asked[] = [];
    afterCheck((asked) => {
      held.push(asked);
      if (held.length === 4) for (const each of held.toReversed()) agent.answer(each, each.args.join());
    });
    const answers = await Promise.all(['a', 'b', 'c', 'd'].map((name) => call('config-get', [name])));
    expect(answers.map(({ stdout }) => stdout)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('does not come: no more than a few calls wait for the agent at a time', async () => {
    const { call } = await open();
    const held: Asked[] = [];
    afterCheck((asked) => held.push(asked));
    const calls = Array.from({ length: 10 }, () => call('config-get', []));
    for (let answered = 0; answered < 10; answered += 1) {
      while (held.length === 0) await new Promise(setImmediate);
      expect(held.length).toBeLessThanOrEqual(4);
      const [next] = held.splice(0, 1);
      if (next) agent.answer(next, '1');
    }
    expect(await Promise.all(calls)).toHaveLength(10);
  });
});

describe('which way hook tools are reached', () => {
  let tools: ToolsOnPath;
  beforeEach(() => {
    tools = putToolsOnPath();
    tools.answer('is-leader', { stdout: 'from the executable\n' });
    afterCheck((asked) => agent.answer(asked, 'over the socket\n'));
  });
  afterEach(() => tools.remove());

  const way = async (variables: NodeJS.ProcessEnv): Promise<string> => {
    transport = openTransport({ ...tools.environment, JUJU_AGENT_SOCKET_ADDRESS: agent.path, ...variables });
    return (await transport.call('is-leader', [])).stdout.trim();
  };
  const said = () => tools.calls('juju-log').map(({ args }) => args.join(' '));

  it('the socket, where it answers', async () => {
    expect(await way({})).toBe('over the socket');
    expect(await way({ K8S_CHARM_HOOK_TOOLS: '' })).toBe('over the socket');
    expect(await way({ K8S_CHARM_HOOK_TOOLS: 'socket' })).toBe('over the socket');
    expect(tools.calls()).toEqual([]);
  });

  it('the executables, without a look at the socket, where the operator says so or the environment names none', async () => {
    expect(await way({ K8S_CHARM_HOOK_TOOLS: 'executables' })).toBe('from the executable');
    expect(await way({ K8S_CHARM_HOOK_TOOLS: 'exec' })).toBe('from the executable');
    expect(await way({ JUJU_AGENT_SOCKET_NETWORK: 'tcp' })).toBe('from the executable');
    expect(await way({ JUJU_AGENT_SOCKET_NETWORK: undefined })).toBe('from the executable');
    expect(await way({ JUJU_AGENT_SOCKET_ADDRESS: '@abstract' })).toBe('from the executable');
    expect(await way({ JUJU_CONTEXT_ID: '' })).toBe('from the executable');
    expect(agent.connections).toBe(0);
    expect(said()).toEqual([]);
  });

  it('the executables, and the log says why, where there is no socket or nobody who serves it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ns-'));
    try {
      writeFileSync(join(folder, 'file'), '');
      for (const [name, code] of [
        ['missing', 'ENOENT'],
        ['file', 'ECONNREFUSED'],
        ['x'.repeat(200), 'E[A-Z]+'],
      ] as const) {
        expect(await way({ JUJU_AGENT_SOCKET_ADDRESS: join(folder, name) })).toBe('from the executable');
        await expect
          .poll(() => said().at(-1))
          .toMatch(new RegExp(`^-l DEBUG -- hook tools are run as executables, because .*${code}`));
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('the executables, where the agent does not answer as it should, for the whole dispatch', async () => {
    agent.script = (asked) => agent.answer(asked, 'null\n');
    expect(await way({})).toBe('from the executable');
    afterCheck((asked) => agent.answer(asked, 'over the socket\n'));
    expect(await transport?.call('is-leader', [])).toMatchObject({ stdout: 'from the executable\n' });
    expect(agent.asked).toEqual(['relation-ids']);
  });

  it('is decided once for calls that come at the same time', async () => {
    transport = openTransport({ ...tools.environment, JUJU_AGENT_SOCKET_ADDRESS: agent.path });
    const { call } = transport;
    await Promise.all(Array.from({ length: 5 }, () => call('is-leader', [])));
    expect(agent.connections).toBe(1);
  });

  it('opens nothing before the first call', async () => {
    openTransport({ ...tools.environment, JUJU_AGENT_SOCKET_ADDRESS: agent.path }).close();
    await new Promise(setImmediate);
    expect(agent.connections).toBe(0);
  });
});

it('the environment of a hook names the socket', () => {
  const env = { JUJU_AGENT_SOCKET_NETWORK: 'unix', JUJU_AGENT_SOCKET_ADDRESS: '/a.socket', JUJU_CONTEXT_ID: 'c' };
  expect(agentSocketOf(env)).toEqual({ path: '/a.socket', context: 'c' });
});
