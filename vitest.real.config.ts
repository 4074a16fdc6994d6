import { defineConfig } from 'vitest/config';
import { schemaValidators } from './scripts/schema-validators.ts';

/** Tests against the real components, which `npm run test:real` builds. Those outside of test/real also run in `npm test`, on stand-ins. */
export default defineConfig({
  plugins: [{ ...schemaValidators(), enforce: 'pre' }],
  test: {
    include: [
      'test/real/**/*.test.ts',
      'test/k8sd/kubernetes.test.ts',
      'test/k8sd/secrets-in-etcd.test.ts',
      'test/kubernetes/machines.test.ts',
    ],
    env: { K8S_TESTS_ON: 'real' },
    pool: 'forks',
    // A kube-apiserver takes a core for itself while it starts.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
