/** Lets Node itself, without a bundler, import `x.schema.json?validator`: scripts run the sources as they are. */
import { createRequire, registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

const ending = '.schema.json?validator';

/** From here on, for the whole process. The compiler is loaded when the first validator is imported. */
export function registerSchemaValidators(): void {
  const require = createRequire(import.meta.url);
  registerHooks({
    resolve(specifier, context, nextResolve) {
      if (!specifier.endsWith(ending)) return nextResolve(specifier, context);
      return { url: new URL(specifier, context.parentURL).href, format: 'module', shortCircuit: true };
    },
    load(url, context, nextLoad) {
      if (!url.endsWith(ending)) return nextLoad(url, context);
      const { validatorModule } = require('./schema-validators.ts') as typeof import('./schema-validators.ts');
      const problems = new URL('schema-problems.ts', import.meta.url).href;
      return { format: 'module', source: validatorModule(fileURLToPath(url), problems), shortCircuit: true };
    },
  });
}
