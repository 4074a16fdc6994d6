import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shell, shellCharm } from './shell-charm.ts';
import { newTestBench, type TestBench } from './tiny-charm.ts';

describe('hook tools', () => {
  let bench: TestBench;

  beforeAll(async () => {
    bench = await newTestBench();
    await bench.deploy(
      shellCharm({
        metadata: {
          peers: { cluster: { interface: 'c' } },
          requires: { db: 'pg' },
          'extra-bindings': { public: null },
        },
        config: {
          text: { type: 'string', default: 'a b' },
          number: { type: 'int', default: 42 },
          flag: { type: 'boolean', default: true },
          unset: { type: 'string' },
        },
      }),
      { units: 2 },
    );
    bench.model.addRemoteApplication('pg', { endpoints: { db: { interface: 'pg', role: 'provider' } } });
    await bench.model.integrate('tiny', 'pg');
    bench.model.remote('pg').setUnitBag('db', 'pg/0', { host: 'h', 'a<b': '&' });
    await bench.settle();
  });

  afterAll(async () => {
    await bench.close();
  });

  /** Exit code and what was printed: stdout of what went well, stderr of what did not. */
  const table: readonly [script: string, code: number, output: string | RegExp][] = [
    // config
    ['config-get --format=json', 0, '{"flag":true,"number":42,"text":"a b"}\n'],
    ['config-get --all --format=json', 0, '{"flag":true,"number":42,"text":"a b","unset":null}\n'],
    ['config-get number --format json', 0, '42\n'],
    ['config-get unset --format=json', 0, 'null\n'],
    ['config-get nonsense --format=json', 0, 'null\n'],
    ['config-get unset', 0, ''],
    ['config-get flag', 0, 'True\n'],
    ['config-get --all text', 2, 'ERROR cannot use argument --all together with key "text"\n'],
    ['config-get a b', 2, 'ERROR unrecognized args: ["b"]\n'],
    ['config-get --nope', 2, 'ERROR option provided but not defined: --nope\n'],
    ['config-get --format=bad', 2, 'ERROR invalid value "bad" for option --format: unknown format "bad"\n'],
    ['config-get --help', 0, /^Usage: config-get/],
    ['config-get -o out text && cat out && rm out', 0, 'a b\n'],
    // identity
    ['is-leader --format=json', 0, 'true\n'],
    ['is-leader', 0, 'True\n'],
    ['unit-get private-address', 0, /^127\./],
    ['unit-get nonsense', 2, 'ERROR unknown setting "nonsense"\n'],
    ['application-version-set', 2, 'ERROR no version specified\n'],
    ['credential-get', 1, 'ERROR cannot access cloud credentials: permission denied\n'],
    ['resource-get nonsense', 1, /^ERROR could not download resource: /],
    ['juju-log', 2, 'ERROR no message specified\n'],
    ['juju-reboot', 1, 'ERROR juju-reboot is not supported when running an action.\n'],
    // status
    ['status-set', 2, 'ERROR invalid args, require <status> [message]\n'],
    ['status-set error x', 2, 'ERROR invalid status "error", expected one of [maintenance blocked waiting active]\n'],
    ['status-set active two words', 2, 'ERROR unrecognized args: ["words"]\n'],
    [
      'status-set active -- "--x"; status-get --include-data --format=json',
      0,
      '{"message":"--x","status":"active","status-data":{}}\n',
    ],
    [
      'status-set --application waiting y; status-get --application --include-data --format=json',
      0,
      /^\{"application-status":\{"message":"y","status":"waiting","status-data":\{\},"units":\{"tiny\/0":/,
    ],
    // relations
    ['relation-ids db --format=json', 0, '["db:1"]\n'],
    ['relation-ids nonsense --format=json', 0, '[]\n'],
    ['relation-ids', 2, 'ERROR no endpoint name specified\n'],
    ['relation-list -r db:1 --format=json', 0, '["pg/0"]\n'],
    ['relation-list -r 1 --app --format=json', 0, '"pg"\n'],
    ['relation-list --format=json', 2, 'ERROR no relation id specified\n'],
    ['relation-list -r x', 2, 'ERROR invalid value "x" for option -r: invalid relation id\n'],
    ['relation-list -r 9', 2, 'ERROR invalid value "9" for option -r: relation not found\n'],
    ['relation-list --relation 9', 2, 'ERROR invalid value "9" for option --relation: relation not found\n'],
    ['relation-get -r 1 --format=json host pg/0', 0, '"h"\n'],
    ['relation-get -r 1 --format=json missing pg/0', 0, 'null\n'],
    [
      'relation-get -r 1 --format=json - pg/0',
      0,
      /^\{"a\\u003cb":"\\u0026","egress-subnets":"127.*","host":"h","ingress-address"/,
    ],
    ['relation-get -r 1 --app --format=json - pg/0', 0, '{}\n'],
    ['relation-get -r 1 - pg', 2, 'ERROR expected unit name, got application name "pg"\n'],
    ['relation-get -r 1 - "p g"', 2, 'ERROR invalid unit name "p g"\n'],
    ['relation-get -r 1', 2, 'ERROR no unit or application specified\n'],
    [
      'relation-get -r 1 - pg/9',
      1,
      'ERROR cannot read settings for unit "pg/9" in relation "tiny:db pg:db": unit "pg/9": settings not found\n',
    ],
    ['relation-set -r 1 a', 2, 'ERROR expected "key=value", got "a"\n'],
    ['relation-set -r 1 a=1 a=2', 2, 'ERROR key "a" specified more than once\n'],
    ['relation-model-get -r 1 --format=json', 0, /^\{"uuid":"[0-9a-f-]{36}"\}\n$/],
    // network
    ['network-get db --bind-address', 0, /^127\./],
    ['network-get public --ingress-address --format=json', 0, /^"127\./],
    ['network-get nonsense', 1, 'ERROR no network config found for binding "nonsense"\n'],
    ['network-get', 2, 'ERROR no arguments specified\n'],
    [
      'network-get cluster --format=json',
      0,
      /^\{"bind-addresses":\[\{"mac-address":"00:16:[0-9a-f:]+","interface-name":"eth0","addresses":\[\{"hostname":"","value":"127.*","cidr":"127.*\/32"\}\]\}\],"egress-subnets":\["127.*\/32"\],"ingress-addresses":\["127.*"\]\}\n$/,
    ],
    // ports
    [
      'open-port 80; open-port 80/tcp; open-port 8000-8100/udp; open-port icmp; opened-ports --format=json',
      0,
      '["icmp","80/tcp","8000-8100/udp"]\n',
    ],
    ['open-port 8050-8200/udp', 1, /port range conflicts with 8000-8100\/udp \(unit "tiny\/0"\)\n$/],
    ['close-port 9999 && opened-ports --endpoints --format=json', 0, '["icmp (*)","80/tcp (*)","8000-8100/udp (*)"]\n'],
    ['open-port nonsense', 2, 'ERROR invalid port "nonsense": strconv.Atoi: parsing "nonsense": invalid syntax\n'],
    ['open-port 1-2-3', 2, 'ERROR invalid port range "1-2-3"\n'],
    ['open-port 90-80', 2, 'ERROR invalid port range 90-80/tcp\n'],
    ['open-port 70000', 2, 'ERROR port range bounds must be between 0 and 65535, got 70000-70000\n'],
    ['open-port 80/sctp', 2, 'ERROR invalid protocol "sctp", expected "tcp", "udp", or "icmp"\n'],
    ['open-port 80/icmp', 2, 'ERROR protocol "icmp" doesn\'t support any ports; got "80"\n'],
    // state
    ['state-get --format=json', 0, 'null\n'],
    ['state-get k --format=json', 0, '""\n'],
    ['state-get --strict k', 1, 'ERROR "k" not found\n'],
    ['state-set k=" v "; state-get k', 0, 'v\n'],
    ['state-delete k; state-get --format=json', 0, 'null\n'],
    [`state-set ${'k'.repeat(257)}=1`, 1, 'ERROR max allowed key length (256): quota limit exceeded\n'],
    [`state-set a=${'x'.repeat(65537)}`, 1, 'ERROR max allowed value length (65536): quota limit exceeded\n'],
    ['state-set --file /no/such', 1, 'ERROR open /no/such: no such file or directory\n'],
    // actions
    ['action-get nothing --format=json', 0, 'null\n'],
    ['action-set BAD=1', 2, /^ERROR key "BAD" must start and end with lowercase alphanumeric/],
    ['action-set a.stdout=1', 2, 'ERROR cannot set reserved action key "stdout"\n'],
    ['action-set noequals', 2, 'ERROR argument "noequals" must be of the form key...=value\n'],
    // storage
    ['storage-list --format=json', 0, '[]\n'],
    ['storage-get location', 2, 'ERROR no storage instance specified\n'],
    // goal
    [
      'goal-state --format=json',
      0,
      /^\{"units":\{"tiny\/0":\{"status":".*"relations":\{"db":\{"pg":\{"status":"joined","since":"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ"\}/,
    ],
  ];

  it.each(table)('%s', async (script, code, output) => {
    const result = await shell(bench, 'tiny/0', script);
    expect(result.code, result.stderr).toBe(code);
    const text = code === 0 ? result.stdout : result.stderr;
    if (typeof output === 'string') expect(text).toBe(output);
    else expect(text).toMatch(output);
  });

  const asFollower: readonly [script: string, code: number, stderr: string][] = [
    ['status-set --application active', 1, 'ERROR this unit is not the leader\n'],
    ['status-get --application', 1, 'ERROR finding application status: this unit is not the leader\n'],
    ['relation-set -r 1 --app a=1', 1, 'ERROR cannot write relation settings\n'],
    ['relation-get -r 1 --app - tiny', 1, 'ERROR permission denied\n'],
    ['secret-add some=value', 1, 'ERROR this unit is not the leader\n'],
  ];

  it.each(asFollower)('%s, on a unit that does not lead', async (script, code, stderr) => {
    expect(await shell(bench, 'tiny/1', script)).toMatchObject({ code, stderr });
  });

  it('read databags of their own side with what the hook has written, trimmed; an empty value deletes', async () => {
    const { stdout } = await shell(
      bench,
      'tiny/0',
      'relation-set -r 1 a=" x " b=1; relation-set -r 1 b=; relation-get -r 1 --format=json - tiny/0; relation-set -r 0 --app k=v; relation-get -r 0 --app --format=json - tiny',
    );
    const [unit, application] = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(unit).toMatchObject({ a: 'x' });
    expect(unit).not.toHaveProperty('b');
    expect(application).toEqual({ k: 'v' });
  });

  it('take settings as YAML from standard input: untrimmed, numbers as text, null deletes, nesting refused', async () => {
    const { stdout } = await shell(
      bench,
      'tiny/0',
      `printf '{"pem": "line\\\\n", "n": 1.50, "gone": null, "emoji": "\\\\U0001F600"}' | relation-set -r 1 --file - pem2=x; relation-get -r 1 --format=json - tiny/0`,
    );
    expect(JSON.parse(stdout)).toMatchObject({ pem: 'line\n', n: '1.50', emoji: '😀', pem2: 'x' });
    const nested = await shell(bench, 'tiny/0', `echo 'a: {b: 1}' | relation-set -r 1 --file -`);
    expect(nested).toMatchObject({
      code: 1,
      stderr: 'ERROR yaml: unmarshal errors:\n  line 1: cannot unmarshal !!map into string\n',
    });
    const list = await shell(bench, 'tiny/0', `printf 'a: 1\\nb: [1]\\n' | relation-set -r 1 --file -`);
    expect(list.stderr).toBe('ERROR yaml: unmarshal errors:\n  line 2: cannot unmarshal !!seq into string\n');
    const text = await shell(bench, 'tiny/0', `echo 'only a long text' | relation-set -r 1 --file -`);
    expect(text.stderr).toBe(
      'ERROR yaml: unmarshal errors:\n  line 1: cannot unmarshal !!str `only a ...` into map[string]string\n',
    );
  });

  it.each([
    ['an escaped slash', '{"a": "x\\\\/y"}', /^ERROR yaml: found unknown escape character\n$/],
    ['a surrogate pair', '{"a": "\\\\ud83d\\\\ude00"}', /invalid Unicode character escape code/],
    ['a raw control character', '{"a": "x\\177y"}', /control characters are not allowed/],
  ])('refuse %s in YAML, as go-yaml does', async (_what, yaml, message) => {
    const result = await shell(bench, 'tiny/0', `printf '${yaml}' | state-set --file -`);
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(message);
  });

  it('are refused outside an action when they are for actions', async () => {
    await bench.model.configure('tiny', { text: 'again' });
    const { writeFile, rm } = await import('node:fs/promises');
    const hook = `${bench.model.unit('tiny/1').charmDirectory}/../hook.sh`;
    await writeFile(hook, 'action-get > ../out 2>&1; echo $? >> ../out');
    await bench.model.configure('tiny', { text: 'and again' });
    await bench.settle();
    await rm(hook);
    expect((await shell(bench, 'tiny/1', 'cat ../out')).stdout).toBe('ERROR not running an action\n1\n');
  });
});
