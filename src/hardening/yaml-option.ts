/** Options that hold YAML: read once, checked against a schema, and told of with the line that is at fault. */

import type { Document, LineCounter } from 'yaml';

/** Where, as a JSON pointer, and what would be right. */
export interface YamlProblem {
  readonly path: string;
  readonly message: string;
}

export type ReadYaml = { readonly value: unknown } | { readonly problem: string };

/** @returns the value, or the first problem as `line 4: level must be …`. */
export async function readYaml(text: string, validate: (value: unknown) => readonly YamlProblem[]): Promise<ReadYaml> {
  const { LineCounter, parseDocument } = await import('yaml');
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'silent' });
  const [error] = document.errors;
  if (error !== undefined)
    return { problem: `line ${lines.linePos(error.pos[0]).line}: is not YAML: ${error.message}` };
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (failure) {
    return { problem: `is not YAML that can be used: ${failure instanceof Error ? failure.message : String(failure)}` };
  }
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
  const { items } = (node ?? {}) as { items?: readonly { readonly key?: unknown }[] };
  const pair = items?.find(({ key }) => String((key as { value?: unknown } | undefined)?.value) === name);
  return offsetOf(pair?.key);
}

function offsetOf(node: unknown): number | undefined {
  return (node as { range?: readonly number[] } | null | undefined)?.range?.[0];
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
