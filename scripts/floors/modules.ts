/**
 * Reads the modules of src/ and what each imports, types included: who uses another's types depends on it as well. Parsed with the
 * bundler's own parser, which knows the language that the bundler reads.
 */
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { parseSync, Visitor } from 'rolldown/utils';

export interface Import {
  /** `./x.ts` resolved to a path from the root, such as `src/host/x.ts`; other specifiers as they stand. */
  readonly target: string;
  readonly relative: boolean;
  /** Nothing is left of it when the program runs. */
  readonly type: boolean;
}

export interface Module {
  /** From the root, with `/`: `src/host/files.ts`. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

/** All TypeScript modules and data files below `src` in the root folder, sorted by path. */
export async function readModules(root: string): Promise<readonly Module[]> {
  const entries = await readdir(join(root, 'src'), { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return await Promise.all(files.sort().map((file) => readModule(root, file)));
}

async function readModule(root: string, file: string): Promise<Module> {
  const text = await readFile(file, 'utf8');
  const path = relative(root, file);
  if (!path.endsWith('.ts')) return { path, text, imports: [] };
  const imports = [...specifiers(path, text)].map(([specifier, type]) => {
    const isRelative = specifier.startsWith('.');
    const target = isRelative ? join(dirname(path), specifier.replace(/\?.*/, '')) : specifier;
    return { target, relative: isRelative, type };
  });
  return { path, text, imports };
}

/** Every way in which TypeScript names another module: import, export from, `import()` and `import('…').Type`. With whether it is for types alone. */
function specifiers(path: string, text: string): ReadonlyMap<string, boolean> {
  const { program, module, errors } = parseSync(path, text);
  const [error] = errors;
  if (error !== undefined) throw new Error(`${path}: ${error.message}`);
  const found = new Map<string, boolean>();
  const add = (specifier: string, type: boolean) => found.set(specifier, type && found.get(specifier) !== false);
  for (const { moduleRequest, entries } of module.staticImports)
    add(moduleRequest.value, entries.length > 0 && entries.every(({ isType }) => isType));
  for (const { entries } of module.staticExports) {
    for (const { moduleRequest, isType } of entries) if (moduleRequest != null) add(moduleRequest.value, isType);
  }
  const addSource = (source: { type: string; value?: unknown }, type: boolean) => {
    if (typeof source.value !== 'string')
      throw new Error(`${path}: an import() of something that is not a plain string`);
    add(source.value, type);
  };
  new Visitor({
    ImportExpression: (node) => addSource(node.source, false),
    TSImportType: (node) => addSource(node.source, true),
  }).visit(program);
  return found;
}
