/** `npm run test:fast`: what a developer runs over and over. No whole cluster, no dispatch that is ended, no archive, no test of a stand-in. */

import { configDefaults, defineConfig } from 'vitest/config';
import whole from './vitest.config.ts';

/** What takes its time because processes, machines or archives are what it is about. */
const SLOW = [
  'test/e2e/**',
  'test/k8sd/**',
  'test/model/**',
  'test/real/**',
  'test/**/archive.test.ts',
  'test/**/end-to-end.test.ts',
  'test/**/*machines.test.ts',
  'test/**/against-model.test.ts',
];

export default defineConfig({
  ...whole,
  test: { ...whole.test, exclude: [...configDefaults.exclude, ...SLOW] },
});
