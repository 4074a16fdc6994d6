/**
 * Makes one program of src/ and the packages that it uses. What is imported lazily (X.509) becomes a chunk of its
 * own, so that a dispatch that does not need it does not read it.
 */
import { join } from 'node:path';
import { type OutputChunk, type PreRenderedChunk, rolldown } from 'rolldown';
import { schemaValidators } from '../schema-validators.ts';
import { repository } from './places.ts';

export interface BundleFile {
  readonly name: string;
  readonly code: string;
  /** Names of the files that are read together with it. */
  readonly imports: readonly string[];
  /** As `Bundle.packages`, of this file alone. */
  readonly packages: readonly string[];
}

export interface Bundle {
  readonly files: readonly BundleFile[];
  /** Folders, relative to the repository, of the packages of which code ended up in the files. */
  readonly packages: readonly string[];
}

/** Bundles the module and all that it imports; it becomes `main.cjs`. The same sources give the same files, wherever they lie. */
export async function bundleProgram(entry: string = join(repository, 'src/main.ts')): Promise<Bundle> {
  const build = await rolldown({
    input: { main: entry },
    cwd: repository,
    platform: 'node',
    plugins: [schemaValidators()],
    onLog: (level, log) => {
      if (level === 'warn' && isOurs(log.id)) throw new Error(`${log.id}: ${log.message}`);
    },
  });
  try {
    const { output } = await build.generate({
      // Not as ES modules: importing one of Node's own modules makes Node touch all that it exports, and from `node:http` hang fetch and
      // WebSocket. That and Node's loader of ES modules are a fifth of the time of a dispatch.
      format: 'cjs',
      dynamicImportInCjs: false,
      strict: true,
      comments: { legal: true, jsdoc: false, annotation: false },
      entryFileNames: '[name].cjs',
      chunkFileNames: (chunk) => `${chunkName(chunk)}.cjs`,
      // Neither names nor line breaks are taken away: they make the stack trace in a unit's log readable.
      minify: { compress: true, mangle: false, codegen: false },
    });
    const chunks = output.filter((file): file is OutputChunk => file.type === 'chunk');
    return {
      files: chunks.map((chunk) => ({
        name: chunk.fileName,
        code: chunk.code,
        imports: chunk.imports.filter((name) => chunks.some(({ fileName }) => fileName === name)),
        packages: packagesOf([chunk]),
      })),
      packages: [...new Set([...generatedFrom, ...packagesOf(chunks)])].sort(),
    };
  } finally {
    await build.close();
  }
}

function isOurs(id: string | undefined): boolean {
  return id !== undefined && !id.includes('/node_modules/');
}

/** A package's own module names (`dist`, `index`) say nothing; the package's does. A validator is called after its schema. */
function chunkName(chunk: PreRenderedChunk): string {
  const schema = /([\w-]+)\.schema\.json/.exec(chunk.facadeModuleId ?? '')?.[1];
  if (schema !== undefined) return `${schema}-schema`;
  const name = packageName(chunk.facadeModuleId ?? undefined);
  return name === undefined ? '[name]' : name.replace('@', '').replace('/', '-');
}

function packageName(id: string | undefined): string | undefined {
  return /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(id ?? '')?.[1];
}

function packagesOf(chunks: readonly OutputChunk[]): readonly string[] {
  const folders = new Set<string>();
  for (const chunk of chunks) {
    for (const [id, module] of Object.entries(chunk.modules)) {
      const folder = /.*(\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id)?.[0];
      if (folder !== undefined && module.renderedLength > 0) folders.add(folder.slice(repository.length, -1));
    }
  }
  return [...folders].sort();
}

/** Validators are written by ajv and contain functions of it and of a package of its own. */
const generatedFrom = ['node_modules/ajv', 'node_modules/fast-deep-equal'];
