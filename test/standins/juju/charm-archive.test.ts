import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readCharmArchive, unpackCharm } from './charm-archive.ts';
import { packTinyCharm, type TinyCharm } from './tiny-charm.ts';

describe('a packed charm', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ca-'));
  });

  afterEach(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  const read = async (charm: TinyCharm, jujuVersion = '3.6.9') =>
    readCharmArchive(await packTinyCharm(directory, charm), jujuVersion);

  const refused: readonly { why: string; charm: TinyCharm; message: string; line?: string }[] = [
    {
      why: 'no metadata',
      charm: { files: { 'metadata.yaml': undefined } },
      message: 'archive file "metadata.yaml" not found',
    },
    { why: 'a bad name', charm: { name: 'Tiny_1' }, message: 'charm name "Tiny_1" not valid' },
    {
      why: 'no summary',
      charm: { metadata: { summary: null } },
      message: 'metadata.yaml: summary: expected string, got nothing',
    },
    {
      why: 'no manifest on 4.0',
      charm: { files: { 'manifest.yaml': undefined } },
      line: '4.0.2',
      message: 'charm without manifest not valid',
    },
    {
      why: 'no bases',
      charm: { files: { 'manifest.yaml': 'bases: []' } },
      message: 'charm metadata without bases in manifest not valid',
    },
    {
      why: 'a channel that YAML reads as a number',
      charm: { files: { 'manifest.yaml': 'bases: [{name: ubuntu, channel: 24.04}]' } },
      message: 'manifest.yaml: bases[0]: channel: expected string, got float64(24.04)',
    },
    {
      why: 'an unknown architecture',
      charm: { files: { 'manifest.yaml': 'bases: [{name: ubuntu, channel: "24.04", architectures: [all]}]' } },
      message: 'manifest.yaml: bases[0]: architecture "all" not valid',
    },
    {
      why: 'keys of both metadata formats',
      charm: { metadata: { assumes: ['juju >= 3.6'], series: ['noble'] } },
      message: 'ambiguous metadata: keys "series" cannot be used with "assumes"',
    },
    {
      why: 'a Juju that is too old',
      charm: { metadata: { assumes: ['juju >= 4.0'] } },
      message: 'Charm cannot be deployed because:\n  - charm requires Juju juju >= 4.0',
    },
    {
      why: 'a Kubernetes charm',
      charm: { metadata: { assumes: ['k8s-api'] } },
      message: 'Charm cannot be deployed because:\n  - charm requires feature "k8s-api"',
    },
    {
      why: 'a reserved endpoint',
      charm: { metadata: { requires: { 'juju-x': 'z' } } },
      message: 'charm using a reserved relation name: "juju-x"',
    },
    {
      why: 'a reserved interface',
      charm: { metadata: { provides: { x: { interface: 'juju-info' } } } },
      message: 'charm relation "x" using a reserved interface: "juju-info"',
    },
    {
      why: 'an endpoint in two roles',
      charm: { metadata: { provides: { x: 'a' }, requires: { x: 'a' } } },
      message: 'charm using a duplicated relation name: "x"',
    },
    {
      why: 'a resource without file name',
      charm: { metadata: { resources: { bin: { type: 'file' } } } },
      message: 'invalid resource "bin": resource missing filename',
    },
    {
      why: 'a resource in a folder',
      charm: { metadata: { resources: { bin: { type: 'file', filename: 'a/b' } } } },
      message: 'invalid resource "bin": filename cannot contain "/" (got "a/b")',
    },
    {
      why: 'an unknown option type',
      charm: { config: { a: { type: 'list' } } },
      message: 'invalid config: option "a" has unknown type "list"',
    },
    {
      why: 'a default of another type',
      charm: { config: { a: { type: 'int', default: 'x' } } },
      message: 'invalid config default: option "a" expected int, got "x"',
    },
    {
      why: 'a config file without options',
      charm: { files: { 'config.yaml': '{}' } },
      message: 'invalid config: empty configuration',
    },
    { why: 'a bad action name', charm: { actions: { Go_1: {} } }, message: 'bad action name Go_1' },
    {
      why: 'a reserved action name',
      charm: { actions: { 'juju-x': {} } },
      message: 'cannot use action name juju-x: "juju" is a reserved name',
    },
    {
      why: 'a reference in a schema',
      charm: { actions: { go: { params: { a: { $ref: '#/b' } } } } },
      message: 'schema key "$ref" not compatible with this version of juju',
    },
    {
      why: 'nothing to run',
      charm: { files: { dispatch: undefined } },
      message: 'invalid charm "tiny": has no hooks nor dispatch file',
    },
    {
      why: 'a link to somewhere else',
      charm: { files: { 'lib/x': { content: '../../etc', mode: 0o120777 } } },
      message: 'symlink "lib/x" links out of charm: "../../etc"',
    },
    {
      why: 'an absolute link',
      charm: { files: { x: { content: '/etc', mode: 0o120777 } } },
      message: 'symlink "x" is absolute: "/etc"',
    },
  ];

  it.each(refused)('is refused for $why', async ({ charm, message, line }) => {
    await expect(read(charm, line)).rejects.toThrow(message);
  });

  it('is refused when it is no zip file, or a damaged one', async () => {
    const file = join(directory, 'x.charm');
    await writeFile(file, 'not a zip file, but long enough to look for the end of one');
    await expect(readCharmArchive(file, '3.6.9')).rejects.toThrow('zip: not a valid zip file');
  });

  it('may have keys that Juju does not know, short endpoint forms and several bases', async () => {
    const { definition } = await read({
      metadata: { 'x-y': 1, requires: { db: 'pg' }, peers: { cluster: { interface: 'c' } } },
      files: {
        'manifest.yaml':
          'analysis: {}\nbases:\n- {name: ubuntu, channel: "22.04", architectures: [arm64]}\n- {name: ubuntu, channel: 24.04/stable}\n',
      },
    });
    expect(definition.endpoints['db']).toMatchObject({ interface: 'pg', role: 'requirer', scope: 'global' });
    expect(definition.bases.map(({ channel }) => channel)).toEqual(['22.04', '24.04']);
  });

  it('lets unknown action parameters through on 3.x and not on 4.0, unless it says', async () => {
    const actions = { open: { additionalProperties: true }, silent: {}, closed: { additionalProperties: false } };
    const additional = async (line: string) =>
      Object.values((await read({ actions }, line)).definition.actions).map(
        ({ schema }) => schema['additionalProperties'],
      );
    expect(await additional('3.6.9')).toEqual([true, true, false]);
    expect(await additional('4.0.2')).toEqual([true, false, false]);
  });

  it('loses what a 3.x controller drops when it repacks, and nothing on 4.0', async () => {
    const files = {
      'build/main.mjs': 'x',
      'src/build/main.mjs': 'x',
      '.git/HEAD': 'x',
      version: 'v1\n',
      '.jujuignore': '*.md\n',
      'README.md': 'x',
      tool: { content: 'x', mode: 0o700 },
    };
    const paths = async (line: string) => (await read({ files }, line)).members.map(({ path }) => path).sort();
    expect(await paths('3.6.9')).toEqual(['dispatch', 'manifest.yaml', 'metadata.yaml', 'src/build/main.mjs', 'tool']);
    expect(await paths('4.0.2')).toEqual(expect.arrayContaining(Object.keys(files)));
  });

  it('is unpacked with the modes of the archive, normalised on 3.x', async () => {
    const files = {
      tool: { content: 'x', mode: 0o700 },
      note: { content: 'x', mode: 0o600 },
      alias: { content: 'tool', mode: 0o120777 },
    };
    for (const [line, modes] of [
      ['3.6.9', [0o755, 0o644]],
      ['4.0.2', [0o700, 0o600]],
    ] as const) {
      const target = join(directory, line);
      await unpackCharm(await read({ files }, line), target);
      const mode = async (name: string) => (await stat(join(target, name))).mode & 0o777;
      expect([await mode('tool'), await mode('note')]).toEqual(modes);
      expect((await stat(join(target, 'alias'))).ino).toBe((await stat(join(target, 'tool'))).ino);
    }
  });
});
