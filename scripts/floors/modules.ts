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
  const imports = specifiers(path, text).map((specifier) => {
    const isRelative = specifier.startsWith('.');
    const target = isRelative ? join(dirname(path), specifier.replace(/\?.*/, '')) : specifier;
    return { target, relative: isRelative };
  });
  return { path, text, imports };
}

/** Every way in which TypeScript names another module: import, export from, `import()` and `import('…').Type`. */
function specifiers(path: string, text: string): readonly string[] {
  const { program, module, errors } = parseSync(path, text);
  const [error] = errors;
  if (error !== undefined) throw new Error(`${path}: ${error.message}`);
  const found = module.staticImports.map((one) => one.moduleRequest.value);
  for (const { entries } of module.staticExports) {
    for (const { moduleRequest } of entries) if (moduleRequest != null) found.push(moduleRequest.value);
  }
  const add = (source: { type: string; value?: unknown }) => {
    if (typeof source.value !== 'string')
      throw new Error(`${path}: an import() of something that is not a plain string`);
    found.push(source.value);
  };
  new Visitor({ ImportExpression: (node) => add(node.source), TSImportType: (node) => add(node.source) }).visit(
    program,
  );
  return [...new Set(found)];
}
