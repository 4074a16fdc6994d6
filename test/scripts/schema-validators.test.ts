/** Guards what every client relies on: schemas become functions that need no ajv, and say what is wrong without saying the value. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SchemaProblem } from '../../scripts/schema-problems.ts';
import { schemaValidators, validatorModule } from '../../scripts/schema-validators.ts';

type Validate = (value: unknown) => readonly SchemaProblem[];

const schema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object',
  required: ['name'],
  additionalProperties: false,
  properties: {
    name: { type: 'string', minLength: 2, maxLength: 5 },
    count: { type: 'integer', minimum: 1 },
    mode: { enum: ['on', 'off', 3] },
    life: { type: 'string', pattern: '^[0-9]+[dhy]$', mustBe: 'a duration such as 30d' },
    tags: { type: 'array', uniqueItems: true, items: { $ref: '#/definitions/tag' } },
    when: { type: 'string', format: 'date-time' },
    either: { mustBe: 'a number or "all"', anyOf: [{ type: 'integer' }, { const: 'all' }] },
    maybe: { type: ['integer', 'null'] },
    pairs: { type: 'array', uniqueItems: true, items: { type: 'object' } },
    tree: { $ref: '#/definitions/tree' },
    'a/b c': { type: 'string', pattern: '^x', mustBe: 'something with x' },
  },
  definitions: {
    tag: { type: 'string', pattern: '^t', mustBe: 'a tag' },
    tree: {
      type: 'object',
      properties: { label: { enum: ['x'], mustBe: 'the letter x' }, down: { $ref: '#/definitions/tree' } },
    },
  },
};

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'schema-'));
  await writeFile(join(folder, 'x.schema.json'), JSON.stringify(schema));
  await writeFile(
    join(folder, 'main.ts'),
    "import { validate } from './x.schema.json?validator';\nexport const check: unknown = validate;\n",
  );
});

afterAll(() => rm(folder, { recursive: true }));

async function bundled(): Promise<{ check: Validate; code: string }> {
  const bundle = await rolldown({ input: join(folder, 'main.ts'), plugins: [schemaValidators()], platform: 'node' });
  const file = join(folder, 'out', 'main.mjs');
  const { output } = await bundle.write({ file, format: 'esm' });
  const { check } = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as { check: Validate };
  return { check, code: output[0].code };
}

describe('a schema imported as a validator', () => {
  it('carries nothing of ajv and imports nothing', async () => {
    const { code } = await bundled();
    expect(code).not.toMatch(/\brequire\b|\bimport\b/);
  });

  it.each<[string, unknown, readonly SchemaProblem[]]>([
    [
      'a value that fits',
      { name: 'ab', count: 1, mode: 3, life: '1d', tags: ['t', 'tt'], either: 'all', maybe: null },
      [],
    ],
    ['a wrong type', { name: 'ab', count: 'many' }, [{ path: '/count', message: 'must be integer' }]],
    ['two types', { name: 'ab', maybe: 'x' }, [{ path: '/maybe', message: 'must be integer or null' }]],
    ['an enum', { name: 'ab', mode: 'secret' }, [{ path: '/mode', message: 'must be one of "on", "off", 3' }]],
    ['a stranger', { name: 'ab', other: 'secret' }, [{ path: '', message: 'must not have "other"' }]],
    ['a member that is missing', {}, [{ path: '', message: 'must have "name"' }]],
    ['an expectation', { name: 'ab', life: 'secret' }, [{ path: '/life', message: 'must be a duration such as 30d' }]],
    [
      'an expectation behind a reference',
      { name: 'ab', tags: ['secret'] },
      [{ path: '/tags/0', message: 'must be a tag' }],
    ],
    [
      'an expectation in a schema that refers to itself',
      { name: 'ab', tree: { down: { label: 'y' } } },
      [{ path: '/tree/down/label', message: 'must be the letter x' }],
    ],
    [
      'an expectation of a whole anyOf',
      { name: 'ab', either: [] },
      [{ path: '/either', message: 'must be a number or "all"' }],
    ],
    [
      'a name that needs escaping',
      { name: 'ab', 'a/b c': 'y' },
      [{ path: '/a~1b c', message: 'must be something with x' }],
    ],
    ['a bound', { name: 'ab', count: 0 }, [{ path: '/count', message: 'must be >= 1' }]],
    ['lengths in characters, not code units', { name: '😀😀😀😀😀' }, []],
    ['a text that is too short', { name: '😀' }, [{ path: '/name', message: 'must NOT have fewer than 2 characters' }]],
    ['a format', { name: 'ab', when: 'secret' }, [{ path: '/when', message: 'must match format "date-time"' }]],
    [
      'several at once',
      { count: 0, mode: 1 },
      [
        { path: '', message: 'must have "name"' },
        { path: '/count', message: 'must be >= 1' },
        { path: '/mode', message: 'must be one of "on", "off", 3' },
      ],
    ],
  ])('reports %s', async (_, value, problems) => {
    const { check } = await bundled();
    expect(check(value)).toEqual(problems);
  });

  it('compares items deeply for uniqueItems', async () => {
    const { check } = await bundled();
    expect(check({ name: 'ab', pairs: [{ a: [1] }, { a: [1] }] })).toHaveLength(1);
    expect(check({ name: 'ab', pairs: [{ a: [1] }, { a: [2] }] })).toEqual([]);
  });

  it('works in Node without a bundler, as the scripts run', async () => {
    const preload = new URL('../../scripts/pinned-node.mjs', import.meta.url).href;
    await writeFile(
      join(folder, 'run.ts'),
      "import { check } from './main.ts';\nconsole.log(JSON.stringify((check as Function)({})));\n",
    );
    await writeFile(join(folder, 'package.json'), '{"type":"module"}');
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', preload, join(folder, 'run.ts')]);
    expect(JSON.parse(stdout)).toEqual([{ path: '', message: 'must have "name"' }]);
  });

  it('names the file of a schema that is wrong', async () => {
    const file = join(folder, 'bad.schema.json');
    await writeFile(file, '{"type":"strin"}');
    expect(() => validatorModule(file)).toThrow(file);
  });
});
