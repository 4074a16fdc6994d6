/**
 * `--file` of `relation-set` and `state-set`: not JSON but YAML, read by go-yaml v2 into a map of strings. What that library
 * refuses or mangles is refused or mangled here too, so that a charm that would fail on a real unit fails in a test.
 */

import { isMap, isNode, isScalar, isSeq, parseDocument } from 'yaml';
import { refusal } from './failure.ts';

/** What YAML 1.1 does not take raw: control characters but tab, line feed, carriage return and next line; lone surrogates. */
const UNPRINTABLE: readonly (readonly [from: number, to: number])[] = [
  [0x00, 0x08],
  [0x0b, 0x0c],
  [0x0e, 0x1f],
  [0x7f, 0x84],
  [0x86, 0x9f],
  [0xd800, 0xdfff],
  [0xfffe, 0xffff],
];
const LONGEST_KEY = 1024;

/** Scalars become their source text, `null` becomes empty; anything nested is refused. */
export function readSettingsYaml(text: string): Record<string, string> {
  if ([...text].some(isUnprintable)) throw refusal('yaml: control characters are not allowed');
  checkQuotedStrings(text);
  const document = parseDocument(text.replaceAll('\u0085', ' '), { version: '1.1', uniqueKeys: true });
  const [error] = document.errors;
  if (error) throw refusal(`yaml: ${error.message.split('\n')[0] ?? 'malformed'}`);
  if (document.contents === null) return {};
  if (!isMap(document.contents)) throw unfit([problemAt(text, document.contents, 'map[string]string')]);
  const settings: Record<string, string> = {};
  const problems: string[] = [];
  for (const { key, value } of document.contents.items) {
    const nested = [key, value].find((node) => isMap(node) || isSeq(node));
    if (nested !== undefined) problems.push(problemAt(text, nested, 'string'));
    else if (isScalar(key)) settings[scalarText(key)] = isScalar(value) ? scalarText(value) : '';
  }
  if (problems.length > 0) throw unfit(problems);
  return settings;
}

function unfit(problems: readonly string[]): Error {
  return refusal(`yaml: unmarshal errors:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
}

/** What cannot be what, in the words of go-yaml v2; of a scalar the beginning is shown. */
function problemAt(text: string, node: unknown, wanted: string): string {
  const range: unknown = isNode(node) ? node.range?.[0] : undefined;
  const line = text.slice(0, typeof range === 'number' ? range : 0).split('\n').length;
  const source = isScalar(node) ? (node.source ?? '') : '';
  const shown = source.length > 10 ? `${source.slice(0, 7)}...` : source;
  const what = isMap(node) ? '!!map' : isSeq(node) ? '!!seq' : `${scalarTag(node)} \`${shown}\``;
  return `line ${line}: cannot unmarshal ${what} into ${wanted}`;
}

function scalarTag(node: unknown): string {
  const value: unknown = isScalar(node) ? node.value : undefined;
  if (typeof value === 'boolean') return '!!bool';
  if (typeof value === 'number') return Number.isInteger(value) ? '!!int' : '!!float';
  return '!!str';
}

function isUnprintable(character: string): boolean {
  const point = character.codePointAt(0) ?? 0;
  return UNPRINTABLE.some(([from, to]) => point >= from && point <= to);
}

function scalarText(scalar: { value: unknown; source?: string; type?: string }): string {
  if (typeof scalar.value === 'string') return scalar.value;
  if (scalar.value === null) return '';
  return scalar.source ?? String(scalar.value);
}

/** Escapes of JSON that YAML 1.1 does not have, and implicit keys longer than the scanner looks ahead. */
function checkQuotedStrings(text: string): void {
  for (const match of text.matchAll(/"((?:[^"\\]|\\.)*)"(\s*:)?/gs)) {
    const [, body = '', isKey] = match;
    const where = place(text, match.index);
    if (/(?<!\\)(?:\\\\)*\\\//.test(body)) throw refusal(`yaml: ${where}found unknown escape character`);
    if (/(?<!\\)(?:\\\\)*\\u[dD][89a-fA-F]/.test(body))
      throw refusal(`yaml: ${where}found invalid Unicode character escape code`);
    if (isKey && body.length > LONGEST_KEY) throw refusal(`yaml: ${where}could not find expected ':'`);
  }
}

/** The scanner names a line only behind the first one. */
function place(text: string, index: number): string {
  const line = text.slice(0, index).split('\n').length;
  return line === 1 ? '' : `line ${line}: `;
}
