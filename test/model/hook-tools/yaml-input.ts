/**
 * `--file` of `relation-set` and `state-set`: not JSON but YAML, read by go-yaml v2 into a map of strings. What that library
 * refuses or mangles is refused or mangled here too, so that a charm that would fail on a real unit fails in a test.
 */

import { isMap, isScalar, parseDocument } from 'yaml';
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
  if (!isMap(document.contents))
    throw refusal('yaml: unmarshal errors:\n  line 1: cannot unmarshal into map[string]string');
  const settings: Record<string, string> = {};
  for (const { key, value } of document.contents.items) {
    if (!isScalar(key)) throw refusal('yaml: unmarshal errors:\n  line 1: cannot unmarshal into string');
    if (value !== null && !isScalar(value)) {
      throw refusal('yaml: unmarshal errors:\n  line 1: cannot unmarshal into string');
    }
    settings[scalarText(key)] = value === null ? '' : scalarText(value);
  }
  return settings;
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
    if (/(?<!\\)(?:\\\\)*\\\//.test(body)) throw refusal('yaml: line 1: found unknown escape character');
    if (/(?<!\\)(?:\\\\)*\\u[dD][89a-fA-F]/.test(body))
      throw refusal('yaml: line 1: found invalid Unicode character escape code');
    if (isKey && body.length > LONGEST_KEY) throw refusal("yaml: line 1: could not find expected ':'");
  }
}
