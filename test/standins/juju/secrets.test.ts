import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { shell, shellCharm } from './shell-charm.ts';
import { events, newTestBench, type TestBench } from './tiny-charm.ts';

const owner = shellCharm({
  name: 'own',
  metadata: { provides: { give: { interface: 's' } }, peers: { ring: { interface: 'r' } } },
});
const reader = shellCharm({ name: 'read', metadata: { requires: { take: { interface: 's' } } } });

describe('secrets', () => {
  let bench: TestBench;

  beforeEach(async () => {
    bench = await newTestBench();
    await bench.deploy(owner, { units: 2 });
    await bench.deploy(reader, { units: 2 });
    await bench.model.integrate('own', 'read');
    await bench.settle();
  });

  afterEach(async () => {
    await bench.close();
  });

  const sh = (unit: string, script: string) => shell(bench, unit, script);

  /** Makes a secret and gives its bare id. */
  const add = async (args = 'value=one', unit = 'own/0'): Promise<string> => {
    const { stdout } = await sh(unit, `secret-add ${args}`);
    expect(stdout).toMatch(/^secret:[0-9a-v]{20}\n$/);
    return stdout.trimEnd().slice('secret:'.length);
  };

  const since = async (unit: string, work: () => Promise<unknown>): Promise<readonly string[]> => {
    const before = events(bench.model, unit).length;
    await work();
    await bench.settle();
    return events(bench.model, unit)
      .slice(before)
      .filter((event) => !event.startsWith('actions/'));
  };

  it('are read by their owner, and by others only when granted', async () => {
    const id = await add();
    expect((await sh('own/0', `secret-get ${id} --format=json`)).stdout).toBe('{"value":"one"}\n');
    expect((await sh('own/1', `secret-get ${id} value`)).stdout).toBe('one\n');
    expect(await sh('read/0', `secret-get ${id}`)).toMatchObject({ code: 1, stderr: 'ERROR permission denied\n' });
    await sh('own/0', `secret-grant secret:${id} -r give:1 --unit read/0`);
    expect((await sh('read/0', `secret-get secret://${bench.model.state.modelUuid}/${id} value`)).stdout).toBe('one\n');
    expect((await sh('read/1', `secret-get ${id}`)).code).toBe(1);
    await sh('own/0', `secret-revoke ${id} --unit read/0`);
    expect((await sh('read/0', `secret-get ${id}`)).code).toBe(1);
    await sh('own/0', `secret-grant ${id} -r 1`);
    expect((await sh('read/1', `secret-get ${id} value`)).stdout).toBe('one\n');
  });

  it("of the model's are read by whom the operator grants them, who hears of changes", async () => {
    const { model } = bench;
    const uri = model.addSecret({ value: 'one' });
    expect(await sh('read/0', `secret-get ${uri}`)).toMatchObject({ code: 1, stderr: 'ERROR permission denied\n' });
    expect(await since('read/0', async () => model.grantSecret(uri, 'read'))).toEqual([]);
    expect((await sh('read/0', `secret-get ${uri} value`)).stdout).toBe('one\n');
    expect((await sh('own/0', `secret-get ${uri}`)).code).toBe(1);
    expect((await sh('read/0', `secret-info-get ${uri}`)).code).toBe(1);
    expect(await since('read/0', async () => model.updateSecret(uri, { value: 'two' }))).toEqual(['secret-changed']);
    expect((await sh('read/0', `secret-get ${uri} value --refresh`)).stdout).toBe('two\n');
  });

  it('lose their grants with the relation', async () => {
    const id = await add();
    await sh('own/0', `secret-grant ${id} -r 1`);
    await bench.model.removeRelation('own', 'read');
    await bench.settle();
    expect((await sh('read/0', `secret-get ${id}`)).stderr).toBe('ERROR permission denied\n');
  });

  it('of a unit are not for its peers', async () => {
    const id = await add('--owner unit value=one', 'own/1');
    expect((await sh('own/1', `secret-get ${id} value`)).stdout).toBe('one\n');
    expect((await sh('own/0', `secret-get ${id}`)).stderr).toBe('ERROR permission denied\n');
    expect((await sh('own/0', `secret-set ${id} value=two`)).stderr).toBe(`ERROR secret "${id}" not found\n`);
  });

  it('are tracked by each reader until it refreshes; peek looks without tracking', async () => {
    const id = await add('value=one');
    await sh('own/0', `secret-grant ${id} -r 1`);
    expect((await sh('read/0', `secret-get ${id} value --label mine`)).stdout).toBe('one\n');
    expect(await since('read/0', () => sh('own/0', `secret-set ${id} value=two`))).toEqual(['secret-changed']);
    expect(
      (
        await sh(
          'read/0',
          `secret-get --label mine --format json; secret-get ${id} value --peek; secret-get ${id} value`,
        )
      ).stdout,
    ).toBe('{"value":"one"}\ntwo\none\n');
    expect(await since('own/0', () => sh('read/0', `secret-get ${id} --refresh`))).toEqual(['secret-remove']);
    expect((await sh('read/0', `secret-get ${id} value`)).stdout).toBe('two\n');
  });

  it('with the same content make no new revision', async () => {
    const id = await add('value=one');
    await sh('own/0', `secret-set ${id} value=one`);
    expect(bench.model.secrets()[0]?.latest).toBe(1);
  });

  it('tell their owner of revisions that nobody tracks, once each', async () => {
    const id = await add('value=one');
    expect(await since('own/0', () => sh('own/0', `secret-set ${id} value=two`))).toEqual(['secret-remove']);
    expect(await since('own/0', () => sh('own/0', `secret-set ${id} value=three`))).toEqual(['secret-remove']);
    await sh('own/0', `secret-remove ${id} --revision 1`);
    expect(Object.keys(bench.model.secrets()[0]?.revisions ?? {})).toEqual(['2', '3']);
  });

  it('show what the hook that writes them has written: at once when new, with refresh or peek when changed', async () => {
    const { stdout } = await sh(
      'own/0',
      'id=$(secret-add --label l value=one); secret-get "$id" value; secret-get --label l --format=json; secret-grant "$id" -r 1; secret-set "$id" value=two; secret-get "$id" value',
    );
    expect(stdout).toBe('one\n{"value":"one"}\ntwo\n');
    const id = bench.model.secrets()[0]?.id ?? '';
    expect(bench.model.secretContent(id)).toEqual({ value: 'two' });
    const changed = await sh(
      'own/0',
      `secret-set ${id} value=three; secret-get ${id} value; secret-get ${id} value --peek; secret-get ${id} value --refresh`,
    );
    expect(changed.stdout).toBe('two\nthree\nthree\n');
    expect((await sh('own/0', `secret-get ${id} value`)).stdout).toBe('three\n');
  });

  it('forget a new value when the same hook removes an old revision', async () => {
    const id = await add('value=one');
    await sh('own/0', `secret-set ${id} value=two`);
    await bench.settle();
    await sh('own/0', `secret-set ${id} value=lost; secret-grant ${id} -r 1; secret-remove ${id} --revision 1`);
    const [secret] = bench.model.secrets();
    expect(secret).toMatchObject({ latest: 2, grants: [] });
    expect(Object.keys(secret?.revisions ?? {})).toEqual(['2']);
    await sh('own/0', `secret-remove ${id}; secret-set ${id} value=three`);
    expect(bench.model.secretContent(id)).toEqual({ value: 'three' });
  });

  it('keep only the last of two grants for one relation in one hook', async () => {
    const id = await add();
    await sh('own/0', `secret-grant ${id} -r 1 --unit read/0; secret-grant ${id} -r 1 --unit read/1`);
    expect(bench.model.secrets()[0]?.grants).toEqual([{ subject: 'unit-read-1', relation: 1 }]);
    await sh('own/0', `secret-grant ${id} -r 1 --unit read/0`);
    expect(bench.model.secrets()[0]?.grants).toHaveLength(2);
    expect((await sh('own/0', `secret-grant ${id} -r 1`)).stderr).toMatch(
      /^ERROR any unit level grants need to be revoked/,
    );
  });

  it('are found by the label of their owner on the leader, by the label of the reader elsewhere', async () => {
    const id = await add('--label known value=one');
    expect((await sh('own/0', 'secret-get --label known --format=json')).stdout).toBe('{"value":"one"}\n');
    expect((await sh('own/1', 'secret-get --label known')).stderr).toBe('ERROR consumer label "known" not found\n');
    await sh('own/1', `secret-get ${id} --label local`);
    expect((await sh('own/1', 'secret-get --label local --format=json')).stdout).toBe('{"value":"one"}\n');
    expect((await sh('own/0', 'secret-add --label twice a23=1; secret-add --label twice a23=1')).stderr).toBe(
      'ERROR secret with label "twice" already exists\n',
    );
  });

  it('are described to those who manage them', async () => {
    const id = await add('--label l --description d --rotate monthly --expire 24h value=one');
    await sh('own/0', `secret-grant ${id} -r 1`);
    const { stdout } = await sh('own/0', `secret-info-get ${id} --format=json`);
    expect(JSON.parse(stdout)[id]).toMatchObject({
      revision: 1,
      label: 'l',
      owner: 'application',
      description: 'd',
      rotation: 'monthly',
      expiry: expect.stringMatching(/^\d{4}-/),
      access: [{ target: 'application-read', scope: 'relation-read.take#own.give', role: 'view' }],
    });
    expect((await sh('own/0', 'secret-ids --format=json')).stdout).toBe(`["${id}"]\n`);
    expect((await sh('own/1', 'secret-ids --format=json')).stdout).toBe('null\n');
    expect((await sh('own/1', `secret-set ${id} value=x`)).stderr).toBe('ERROR this unit is not the leader\n');
    expect((await sh('read/0', `secret-info-get ${id}`)).stderr).toBe(`ERROR secret "${id}" not found\n`);
  });

  it('take values from files verbatim, and in base64', async () => {
    const { stdout } = await sh(
      'own/0',
      `printf 'a\\nb\\n' > ../f; printf '{"two": "x\\\\n", "one": "wins"}' > ../j; id=$(secret-add one=loses three#file=$PWD/../f bin#base64=/w8= --file $PWD/../j); secret-get $id one; secret-get --format json $id two; secret-get --format json $id three; secret-get "$id" "bin#base64"`,
    );
    expect(stdout).toBe('wins\n"x\\n"\n"a\\nb\\n"\n/w8=\n');
  });

  it('expire and are rotated: events for whoever manages them', async () => {
    const id = await add('--rotate daily value=one');
    expect(await since('own/0', async () => bench.model.expireSecret(id))).toEqual(['secret-expired']);
    expect(await since('own/0', async () => bench.model.rotateSecret(id))).toEqual(['secret-rotate']);
    expect(await since('own/1', async () => bench.model.rotateSecret(id))).toEqual([]);
  });

  it('expire by themselves when their time has come, and nothing else happens', async () => {
    const expire = new Date(Date.now() + 700).toISOString();
    await add(`--expire ${expire} value=one`);
    await bench.model.settle({
      timeoutMs: 20_000,
      until: () => events(bench.model, 'own/0').includes('secret-expired'),
    });
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(expire));
  });

  it('are named in the environment of their events', async () => {
    const id = await add('--label l value=one');
    const { writeFile } = await import('node:fs/promises');
    await writeFile(
      `${bench.model.unit('own/0').charmDirectory}/../hook.sh`,
      'echo "$JUJU_HOOK_NAME $JUJU_SECRET_ID $JUJU_SECRET_LABEL $(printenv JUJU_SECRET_REVISION || echo unset)" >> ../told',
    );
    bench.model.rotateSecret(id);
    await bench.settle();
    await sh('own/0', `secret-get ${id}; secret-set ${id} value=two`);
    await bench.settle();
    await sh('own/0', `secret-get ${id} --refresh`);
    await bench.settle();
    expect((await sh('own/0', 'cat ../told')).stdout).toBe(
      `secret-rotate secret:${id} l unset\nsecret-changed secret:${id} l unset\nsecret-remove secret:${id} l 1\n`,
    );
  });

  it('go with the unit or application that owns them', async () => {
    await add('--owner unit value=one', 'own/1');
    await add('value=one');
    await bench.model.removeUnit('own/1');
    await bench.settle();
    expect(bench.model.secrets().map(({ owner: { kind } }) => kind)).toEqual(['application']);
    await bench.model.removeApplication('own');
    await bench.settle();
    expect(bench.model.secrets()).toEqual([]);
  });

  const refused: readonly [script: string, code: number, stderr: string][] = [
    ['secret-add', 2, 'ERROR missing secret value or filename\n'],
    ['secret-add key=', 2, 'ERROR key value "key=" not valid\n'],
    ['secret-add no_underscore=1', 2, 'ERROR key "no_underscore" not valid\n'],
    ['secret-add ab=1', 2, 'ERROR key "ab" not valid\n'],
    ['secret-add --rotate often key=1', 2, 'ERROR rotate policy "often" not valid\n'],
    ['secret-add --owner me key=1', 2, 'ERROR secret owner "me" not valid\n'],
    ['secret-add --expire soon key=1', 2, 'ERROR expire time or duration "soon" not valid\n'],
    ['echo {} > ../e; secret-add --file $PWD/../e', 1, 'ERROR empty secret value not valid\n'],
    ['secret-get', 2, 'ERROR require either a secret URI or label\n'],
    ['secret-get nonsense', 2, 'ERROR secret URI "nonsense" not valid\n'],
    ['secret-get --label l key', 2, 'ERROR secret URI "key" not valid\n'],
    ['secret-get 0123456789abcdefghi0 --peek --refresh', 2, 'ERROR specify one of --peek or --refresh but not both\n'],
    // Not an xid, whose last character holds one bit.
    ['secret-get 0123456789abcdefghij', 2, 'ERROR secret URI "0123456789abcdefghij" not valid\n'],
    ['secret-get 0123456789abcdefghi0', 1, 'ERROR secret "0123456789abcdefghi0" not found\n'],
    ['secret-grant', 2, 'ERROR missing secret URI\n'],
    ['secret-grant 0123456789abcdefghi0', 2, 'ERROR no relation id specified\n'],
    ['secret-grant 0123456789abcdefghi0 -r 1', 1, 'ERROR secret "0123456789abcdefghi0" not found\n'],
    [
      'secret-grant 0123456789abcdefghi0 -r 1 --unit x/0',
      2,
      'ERROR cannot specify unit "x/0" in relation to application "read"\n',
    ],
    ['secret-revoke 0123456789abcdefghi0', 2, 'ERROR missing relation or application or unit\n'],
    ['secret-revoke 0123456789abcdefghi0 --app a --unit a/0', 2, 'ERROR specify only one of application or unit\n'],
    ['secret-revoke 0123456789abcdefghi0 -r 1 --application a', 2, 'ERROR do not specify both relation and app\n'],
    ['id=$(secret-add key=1); secret-get $id other', 1, 'ERROR secret key value "other" not found\n'],
  ];

  it('are refused for all that is wrong with a call', async () => {
    for (const [script, code, stderr] of refused)
      expect(await sh('own/0', script), script).toMatchObject({ code, stderr });
  });
});
