/**
 * Guards what a dispatch does as a process: the bundled program, run by Node in an environment as Juju makes it, with hook tools that
 * are executables on PATH.
 */

import { spawn } from 'node:child_process';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bundleProgram } from '../../scripts/pack/bundle.ts';
import { repository } from '../../scripts/pack/places.ts';
import { configured } from '../capabilities/membership/facts.ts';
import { actionVariables } from '../clients/juju/hook-environment.ts';
import { putToolsOnPath, type ToolsOnPath } from '../clients/juju/tools-on-path.ts';
import { discard, newMachines } from '../standins/machines/ask.ts';

let program: string;
let tools: ToolsOnPath;
let machines: Awaited<ReturnType<typeof newMachines>>;
let root: string;

beforeAll(async () => {
  program = await mkdtemp(join(tmpdir(), 'dp-'));
  const { files } = await bundleProgram(join(repository, 'src/main.ts'));
  for (const { name, code } of files) await writeFile(join(program, name), code);
  machines = await newMachines();
  // Nothing is installed there.
  root = (await machines.provision('0')).root;
}, 60_000);

afterAll(async () => {
  await discard(machines);
  await rm(program, { recursive: true, force: true });
});

beforeEach(async () => {
  tools = putToolsOnPath();
  await copyFile(join(repository, 'metadata.yaml'), join(tools.charmDirectory, 'metadata.yaml'));
  // A channel that is refused: the unit is looked at, and nothing of it is changed.
  tools.answer('config-get', { stdout: '{"snap-channel":""}' });
  tools.answer('is-leader', { stdout: 'true' });
  tools.answer('relation-ids', { stdout: '[]' });
  tools.answer('state-get', { stdout: 'null' });
  tools.answer('action-get', { stdout: '{}' });
  tools.answer('network-get', { stdout: '{"bind-addresses":[],"ingress-addresses":[],"egress-subnets":[]}' });
});

