/** `npm run test:fast`: what a developer runs over and over. No whole cluster, no dispatch that is ended, no archive, no test of a stand-in. */

import { configDefaults, defineConfig } from 'vitest/config';
import whole from './vitest.config.ts';

/** What takes its time because processes, machines or archives are what it is about, or because it tries thousands of things. */
const SLOW = [
  'test/capabilities/certificates/decide.test.ts',
  'test/capabilities/certificates/given/examine.test.ts',
  'test/capabilities/certificates/relation/databags.test.ts',
  'test/capabilities/hardening/remedy/give-back.test.ts',
  'test/capabilities/hardening/sabotage.test.ts',
  'test/engine/dispatch.test.ts',
  'test/hostile/**',
  'test/**/crash.test.ts',
  'test/**/interrupted-*.test.ts',
  'test/**/large-*.test.ts',
  'test/**/many-*.test.ts',
  'test/**/menagerie.test.ts',
  'test/**/walk.test.ts',
  'test/e2e/**',
  'test/standins/machines/**',
  'test/standins/juju/**',
  'test/real/**',
  'test/**/archive.test.ts',
  'test/**/end-to-end.test.ts',
  'test/**/*machines.test.ts',
  'test/**/against-model.test.ts',
];

const { projects: _, ...shared } = whole.test ?? {};

export default defineConfig({
  ...whole,
  // Files share what they import: loading it anew for each took half of the time. The whole suite keeps them apart.
  test: { ...shared, include: ['test/**/*.test.ts'], exclude: [...configDefaults.exclude, ...SLOW], isolate: false },
});
