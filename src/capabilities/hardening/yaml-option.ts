/** Options that hold YAML: read once, checked against a schema, and told of with the line that is at fault. */

import type { Document, LineCounter } from 'yaml';
import { offsetOf, parseBoundedYaml } from '../../core/bounded-yaml.ts';

/** Where, as a JSON pointer, and what would be right. */
export interface YamlProblem {
  readonly path: string;
  readonly message: string;
}

export type ReadYaml = { readonly value: unknown } | { readonly problem: string };

/** @returns the value, or the first problem as `line 4: level must be …`. */
export async function readYaml(text: string, validate: (value: unknown) => readonly YamlProblem[]): Promise<ReadYaml> {
  const reading = await parseBoundedYaml(text);
  if ('problem' in reading) return reading;
  const { value, document, lines } = reading;
  const [problem] = validate(value);
  if (problem === undefined) return { value };
  const where = `line ${lineOf(document, lines, problem)}: `;
  return { problem: `${where}${subject(problem.path)}${problem.message}` };
}

/** Of a member that must not be there, its own line; of everything else, that of the value. */
function lineOf(document: Document, lines: LineCounter, { path, message }: YamlProblem): number {
  const keys = pathOf(path);
  const stranger = /^must not have "(.*)"$/.exec(message)?.[1];
  const offset =
    (stranger === undefined ? undefined : keyOffset(document.getIn(keys, true), stranger)) ??
    offsetOf(document.getIn(keys, true)) ??
    offsetOf(document.contents) ??
    0;
  return lines.linePos(offset).line;
}

function keyOffset(node: unknown, name: string): number | undefined {
  const { items } = (node ?? {}) as { items?: readonly { readonly key?: { readonly value?: unknown } }[] };
  return offsetOf(items?.find(({ key }) => key?.value === name)?.key);
}

/** `/rules/0/level` as `rules[0].level `; nothing for the whole. */
function subject(path: string): string {
  const keys = pathOf(path);
  if (keys.length === 0) return '';
  return `${keys.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`)).join('')} `.replace(/^\./, '');
}

function pathOf(pointer: string): readonly (string | number)[] {
  return pointer
    .split('/')
    .slice(1)
    .map((key) => (/^\d+$/.test(key) ? Number(key) : key.replaceAll('~1', '/').replaceAll('~0', '~')));
}
