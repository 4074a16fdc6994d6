/**
 * Takes out of the generated Kubernetes client what the charms never use: operations that src/kubernetes/ does not name, models that
 * the rest does not reach, and undici, the library's own way of sending requests. A bundler cannot: methods of a class and entries of a
 * table might be used by name. A regular dispatch asks for one node, and should not read two megabytes for it.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Plugin } from 'rolldown';
import { parseSync } from 'rolldown/utils';
import { repository } from './places.ts';

const API = /\/@kubernetes\/client-node\/dist\/gen\/apis\/\w+Api\.js$/;
const SERIALIZER = /\/@kubernetes\/client-node\/dist\/gen\/models\/ObjectSerializer\.js$/;
const SENDING = /\/@kubernetes\/client-node\/dist\/gen\/http\/isomorphic-fetch\.js$/;
const GENERATED = join(repository, 'node_modules/@kubernetes/client-node/dist/gen');

export function leanKubernetesClient(): Plugin {
  let kept: Promise<Kept> | undefined;
  return {
    name: 'lean-kubernetes-client',
    transform: {
      filter: { id: [API, SERIALIZER, SENDING] },
      async handler(code, id) {
        if (SENDING.test(id)) return { code: 'export {};' };
        kept ??= findKept();
        const { operations, models } = await kept;
        return { code: API.test(id) ? withOperations(id, code, operations) : withModels(code, models) };
      },
    },
  };
}

interface Kept {
  /** Names of methods, such as `readNode` and `readNodeWithHttpInfo`. */
  readonly operations: ReadonlySet<string>;
  /** Names of classes, such as `V1Node`. */
  readonly models: ReadonlySet<string>;
}

async function findKept(): Promise<Kept> {
  const door = await sourcesOfDoor();
  const operations = new Set(matches(door, /\b(?:requests|answers)\.(\w+)/g));
  const apis = new Set(matches(door, /\/gen\/apis\/(\w+)\.js'/g));
  const used = await Promise.all(
    [...apis].map(async (name) => withOperations(name, await generated(`apis/${name}.js`), operations)),
  );
  return { operations, models: await reachedModels(used.join('\n')) };
}

async function sourcesOfDoor(): Promise<string> {
  const folder = join(repository, 'src/kubernetes');
  const names = (await readdir(folder)).filter((name) => name.endsWith('.ts'));
  return (await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))).join('\n');
}

/** The models that the code names in a string, those that these name, and so on. */
async function reachedModels(code: string): Promise<ReadonlySet<string>> {
  const files = await readdir(join(GENERATED, 'models'));
  const known = new Set(files.flatMap((file) => /^(\w+)\.js$/.exec(file)?.[1] ?? []));
  const namedIn = (text: string) => matches(text, /"([^"\n]*)"/g).flatMap((type) => type.match(/\w+/g) ?? []);
  const reached = new Set(namedIn(code).filter((name) => known.has(name)));
  for (const name of reached) {
    for (const other of namedIn(await generated(`models/${name}.js`))) if (known.has(other)) reached.add(other);
  }
  return reached;
}

/** The classes without the methods that nobody calls. */
function withOperations(name: string, code: string, used: ReadonlySet<string>): string {
  const unused = parseSync(`${name}.js`, code).program.body.flatMap((statement) => {
    if (statement.type !== 'ExportNamedDeclaration' || statement.declaration?.type !== 'ClassDeclaration') return [];
    return statement.declaration.body.body.filter(
      (member) =>
        member.type === 'MethodDefinition' &&
        member.kind === 'method' &&
        member.key.type === 'Identifier' &&
        !used.has(member.key.name),
    );
  });
  return unused.reduceRight((rest, { start, end }) => rest.slice(0, start) + rest.slice(end), code);
}

/** The serializer with the imports and table entries of these models alone. */
function withModels(code: string, models: ReadonlySet<string>): string {
  return code
    .split('\n')
    .filter((line) => {
      const model = IMPORT.exec(line)?.[1] ?? TABLE_ENTRY.exec(line)?.[1];
      return model === undefined || models.has(model);
    })
    .join('\n');
}

const IMPORT = /^(?:export \*|import \{ \w+ \}) from '\.\.\/models\/(\w+)\.js';$/;
const TABLE_ENTRY = /^ {4}"(\w+)": \1,?$/;

function generated(path: string): Promise<string> {
  return readFile(join(GENERATED, path), 'utf8');
}

function matches(text: string, pattern: RegExp): readonly string[] {
  return [...text.matchAll(pattern)].map(([, found = '']) => found);
}
