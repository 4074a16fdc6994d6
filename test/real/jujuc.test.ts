/**
 * The socket of the hook tools, on both sides compared with Go's own `net/rpc` and `encoding/gob`: what the charms send is understood by a Go
 * server with the types of Juju 3.6 and of 4.0, what a Go client sends is understood by the model's socket, and the model refuses what Go refuses.
 * Guards against a belief about the bytes that both sides written here might share.
 */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findGo } from '../../scripts/real/go.ts';
import {
  createGobDecoder,
  type GobStruct,
  numberOf,
  textOf,
} from '../../src/clients/juju/agent-socket/gob-decoding.ts';
import { createMessageReader } from '../../src/clients/juju/agent-socket/gob-messages.ts';
import { encodeRequest, METHOD, REQUEST_DEFINITIONS } from '../../src/clients/juju/agent-socket/jujuc.ts';
import { openSocketTransport } from '../../src/clients/juju/agent-socket/socket-transport.ts';
import { UnusableAnswer } from '../../src/clients/juju/errors.ts';
import type { OpenTransport } from '../../src/clients/juju/transport.ts';
import {
  encodeStruct,
  encodeText,
  encodeUnsigned,
  sliceDefinition,
  structDefinition,
  valueMessage,
} from '../clients/juju/agent-socket/gob-bytes.ts';
import { type AgentSocketServer, serveAgentSocket } from '../standins/juju/agent-socket/serve.ts';
import { NoStdin } from '../standins/juju/hook-tools/failure.ts';
import type { HookToolRequest } from '../standins/juju/hook-tools/server.ts';

const CONTEXT = 'k8s/0-update-status-0123456789abcdef0123456789abcdef';
const go = await findGo();

