/**
 * `import { validate } from './x.schema.json?validator'`: compiles the schema with ajv when the program is built, so that a unit compiles
 * nothing and carries no compiler. What comes out is plain JavaScript without ajv.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv, type Options } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import standaloneCode from 'ajv/dist/standalone/index.js';
import type { Plugin } from 'rolldown';

const request = /\.schema\.json\?validator$/;
/** Not a file name that ends in .json: bundlers would parse it as one. The zero byte keeps other plugins away. */
const prefix = '\0schema-validator:';
const suffix = '.js';
const problemsModule = fileURLToPath(new URL('schema-problems.ts', import.meta.url));

/** For Rolldown and for Vite. */
export function schemaValidators(): Plugin {
  return {
    name: 'schema-validators',
    resolveId: {
      filter: { id: request },
      handler(source, importer) {
        if (!request.test(source) || importer === undefined) return null;
        const file = resolve(dirname(importer), source.slice(0, -'?validator'.length));
        return { id: `${prefix}${file}${suffix}`, moduleSideEffects: false };
      },
    },
    load: {
      filter: { id: /^\0schema-validator:/ },
      handler(id) {
        if (!id.startsWith(prefix)) return null;
        const file = id.slice(prefix.length, -suffix.length);
        this.addWatchFile(file);
        return { code: validatorModule(file), moduleType: 'js' };
      },
    },
  };
}

/** The JavaScript of the module that stands for a schema file. `problems` is the module to import `schemaProblems` from. */
export function validatorModule(file: string, problems: string = problemsModule): string {
  try {
    return compile(JSON.parse(readFileSync(file, 'utf8')), problems);
  } catch (error) {
    throw new Error(`${file}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

interface Schema {
  readonly $schema?: string;
}

function compile(schema: Schema, problems: string): string {
  const ajv = newAjv(schema);
  const code = withoutRequires(standaloneCode.default(ajv, ajv.compile(schema)));
  return [
    `import { schemaProblems } from ${JSON.stringify(problems)};`,
    code.replace(/export const validate = (\w+);/, 'const accepts = $1;').replace(/export default \w+;/, ''),
    'export function validate(value) {',
    '  return accepts(value) ? [] : schemaProblems(accepts.errors);',
    '}',
    '',
  ].join('\n');
}

function newAjv(schema: Schema): Ajv {
  // `verbose` hands `mustBe`, an annotation of ours beside the rule that failed, to the messages.
  const options: Options = {
    allErrors: true,
    strict: true,
    allowUnionTypes: true,
    verbose: true,
    code: { source: true, esm: true },
  };
  const ajv = schema.$schema?.includes('2020-12') ? new Ajv2020(options) : new Ajv(options);
  ajv.addKeyword({ keyword: 'mustBe', schemaType: 'string' });
  ajv.addFormat('date-time', /^\d{4}-[01]\d-[0-3]\dt[0-2]\d:[0-5]\d:[0-6]\d(?:\.\d+)?(?:z|[+-][0-2]\d:?[0-5]\d)$/i);
  return ajv;
}

/** Functions that generated code asks ajv for at run time. Each is complete in itself, so that its text can stand in for it. */
const runtime = new Set(['ajv/dist/runtime/equal', 'ajv/dist/runtime/ucs2length']);
const require = createRequire(import.meta.url);

function withoutRequires(code: string): string {
  return code.replaceAll(/require\("([^"]+)"\)\.default/g, (_, name: string) => {
    if (!runtime.has(name)) throw new Error(`a keyword in it needs ${name} at run time, which is not inlined`);
    return `(${String(require(name).default)})`;
  });
}