afterEach(() => tools.remove());

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function dispatch(variables: NodeJS.ProcessEnv): Promise<Ended> {
  // Its hook tools are executables.
  const ways = { K8S_CHARM_HOOK_TOOLS: 'executables', K8S_CHARM_ROOT: root };
  const env = { ...tools.environment, ...ways, ...variables };
  const child = spawn(process.execPath, [join(program, 'main.cjs')], { cwd: tools.charmDirectory, env });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

const hook = (name: string): NodeJS.ProcessEnv => ({ JUJU_HOOK_NAME: name, JUJU_DISPATCH_PATH: `hooks/${name}` });
const said = (tool: string) => tools.calls(tool).map(({ args }) => args.filter((arg) => arg !== '--').join(' '));
/** What is sent at the end of a dispatch that ended well. */
const kept = () => ['relation-set', 'state-set', 'state-delete', 'secret-add'].flatMap((tool) => tools.calls(tool));

describe('an event that we have no use for', { timeout: 30_000 }, () => {
  it.each([
    ['one of another Juju', hook('collect-metrics')],
    ['one of nobody', hook('something-new')],
    ['juju-exec', { JUJU_HOOK_NAME: '', JUJU_DISPATCH_PATH: '' }],
  ])('%s ends well, and asks Juju for nothing', async (_, variables) => {
    await rm(join(tools.charmDirectory, 'metadata.yaml'));
    expect(await dispatch(variables)).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(tools.calls()).toEqual([]);
  });
});

describe('a hook', { timeout: 30_000 }, () => {
  it('with an option that only the operator can mend is blocked, says which, and ends well', async () => {
    const config = configured('control-plane', { 'node-labels': 'a b=c=d' });
    tools.answer('config-get', { stdout: JSON.stringify(config) });
    expect((await dispatch(hook('config-changed'))).code).toBe(0);
    expect(said('status-set')).toEqual([
      expect.stringMatching(/^blocked node-labels has "a" without a value; write key=value; /),
      expect.stringMatching(/^--application blocked node-labels /),
    ]);
  });

  it('to which Juju does not give its options ends with 1: by their defaults a mode would be turned off', async () => {
    tools.answer('config-get', { stdout: '{}' });
    const { code } = await dispatch(hook('update-status'));
    expect(code).toBe(1);
    expect(said('juju-log').join()).toContain('Juju gives no value for ');
    expect(kept()).toEqual([]);
  });

  const CONFLICT = 'cannot open 6443/tcp (unit "k8s/1"): port range conflicts with 6443/tcp (unit "k8s/0")';

  it.each(['install', 'start', 'upgrade-charm'])(
    '%s where another unit of the machine has the port is blocked, says whose it is, and ends well',
    async (name) => {
      // Where the unit has a node of its own, it goes on: with an option that cannot be used it changes nothing.
      const config = configured('control-plane', { 'node-labels': 'a b=c=d' });
      tools.answer('config-get', { stdout: JSON.stringify(config) });
      tools.answer('opened-ports', { stdout: '[]' });
      tools.answer('open-port', { code: 1, stderr: `ERROR ${CONFLICT}\n` });
      expect((await dispatch(hook(name))).code).toBe(0);
      expect(said('status-set')[0]).toContain(`blocked Juju cannot open 6443/tcp: ${CONFLICT}; remove this unit`);
    },
  );

  it('of a unit that found the node of another one touches nothing of it, to the end', async () => {
    tools.answer('opened-ports', { stdout: '[]' });
    tools.answer('open-port', { code: 1, stderr: `ERROR ${CONFLICT}\n` });
    tools.answer('state-get', { stdout: '{"charm/port-conflict":"foreign"}' });
    for (const name of ['config-changed', 'update-status', 'stop', 'remove']) {
      expect((await dispatch(hook(name))).code).toBe(0);
      expect(said('juju-log')).toEqual([]);
    }
    expect(said('status-set').every((line) => line.startsWith('blocked Juju cannot open 6443/tcp'))).toBe(true);
  });

  it('that meets a bug ends with 1, so that Juju tries again; nothing is kept, and the log says what it was', async () => {
    tools.answer('relation-ids', { stdout: 'no JSON' });
    expect((await dispatch(hook('upgrade-charm'))).code).toBe(1);
    expect(kept()).toEqual([]);
    expect(said('status-set')).toEqual([]);
    const [logged = ''] = said('juju-log').filter((line) => line.includes('ERROR'));
    expect(logged).toContain('relation-ids printed something that is not JSON');
  });

  it.each([
    ['secret-remove', '3', ['secret:abc --revision 3']],
    ['secret-expired', '4', ['secret:abc --revision 4']],
    ['secret-remove', '', []],
  ])('%s of revision %j removes that and nothing else', async (name, revision, removed) => {
    const variables = { JUJU_SECRET_ID: 'secret:abc', JUJU_SECRET_LABEL: '', JUJU_SECRET_REVISION: revision };
    expect((await dispatch({ ...hook(name), ...variables })).code).toBe(0);
    expect(said('secret-remove')).toEqual(removed);
    expect(said('status-set')).toEqual([]);
  });

  it('of a charm that this program is not made for ends with 1', async () => {
    await copyFile(join(repository, 'package.json'), join(tools.charmDirectory, 'metadata.yaml'));
    const { code, stderr } = await dispatch(hook('start'));
    expect(code).toBe(1);
    expect(stderr).toContain('that this program is not made for');
  });
});

describe('an action', { timeout: 30_000 }, () => {
  it('that there is not fails with a message and ends with 0: another code would hide the message', async () => {
    expect((await dispatch(actionVariables('destroy'))).code).toBe(0);
    expect(said('action-fail')).toEqual(['this charm has no action destroy']);
  });

  it('of the control plane is none of a worker', async () => {
    await copyFile(join(repository, 'charm/worker/metadata.yaml'), join(tools.charmDirectory, 'metadata.yaml'));
    expect((await dispatch({ ...actionVariables('get-kubeconfig'), JUJU_UNIT_NAME: 'k8s-worker/0' })).code).toBe(0);
    expect(said('action-fail')).toEqual(['this charm has no action get-kubeconfig']);
  });

  it.each([
    ['refresh-certs', '{"expires-in": "soon"}', /^expires-in must be a number and one of/],
    ['refresh-certs', '{"expires-in": 5}', /^expires-in must be text$/],
    ['refresh-certs', '{"certificates": "ca"}', /^ca cannot be refreshed: k8sd cannot replace a CA: /],
    ['refresh-certs', '{"extra-sans": "a_b"}', /^extra-sans has "a_b", which is neither/],
    [
      'refresh-certs',
      '{"expire-in": "1y"}',
      /^there is no parameter expire-in \(did you mean expires-in\?\); there are expires-in, /,
    ],
    ['certs-status', '{"format": "xml"}', /^format must be table, json or yaml$/],
    ['pre-upgrade-check', '{"force": true}', /^there is no parameter force; there are none$/],
    ['get-kubeconfig', '{"user": "a"}', /^there is no parameter user; there are server$/],
  ])('%s with %s says what is wrong with it', async (name, parameters, message) => {
    tools.answer('action-get', { stdout: parameters });
    expect((await dispatch(actionVariables(name))).code).toBe(0);
    expect(said('action-fail')).toEqual([expect.stringMatching(message)]);
    expect([...kept(), ...tools.calls('action-set')]).toEqual([]);
    // What an operator mistyped is no fault of the program.
    const shown = said('juju-log').filter((line) => !line.startsWith('-l DEBUG'));
    expect(shown).toEqual([expect.stringMatching(/^-l INFO .* was refused: .*$/)]);
  });

  it('that meets a bug fails with a message and ends with 0; nothing is kept', async () => {
    tools.answer('relation-ids', { stdout: 'no JSON' });
    expect((await dispatch(actionVariables('plan'))).code).toBe(0);
    expect(said('action-fail')).toEqual(['relation-ids printed something that is not JSON']);
    expect(kept()).toEqual([]);
  });

  it('that cannot even say that it failed ends with 0, and leaves it in the log', async () => {
    tools.answer('action-fail', { code: 1, stderr: 'ERROR connection is shut down\n' });
    expect((await dispatch(actionVariables('destroy'))).code).toBe(0);
    expect(said('juju-log').join('\n')).toContain('this charm has no action destroy');
  });
});