describe.skipIf('missing' in go).each(['3.6', '4.0'])('the socket of the unit agent of Juju %s', (line) => {
  let folder: string;
  let program: string;
  let goServer: ChildProcess;
  let goSocket: string;
  let modelSocket: string;
  let modelServer: AgentSocketServer;

  beforeAll(async () => {
    if ('missing' in go) return;
    folder = await mkdtemp(join(tmpdir(), 'jg-'));
    program = join(folder, 'jujuc');
    const source = join(import.meta.dirname, 'jujuc');
    await promisify(execFile)(go.command, ['build', '-o', program, '.'], { cwd: source, env: { ...go.environment } });
    goSocket = join(folder, 'go.socket');
    goServer = spawn(program, ['serve', goSocket, line, CONTEXT], { stdio: ['ignore', 'pipe', 'inherit'] });
    if (goServer.stdout) await once(goServer.stdout, 'data');
    modelSocket = join(folder, 'model.socket');
    const options = { path: modelSocket, contextId: CONTEXT, juju4: line === '4.0' };
    modelServer = await serveAgentSocket(options, async (request) => answerOfModel(request));
  });
  afterAll(async () => {
    goServer?.kill();
    await modelServer?.close();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  describe('a Go server, called by the charms', () => {
    let transport: OpenTransport;
    beforeAll(async () => {
      transport = await openSocketTransport({ path: goSocket, context: CONTEXT }, '/var/lib/charm');
    });
    afterAll(() => transport?.close());
    const shown = async (args: readonly string[], stdin?: string): Promise<unknown> =>
      JSON.parse((await transport.call('config-get', args, stdin)).stdout);

    it.each([
      [[], ''],
      [[''], ''],
      [['--file', '-'], '{"a": "b"}'],
      [['--', '$(id) \'a"b', 'two\nlines', '\u0085 é € 😀', '\u0000'], 'é\n'],
      [Array.from({ length: 300 }, (_, index) => `k${index}=${'v'.repeat(index)}`), 'x'.repeat(127)],
      [['x'.repeat(127), 'x'.repeat(128), 'x'.repeat(65_535), 'x'.repeat(65_536)], 'x'.repeat(128)],
    ])('gets arguments and input as they are: %#', async (args, stdin) => {
      const none = args.length === 0 ? null : args;
      expect(await shown(args, stdin)).toEqual({ args: none, dir: '/var/lib/charm', stdin, 'stdin-set': true });
    });

    it('gets megabytes of arguments and input', async () => {
      expect(await transport.call('state-set', ['--file', '-'], 'x'.repeat(3_000_000))).toEqual({
        code: 0,
        stdout: '3000000 bytes\n',
        stderr: '',
      });
      expect(await shown(['x'.repeat(1_000_000)])).toMatchObject({ args: ['x'.repeat(1_000_000)] });
    });

    it('gives codes, what was printed, and refusals as the executables do', async () => {
      expect(await transport.call('is-leader', [])).toEqual({
        code: 1,
        stdout: '',
        stderr: 'ERROR leadership status unknown: \ufffd é\n',
      });
      expect(await transport.call('status-set', [])).toEqual({ code: -300, stdout: '', stderr: '' });
      expect(await transport.call('no-such-tool', [])).toEqual({
        code: 1,
        stdout: '',
        stderr: 'ERROR bad request: unknown command: no-such-tool\n',
      });
    });

    it.each([0, 1, 127, 128, 255, 256, 65_535, 65_536, 20_000_000])('gives %d bytes', async (size) => {
      const { stdout } = await transport.call('relation-get', [String(size)]);
      expect(stdout).toHaveLength(size);
    });

    it('is not believed more bytes than were asked for, and goes on', async () => {
      for (const size of [100_001, 1_000_000, 50_000_000]) {
        const call = transport.call('relation-get', [String(size)], undefined, 100_000);
        await expect(call).rejects.toThrow(UnusableAnswer);
      }
      expect((await transport.call('relation-get', ['100000'], undefined, 100_000)).stdout).toHaveLength(100_000);
    });

    it('answers many calls at once, each its own', async () => {
      const sizes = Array.from({ length: 200 }, (_, index) => (index * 7919) % 5000);
      const answers = await Promise.all(sizes.map((size) => transport.call('relation-get', [String(size)])));
      expect(answers.map(({ stdout }) => stdout.length)).toEqual(sizes);
    });

    it('is not used where it serves another hook', async () => {
      const other = openSocketTransport({ path: goSocket, context: 'k8s/0-install-0' });
      await expect(other).rejects.toThrow(
        /relation-ids answered otherwise than it should ERROR bad request: .*"k8s\/0-install-0"$/,
      );
    });
  });

  describe('the socket of the model, called by a Go client', () => {
    const call = async (requests: readonly object[]): Promise<readonly unknown[]> => {
      const child = spawn(program, ['call', modelSocket, line], { stdio: ['pipe', 'pipe', 'inherit'] });
      child.stdin.end(requests.map((request) => `${JSON.stringify(request)}\n`).join(''));
      const lines = (await text(child.stdout)).trimEnd().split('\n');
      return lines.map((answer) => {
        const { Error: error, Code: code, Stdout: stdout, Stderr: stderr } = JSON.parse(answer) as GoAnswer;
        return error === '' ? { code, stdout: decoded(stdout), stderr: decoded(stderr) } : { error };
      });
    };
    const request = { ContextId: CONTEXT, Dir: '/var/lib/charm' };

    it('gives Go what the tool printed', async () => {
      expect(
        await call([
          { ...request, CommandName: 'relation-ids', Args: ['--format=json', 'x'] },
          { ...request, CommandName: 'config-get', Args: ['a', '', 'é'], StdinSet: true, Stdin: encoded('in') },
          { ...request, CommandName: 'config-get' },
          { ...request, CommandName: 'relation-get', Args: ['3000000'] },
          { ...request, CommandName: 'is-leader' },
          { ...request, CommandName: 'state-set', StdinSet: true, Stdin: encoded('x'.repeat(2_000_000)) },
          { ...request, CommandName: 'state-set', StdinSet: true },
        ]),
      ).toEqual([
        { code: 0, stdout: '[]\n', stderr: '' },
        { code: 0, stdout: '[["a","","é"],"in"]\n', stderr: '' },
        { code: 0, stdout: '[[],null]\n', stderr: '' },
        { code: 0, stdout: 'x'.repeat(3_000_000), stderr: '' },
        { code: 1, stdout: '', stderr: 'ERROR no é\n' },
        { code: 0, stdout: '2000000 bytes\n', stderr: '' },
        { code: 0, stdout: '0 bytes\n', stderr: '' },
      ]);
    });

    it('refuses as the agent does, and goes on', async () => {
      const wrongContext =
        line === '3.6' ? `expected context id "${CONTEXT}", got "other"` : 'wrong context ID; got "other"';
      expect(
        await call([
          { ...request, CommandName: '' },
          { ...request, CommandName: 'relation-ids', Dir: 'charm' },
          { ...request, CommandName: 'relation-ids', ContextId: 'other' },
          { ...request, CommandName: 'no-such-tool' },
          { ...request, CommandName: 'state-set' },
          ...(line === '3.6' ? [{ ...request, CommandName: 'relation-ids', Token: 'x' }] : []),
          { ...request, CommandName: 'relation-ids' },
        ]),
      ).toEqual([
        { error: 'bad request: command not specified' },
        { error: 'bad request: Dir is not absolute' },
        { error: `bad request: ${wrongContext}` },
        { error: 'bad request: unknown command: no-such-tool' },
        { error: 'hook tool requires stdin, none supplied' },
        ...(line === '3.6' ? [{ error: 'bad request: token does not match' }] : []),
        { code: 0, stdout: '[]\n', stderr: '' },
      ]);
    });

    it('serves several clients at once', async () => {
      const size = (bytes: number) => ({ ...request, CommandName: 'relation-get', Args: [String(bytes)] });
      const answers = await Promise.all([1, 2, 3].map((bytes) => call([size(bytes), size(bytes * 10)])));
      expect(answers).toEqual(
        [1, 2, 3].map((bytes) => [
          { code: 0, stdout: 'x'.repeat(bytes), stderr: '' },
          { code: 0, stdout: 'x'.repeat(bytes * 10), stderr: '' },
        ]),
      );
    });
  });

  describe('the socket of the model and a Go server', () => {
    it.each(Object.entries(OTHER_STREAMS))('do the same with %s', async (_, stream) => {
      expect(await outcome(modelSocket, stream)).toEqual(await outcome(goSocket, stream));
    });

    // The model is the stricter one: Go passes over what follows a value in its message.
    it('run no call that Go would not run, whichever byte of a good stream is another', {
      timeout: 120_000,
    }, async () => {
      const good = stream({}, {}, {});
      const ran = async (path: string, sent: Buffer): Promise<readonly string[]> =>
        (await outcome(path, sent)).filter((line) => line.endsWith('[]\n'));
      const laxer: object[] = [];
      let answered = 0;
      for (const flip of [0x01, 0x80, 0xff]) {
        for (const place of good.keys()) {
          const spoilt = Buffer.from(good);
          spoilt[place] = (good[place] ?? 0) ^ flip;
          const [model, real] = await Promise.all([ran(modelSocket, spoilt), ran(goSocket, spoilt)]);
          answered += model.length;
          if (model.some((line) => !real.includes(line))) laxer.push({ place, flip, model, real });
        }
      }
      expect(laxer).toEqual([]);
      expect(answered).toBeGreaterThan(100);
    });
  });
});

interface GoAnswer {
  readonly Error: string;
  readonly Code: number;
  readonly Stdout: string | null;
  readonly Stderr: string | null;
}

function decoded(bytes: string | null): string {
  return Buffer.from(bytes ?? '', 'base64').toString();
}

function encoded(value: string): string {
  return Buffer.from(value).toString('base64');
}

function answerOfModel({ tool, args, stdin }: HookToolRequest) {
  const printed = (stdout: string) => ({ code: 0, stdout, stderr: '' });
  switch (tool) {
    case 'relation-ids':
      return printed('[]\n');
    case 'config-get':
      return printed(`${JSON.stringify([args, stdin ?? null])}\n`);
    case 'relation-get':
      return printed('x'.repeat(Number(args[0])));
    case 'state-set':
      if (stdin === undefined) throw new NoStdin();
      return printed(`${Buffer.byteLength(stdin)} bytes\n`);
    default:
      return { code: 1, stdout: '', stderr: 'ERROR no é\n' };
  }
}

/** Two calls on one connection, of which parts are replaced. */
function stream(
  {
    headerDefinition = HEADER_DEFINITION,
    method = METHOD,
    header = headerOf(method, 0),
  }: {
    headerDefinition?: Buffer;
    method?: string;
    header?: Buffer;
  },
  { definitions = Buffer.concat(REQUEST_DEFINITIONS), body = BODY }: { definitions?: Buffer; body?: Buffer },
  { second = Buffer.concat([headerOf(METHOD, 1), BODY]) }: { second?: Buffer },
): Buffer {
  return Buffer.concat([headerDefinition, header, definitions, body, second]);
}

const HEADER_DEFINITION = structDefinition(65, 'Request', [
  ['ServiceMethod', 6],
  ['Seq', 3],
]);

function headerOf(method: string, number: number): Buffer {
  return valueMessage(65, encodeStruct([encodeText(method), number === 0 ? undefined : encodeUnsigned(number)]));
}

const BODY = Buffer.concat(
  encodeRequest({ context: CONTEXT, directory: '/', tool: 'relation-ids', args: ['x'], stdin: '' }),
);

const OTHER_STREAMS: Readonly<Record<string, Buffer>> = {
  'a good stream': stream({}, {}, {}),
  nothing: Buffer.alloc(0),
  'the end of a message that is not there': stream({}, {}, { second: headerOf(METHOD, 1).subarray(0, 5) }),
  'a request without its body': Buffer.concat([HEADER_DEFINITION, headerOf(METHOD, 0)]),
  HTTP: Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
  'another method': stream({ method: 'Jujuc.Other' }, {}, {}),
  'another service': stream({ method: 'Other.Main' }, {}, {}),
  'a method without a service': stream({ method: 'Main' }, {}, {}),
  'a type that is defined twice': stream(
    { headerDefinition: Buffer.concat([HEADER_DEFINITION, HEADER_DEFINITION]) },
    {},
    {},
  ),
  'a header of an unknown type': stream({ header: valueMessage(99, encodeStruct([encodeText(METHOD)])) }, {}, {}),
  'a header that is a number': stream({ header: valueMessage(3, Buffer.of(0, 5)) }, {}, {}),
  'a body that is a number': stream({}, { body: valueMessage(3, Buffer.of(0, 5)) }, {}),
  'a body of an unknown type': stream({}, { body: valueMessage(99, encodeStruct([encodeText('x')])) }, {}),
  'arguments that are one text': stream(
    {},
    {
      definitions: structDefinition(66, 'Request', [['Args', 6]]),
      body: valueMessage(66, encodeStruct([encodeText('x')])),
    },
    { second: Buffer.alloc(0) },
  ),
  'arguments that are numbers': stream(
    {},
    {
      definitions: Buffer.concat([structDefinition(66, 'Request', [['Args', 67]]), sliceDefinition(67, '[]int', 2)]),
      body: valueMessage(66, encodeStruct([Buffer.of(1, 2)])),
    },
    { second: Buffer.alloc(0) },
  ),
  'fields that the server does not have': stream(
    {},
    {
      definitions: structDefinition(66, 'Request', [
        ['ContextId', 6],
        ['Later', 6],
        ['Dir', 6],
      ]),
      body: valueMessage(66, encodeStruct([encodeText(CONTEXT), encodeText('x'), encodeText('/')])),
    },
    { second: Buffer.alloc(0) },
  ),
  'no field that the server has': stream(
    {},
    {
      definitions: structDefinition(66, 'Request', [['Other', 6]]),
      body: valueMessage(66, encodeStruct([encodeText('x')])),
    },
    { second: Buffer.alloc(0) },
  ),
  'a count beyond the message': stream({}, { body: valueMessage(66, Buffer.from([4, 0xfe, 0xff, 0xff, 0])) }, {}),
  'a message of 2^40 bytes': stream({}, { body: Buffer.from([0xfa, 1, 0, 0, 0, 0, 0, 1]) }, {}),
  'a number of nine bytes': stream({}, { body: Buffer.from([0xf7, 1, 1, 1, 1, 1, 1, 1, 1, 1]) }, {}),
};

/** What a server has answered, one line for each, until it closed the connection. */
async function outcome(path: string, sent: Buffer): Promise<readonly string[]> {
  const socket = connect({ path });
  const answers: string[] = [];
  const decoder = createGobDecoder();
  let header: GobStruct | undefined;
  const reader = createMessageReader({
    limit: () => 1_000_000,
    message(content) {
      const value = content && decoder.decode(content);
      if (value === undefined) return;
      if (header === undefined) {
        header = value;
        return;
      }
      const error = shownError(textOf(header, 'Error'));
      answers.push(`${numberOf(header, 'Seq')} ${error === '' ? textOf(value, 'Stdout') : error}`);
      header = undefined;
    },
  });
  socket.on('data', (chunk: Buffer) => reader.push(chunk));
  socket.on('error', () => {});
  socket.end(sent);
  await once(socket, 'close');
  return answers.toSorted();
}

/** Which of many words Go has for bad gob is not compared, nor how it quotes bytes that are no text. */
function shownError(error: string): string {
  return /^(?:$|rpc: |bad request: |hook tool )/.test(error) ? error.replace(/".*"/s, '"…"') : 'bad gob';
}
