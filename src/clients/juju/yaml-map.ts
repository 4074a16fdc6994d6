/**
 * A map of strings as text that go-yaml v2 reads back unchanged: `relation-set` and `state-set` read YAML from stdin, not JSON.
 * Everything but printable ASCII is escaped: go-yaml turns a raw U+0085 into a space and refuses other control characters.
 * Characters beyond the BMP are `\UXXXXXXXX`: it refuses the surrogate pairs that JSON writes, as it refuses JSON's `\/`.
 */

/** Values become well-formed Unicode first: a lone surrogate has no encoding at all. */
export function yamlMap(entries: Iterable<readonly [string, string]>): string {
  const pairs = Array.from(entries, ([key, value]) => `${yamlString(key)}: ${yamlString(value)}`);
  return `{${pairs.join(', ')}}\n`;
}

/** A double-quoted YAML scalar in printable ASCII. */
export function yamlString(text: string): string {
  return `"${text.toWellFormed().replace(/["\\]|[^\x20-\x7e]/gu, escaped)}"`;
}

function escaped(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`;
  const point = character.codePointAt(0) ?? 0;
  const digits = point.toString(16);
  return point > 0xffff ? `\\U${digits.padStart(8, '0')}` : `\\u${digits.padStart(4, '0')}`;
}
