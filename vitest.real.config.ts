import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { schemaValidators } from './scripts/schema-validators.ts';

/** The longest one, which mostly waits, goes first. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((one, other) => rank(one) - rank(other));
  }
}

function rank({ moduleId }: TestSpecification): number {
  const order = ['live-cluster', 'configurations', 'bad-arguments', 'secrets-in-etcd', 'given-certificates'];
  const place = order.findIndex((name) => moduleId.includes(name));
  return place < 0 ? order.length : place;
}

/** Tests against the real components, which `npm run test:real` builds. Those outside of test/real also run in `npm test`, on stand-ins. */
export default defineConfig({
  plugins: [{ ...schemaValidators(), enforce: 'pre' }],
  test: {
    include: [
      'test/real/**/*.test.ts',
      'test/capabilities/hardening/policies/made-cluster.test.ts',
      'test/standins/machines/bad-arguments.test.ts',
      'test/standins/machines/kubernetes.test.ts',
      'test/standins/machines/secrets-in-etcd.test.ts',
      'test/clients/kubernetes/machines.test.ts',
    ],
    env: { K8S_TESTS_ON: 'real' },
    pool: 'forks',
    // A kube-apiserver takes a core for itself while it starts; one of the files mostly waits.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
