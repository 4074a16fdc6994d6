import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { actionVariables } from './hook-environment.ts';
import { putToolsOnPath, type ToolsOnPath } from './tools-on-path.ts';

let tools: ToolsOnPath;
beforeEach(() => {
  tools = putToolsOnPath();
});
afterEach(() => tools.remove());

const action = () => tools.dispatch(actionVariables('refresh-certs'));

describe('actions', () => {
  it('read their parameters once', async () => {
    tools.answer('action-get', { stdout: '{"expires-in":"1y","extra-sans":["a"],"dry":true,"nested":{"n":1}}\n' });
    const { actions } = action();
    const expected = { 'expires-in': '1y', 'extra-sans': ['a'], dry: true, nested: { n: 1 } };
    expect(await actions.parameters()).toEqual(expected);
    expect(await actions.parameters()).toEqual(expected);
    expect(tools.calls('action-get')).toHaveLength(1);
  });

  it('have no parameters when Juju prints null', async () => {
    tools.answer('action-get', { stdout: 'null\n' });
    expect(await action().actions.parameters()).toEqual({});
  });

  it('set nested results as dotted keys in one call, values as they are', async () => {
    await action().actions.setResults({
      certificates: { apiserver: { expires: '2027-01-01', days: 365, renewed: true }, '0': 'x' },
      note: ' a=b\nc ',
    });
    expect(tools.calls()).toEqual([
      {
        tool: 'action-set',
        args: [
          '--',
          'certificates.0=x',
          'certificates.apiserver.expires=2027-01-01',
          'certificates.apiserver.days=365',
          'certificates.apiserver.renewed=true',
          'note= a=b\nc ',
        ],
        stdin: '',
      },
    ]);
  });

  it('set results that together are too much for one call with several', async () => {
    const results = Object.fromEntries(
      Array.from({ length: 30 }, (_, number) => [`part-${number}`, 'x'.repeat(100_000)]),
    );
    await action().actions.setResults(results);
    const calls = tools.calls('action-set');
    expect(calls.length).toBeGreaterThan(1);
    expect(calls.flatMap(({ args }) => args.slice(1))).toEqual(
      Object.entries(results).map(([key, value]) => `${key}=${value}`),
    );
  });

  it.each([
    ['Upper', 'x'],
    ['under_score', 'x'],
    ['-a', 'x'],
    ['a-', 'x'],
    ['a..b', 'x'],
    ['', 'x'],
    ['stdout', 'x'],
    ['stderr-encoding', 'x'],
    ['return-code', 'x'],
    ['k8s/0', 'x'],
    ['big', 'x'.repeat(100 * 1024 + 1)],
    ['nul', 'a\0b'],
  ])('refuse the result %j before anything is sent', async (key, value) => {
    await expect(action().actions.setResults({ fine: 'x', [key]: value })).rejects.toThrow(`'${key}'`);
    await expect(action().actions.setResults({ fine: { a: { stderr: 'x' } } })).rejects.toThrow("'fine.a.stderr'");
    await expect(action().actions.setResults({ 'a.b': 'x', a: { b: 'y' } })).rejects.toThrow("'a.b' is given twice");
    expect(tools.calls()).toEqual([]);
  });

  it('fail with the first reason; later ones are logged', async () => {
    const juju = action();
    await juju.actions.fail('the certificate lives longer than its CA');
    await juju.actions.fail('and then this');
    await juju.flushLog();
    expect(tools.calls('action-fail').map(({ args }) => args)).toEqual([
      ['--', 'the certificate lives longer than its CA'],
    ]);
    expect(tools.calls('juju-log').map(({ args }) => args[3])).toEqual(['the action failed again: and then this']);
  });

  it('exist only while an action runs', async () => {
    const { actions } = tools.dispatch();
    for (const use of [actions.parameters(), actions.log('x'), actions.setResults({}), actions.fail('x')]) {
      await expect(use).rejects.toThrow('no action is running: this dispatch is about update-status');
    }
    expect(tools.calls()).toEqual([]);
  });
});
