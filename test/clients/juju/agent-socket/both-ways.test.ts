/**
 * Every hook tool that the charms use, by its executable and over the agent's socket, in one hook of the model: code, standard output and
 * standard error are the same, whatever is read from files, relative to the working directory or from standard input.
 */

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSocketTransport } from '../../../../src/clients/juju/agent-socket/socket-transport.ts';
import { createExecTransport } from '../../../../src/clients/juju/exec-transport.ts';
import type { OpenTransport, Transport } from '../../../../src/clients/juju/transport.ts';
import { type HeldContext, holdContext } from '../../../standins/juju/held-context.ts';
import { shellCharm } from '../../../standins/juju/shell-charm.ts';
import { newTestBench, type TestBench } from '../../../standins/juju/tiny-charm.ts';
import { TOOLS } from '../tools-on-path.ts';

interface Row {
  readonly tool: string;
  readonly args: readonly string[];
  readonly stdin?: string;
}

const folder = mkdtempSync(join(tmpdir(), 'bw-'));
const content = join(folder, 'content.json');
const settings = join(folder, 'settings.yaml');
const binary = join(folder, 'binary');
writeFileSync(content, JSON.stringify({ token: 'é\n"\\', other: 'x' }));
writeFileSync(settings, '"from-file": "\\u00e9\\n"\n');
writeFileSync(binary, Buffer.from([0, 255, 10]));
const here = (path: string): string => relative(process.cwd(), path);

/** Stands for one that the tests make, for each way its own. */
const SECRET = '<secret>';
const AWKWARD = `'"\\ $HOME \`x\` %s\t\u0101 😀 é € <&>\u2028`;

const row = (tool: string, args: readonly string[] = [], stdin?: string): Row =>
  stdin === undefined ? { tool, args } : { tool, args, stdin };

const ROWS: readonly Row[] = [
  row('config-get', ['--format=json']),
  row('config-get', ['--format=json', 'greeting']),
  row('config-get', ['--format=json', 'missing']),
  row('config-get', ['--all', 'greeting']),
  row('config-get', ['--no-such-flag']),
  row('is-leader', ['--format=json']),
  row('is-leader'),
  row('goal-state', ['--format=json']),
  row('network-get', ['--format=json', 'cluster']),
  row('network-get', ['--format=json', 'no-such-binding']),
  row('relation-ids', ['--format=json', 'cluster']),
  row('relation-ids', ['--format=json', 'missing']),
  row('relation-ids', ['--format=json']),
  row('relation-list', ['--format=json', '-r', 'cluster:0']),
  row('relation-list', ['--format=json', '-r', 'cluster:0', '--app']),
  row('relation-list', ['--format=json', '-r', 'cluster:99']),
  row('relation-set', ['-r', 'cluster:0', '--file', '-'], '"stdin": "é\\n"\n'),
  row('relation-set', ['-r', 'cluster:0', '--file', '-'], ''),
  row('relation-set', ['-r', 'cluster:0', '--file', '-']),
  row('relation-set', ['-r', 'cluster:0', '--file', '-'], 'a: [b]\n'),
  row('relation-set', ['-r', 'cluster:0', '--file', settings]),
  row('relation-set', ['-r', 'cluster:0', '--file', here(settings)]),
  row('relation-set', ['-r', 'cluster:0', '--file', join(folder, 'missing')]),
  row('relation-set', ['-r', 'cluster:0', `argument=${AWKWARD}`]),
  row('relation-set', ['-r', 'cluster:0', '--app', 'a=b']),
  row('relation-get', ['--format=json', '-r', 'cluster:0', '-', 'tiny/0']),
  row('relation-get', ['--format=json', '-r', 'cluster:0', '-', 'tiny/1']),
  row('relation-get', ['--format=json', '-r', 'cluster:0', '-', 'tiny/9']),
  row('relation-get', ['--format=json', '-r', 'cluster:0', '--app', '-', 'tiny']),
  row('state-set', ['--file', '-'], `{"a": "${'x'.repeat(50_000)}"}`),
  row('state-set', [`b=${AWKWARD}`]),
  row('state-set', ['--file', '-'], `{"${'k'.repeat(300)}": "x"}`),
  row('state-get', ['--format=json']),
  row('state-get', ['--format=json', '-o', join(folder, 'output')]),
  row('state-get', ['--format=json', '-o', here(join(folder, 'output'))]),
  row('state-get', ['--strict', 'missing']),
  row('state-delete', ['--', 'a']),
  row('state-delete'),
  row('open-port', ['6443/tcp']),
  row('open-port', ['nonsense']),
  row('opened-ports', ['--format=json']),
  row('close-port', ['6443/tcp']),
  row('secret-add', ['--owner=unit', '--file', content]),
  row('secret-add', ['--owner=unit', `key#file=${binary}`]),
  row('secret-add', ['--owner=unit', `key#file=${here(binary)}`]),
  row('secret-add', ['--owner=unit', '--file', join(folder, 'missing')]),
  row('secret-add'),
  row('secret-get', ['--format=json', SECRET]),
  row('secret-get', ['--format=json', SECRET, '--refresh']),
  row('secret-get', ['--format=json', 'secret:000000000000000000a0']),
  row('secret-get', ['--format=json', 'nonsense!']),
  row('secret-info-get', ['--format=json', SECRET]),
  row('secret-set', [SECRET, '--file', content]),
  row('secret-grant', [SECRET, '-r', 'cluster:0']),
  row('secret-revoke', [SECRET, '-r', 'cluster:0']),
  row('secret-remove', [SECRET]),
  row('secret-ids', ['--format=json']),
  row('resource-get', ['missing']),
  row('status-set', ['--', 'active', AWKWARD]),
  row('status-set', ['strange']),
  row('application-version-set', ['1.2.3']),
  row('juju-log', ['-l', 'DEBUG', '--', `${AWKWARD}\nsecond line`]),
  row('juju-log', ['-l', 'INFO', '--', 'x'.repeat(120_000)]),
  row('juju-log'),
  row('juju-reboot'),
  row('action-get', ['--format=json']),
  row('action-set', ['--', `some.key=${AWKWARD}`]),
  row('action-set', ['Wrong=x']),
  row('action-log', ['--', AWKWARD]),
  row('action-fail', ['--', `-- ${AWKWARD}`]),
];

