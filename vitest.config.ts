import { defineConfig } from 'vitest/config';
import { schemaValidators } from './scripts/schema-validators.ts';

export default defineConfig({
  plugins: [{ ...schemaValidators(), enforce: 'pre' }],
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    // Generous: a test that dispatches a charm starts processes, on two cores that it shares with other test files.
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
