/** What OASIS' schema of SARIF 2.1.0 has against a report. */

import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { readSchema, SARIF } from './published-schema.ts';

let compiled: Promise<ValidateFunction> | undefined;

export async function sarifComplaints(report: unknown): Promise<readonly ErrorObject[]> {
  compiled ??= compile();
  const accepts = await compiled;
  return accepts(report) ? [] : (accepts.errors ?? []);
}

/** Of draft 4 it uses nothing that draft 7 has changed but the name of its own id. One pattern, of a language, is no Unicode pattern. */
async function compile(): Promise<ValidateFunction> {
  const text = await readSchema(SARIF);
  const { $schema: _, id: __, ...schema } = JSON.parse(text);
  const ajv = new Ajv({ allErrors: true, strict: false, unicodeRegExp: false });
  addFormats.default(ajv);
  return ajv.compile(schema);
}
