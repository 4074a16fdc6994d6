import { afterEach, describe, expect, it } from 'vitest';
import { newTestBench, type TestBench, type TinyCharm } from './tiny-charm.ts';

const CHARM: TinyCharm = {
  actions: {
    greet: {
      params: {
        who: { type: 'string', default: 'you' },
        times: { type: 'integer', minimum: 0, exclusiveMinimum: true },
        how: { type: 'object', properties: { loud: { type: 'boolean', default: false } } },
      },
      additionalProperties: false,
    },
    open: {},
    strict: { params: { a: { type: 'string' } }, required: ['a'] },
  },
  dispatch: `
case $JUJU_DISPATCH_PATH in
actions/greet)
  action-log "getting ready"
  action-set hello="$(action-get who)" how.loud="$(action-get how.loud)" how=replaced deep.er=1 deep.est=2
  echo printed; echo complained >&2
  case $(action-get who) in
    nobody) action-fail "there is nobody"; state-set asked=1 ;;
    crash) action-fail "unseen"; exit 7 ;;
    wait) touch ../there; exec sleep 30 ;;
  esac ;;
esac`,
};

describe('an action', () => {
  let bench: TestBench;

  const start = async (jujuVersion: string): Promise<void> => {
    bench = await newTestBench({ jujuVersion });
    await bench.deploy(CHARM);
  };

  afterEach(async () => {
    await bench.close();
  });

  it.each(['3.6.9', '4.0.2'])(
    'gets defaults, reports progress, results and what it printed, on %s',
    async (version) => {
      await start(version);
      const lines: string[] = [];
      const outcome = await bench.model.run('tiny/leader', 'greet', { times: 2 }, (line) => lines.push(line));
      expect(outcome).toEqual({
        id: expect.any(Number),
        status: 'completed',
        message: '',
        log: ['getting ready'],
        results: {
          hello: 'you',
          how: 'replaced',
          deep: { er: '1', est: '2' },
          'return-code': 0,
          stdout: 'printed\n',
          stderr: 'complained\n',
        },
      });
      expect(lines).toEqual(['getting ready']);
    },
  );

  it('fails with its own message, keeping what it wrote; with an exit code, that is the message', async () => {
    await start('3.6.9');
    expect(await bench.model.run('tiny/0', 'greet', { who: 'nobody' })).toMatchObject({
      status: 'failed',
      message: 'there is nobody',
    });
    expect(bench.model.unit('tiny/0').state).toEqual({ asked: '1' });
    expect(await bench.model.run('tiny/0', 'greet', { who: 'crash' })).toMatchObject({
      status: 'failed',
      message: 'exit status 7',
      results: { 'return-code': 7, hello: 'crash' },
    });
    expect(bench.model.unit('tiny/0').agent.status).toBe('idle');
  });

  const bad: readonly [parameters: Record<string, unknown>, problem: string][] = [
    [{ who: 5 }, 'validation failed: (root).who : must be of type string, given 5'],
    [{ times: 0 }, 'validation failed: (root).times : must be > 0, given 0'],
    [{ nope: 1 }, 'validation failed: (root) : additional property "nope" is not allowed, given {"nope":1}'],
  ];

  it.each(bad)('is refused by the controller on 3.6 and by the unit on 4.0 for %o', async (parameters, problem) => {
    await start('3.6.9');
    await expect(bench.model.run('tiny/0', 'greet', parameters)).rejects.toThrow(problem);
    await bench.close();
    await start('4.0.2');
    expect(await bench.model.run('tiny/0', 'greet', parameters)).toMatchObject({
      status: 'failed',
      message: expect.stringContaining(`cannot run "greet" action: ${problem.replace('{"nope":1}', '{')}`),
    });
  });

  it('takes what is not declared on 3.6 and not on 4.0 when the charm does not say', async () => {
    await start('3.6.9');
    expect(await bench.model.run('tiny/0', 'open', { any: 'thing' })).toMatchObject({ status: 'completed' });
    await expect(bench.model.run('tiny/0', 'strict')).rejects.toThrow('"a" property is missing and required');
    await bench.close();
    await start('4.0.2');
    expect(await bench.model.run('tiny/0', 'open', { any: 'thing' })).toMatchObject({ status: 'failed' });
  });

  it('that prints what is no text has it in base64', async () => {
    bench = await newTestBench();
    await bench.deploy({ actions: { raw: {} }, dispatch: '[ "$JUJU_ACTION_NAME" != raw ] || printf "\\377\\n"' });
    const { results } = await bench.model.run('tiny/0', 'raw');
    expect(results).toEqual({ 'return-code': 0, stdout: '/wo=', 'stdout-encoding': 'base64' });
  });

  it('that does not exist, or on a unit that does not, is refused', async () => {
    await start('3.6.9');
    await expect(bench.model.run('tiny/0', 'nope')).rejects.toThrow('action "nope" not defined on unit "tiny/0"');
    await expect(bench.model.run('tiny/9', 'greet')).rejects.toThrow('unit "tiny/9" not found');
  });

  it('is aborted when its task is cancelled while it runs', async () => {
    await start('3.6.9');
    const running = bench.model.run('tiny/0', 'greet', { who: 'wait' });
    const { access } = await import('node:fs/promises');
    const marker = `${bench.model.unit('tiny/0').charmDirectory}/../there`;
    await expect
      .poll(() =>
        access(marker).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
    bench.model.cancelTask(1);
    expect(await running).toMatchObject({ status: 'aborted', message: 'terminated' });
    await bench.settle();
  });

  it.each([
    ['3.6.9', ',,'],
    ['4.0.2', 'juju-exec,1,action-1'],
  ])('that is commands of a person has hook tools and no dispatch path, on %s', async (version, action) => {
    await start(version);
    const variables = '"$JUJU_HOOK_NAME$JUJU_DISPATCH_PATH;$JUJU_ACTION_NAME,$JUJU_ACTION_UUID,$JUJU_ACTION_TAG"';
    const ran = await bench.model.exec('tiny/leader', `echo ${variables}; is-leader; relation-set a=1; exit 4`);
    expect(ran).toMatchObject({ status: 'failed', message: 'exit status 4', results: { 'return-code': 4 } });
    expect(ran.results['stdout']).toBe(`;${action}\nTrue\n`);
    expect(await bench.model.exec('tiny/0', 'state-set k=v')).toMatchObject({ status: 'completed' });
    expect((await bench.model.exec('tiny/0', 'state-get k')).results['stdout']).toBe('v\n');
  });

  it('never overlaps another action or a hook of its unit', async () => {
    bench = await newTestBench();
    await bench.deploy({
      actions: { slow: {} },
      dispatch: 'mkdir ../busy || { juju-log -l ERROR overlap; exit 1; }; sleep 0.05; rmdir ../busy',
    });
    const running = [1, 2, 3].map(() => bench.model.run('tiny/0', 'slow'));
    bench.model.updateStatus();
    expect((await Promise.all(running)).map(({ status }) => status)).toEqual(['completed', 'completed', 'completed']);
    await bench.settle();
    expect(bench.model.log().some(({ message }) => message === 'overlap')).toBe(false);
  });
});