describe.each(['3.6.9', '4.0.1'])('a hook tool of Juju %s', (jujuVersion) => {
  let bench: TestBench;
  let executables: Transport;
  let socket: OpenTransport;
  let held: HeldContext;
  let secrets: readonly string[];

  // An action that waits, in whose context the tests call: there every tool has a meaning.
  beforeAll(async () => {
    bench = await newTestBench({ jujuVersion });
    const metadata = { peers: { cluster: { interface: 'c' } } };
    const config = { greeting: { type: 'string', default: 'é' } };
    await bench.deploy(shellCharm({ metadata, config }), { units: 2 });
    held = await holdContext((script) => bench.model.run('tiny/1', 'sh', { script }));
    const { environment: env } = held;
    executables = createExecTransport(env);
    socket = await openSocketTransport({
      path: env['JUJU_AGENT_SOCKET_ADDRESS'] ?? '',
      context: env['JUJU_CONTEXT_ID'] ?? '',
    });
    const added = await Promise.all([1, 2].map(() => socket.call('secret-add', ['--owner=unit', 'token=value'])));
    secrets = added.map(({ stdout }) => stdout.trim());
  });
  afterAll(async () => {
    socket?.close();
    await held?.release();
    await bench?.close();
  });

  it.each(ROWS)('$tool $args is the same over the socket: %#', async ({ tool, args, stdin }) => {
    const output = join(folder, 'output');
    const call = async (transport: Transport, secret = '') => {
      rmSync(output, { force: true });
      const given = args.map((arg) => (arg === SECRET ? secret : arg));
      const answer = await transport.call(tool, given, stdin);
      const written = existsSync(output) ? readFileSync(output, 'utf8') : undefined;
      return { ...answer, stdout: withoutIds(answer.stdout), stderr: withoutIds(answer.stderr), written };
    };
    const one = await call(executables, secrets[0]);
    const other = await call(socket, secrets[1]);
    expect(other).toEqual(one);
  });
});

it('the table has all hook tools that the charms use', () => {
  expect(TOOLS.filter((tool) => !ROWS.some((each) => each.tool === tool))).toEqual([]);
  rmSync(folder, { recursive: true, force: true });
});

function withoutIds(text: string): string {
  return text.replace(/\b[0-9a-v]{19}[0g]\b/g, '…');
}
