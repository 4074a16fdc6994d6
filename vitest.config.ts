import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';
import { schemaValidators } from './scripts/schema-validators.ts';

/** Scenarios that touch secrets, options or actions, in which the lines of Juju differ: run a second time, on the other line. */
const ON_BOTH_LINES = [
  'actions',
  'applications',
  'bad-config',
  'certificates-*',
  'configuration',
  'encryption',
  'hardening',
  'leadership',
  'node-upkeep',
  'removal',
  'renewal',
  'rolling',
  'rolling-workers',
  'wire',
];

export default defineConfig({
  plugins: [{ ...schemaValidators(), enforce: 'pre' }],
  test: {
    pool: 'forks',
    // By default one core is left idle, which on a machine of two is half of it.
    maxWorkers: availableParallelism(),
    // Generous: a test that dispatches a charm starts processes, on two cores that it shares with other test files.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'suite',
          include: ['test/**/*.test.ts'],
          // Those need the real components: see `npm run test:real`.
          exclude: [...configDefaults.exclude, 'test/real/**'],
        },
      },
      {
        extends: true,
        test: {
          name: 'other line of Juju',
          include: ON_BOTH_LINES.map((name) => `test/e2e/${name}.test.ts`),
          env: { K8S_TESTS_JUJU: 'other' },
        },
      },
    ],
  },
});
