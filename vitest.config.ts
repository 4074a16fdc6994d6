import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';
import { schemaValidators } from './scripts/schema-validators.ts';

export default defineConfig({
  plugins: [{ ...schemaValidators(), enforce: 'pre' }],
  test: {
    include: ['test/**/*.test.ts'],
    // Those need the real components: see `npm run test:real`.
    exclude: [...configDefaults.exclude, 'test/real/**'],
    pool: 'forks',
    // By default one core is left idle, which on a machine of two is half of it.
    maxWorkers: availableParallelism(),
    // Generous: a test that dispatches a charm starts processes, on two cores that it shares with other test files.
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
