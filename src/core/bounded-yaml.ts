/**
 * YAML that somebody writes by hand: options, and files on the machine that anybody may have edited. What is larger, deeper or of more
 * parts than anyone writes is refused before it takes a hook's time, and so are keys that are no plain texts: a thousand bytes of nested
 * keys (`? ? ?`) would otherwise take minutes.
 */

import type { Document, LineCounter, Node, Pair } from 'yaml';

export interface YamlBounds {
  /** Characters. */
  readonly length: number;
  /** Lists and maps inside each other. */
  readonly depth: number;
  /** Lists, maps, keys and values, all together. */
  readonly nodes: number;
}

export const YAML_BOUNDS: YamlBounds = { length: 64 * 1024, depth: 32, nodes: 10_000 };

/** Pieces of a text into which it is cut before it is understood; the usual one has about three for each node. */
const TOKENS_A_NODE = 6;
/** Aliases together may grow the value so many times (`toJS` of the yaml package). */
const MOST_ALIASES = 100;
/** Texts of a dispatch, which looks at its options several times. */
const MOST_REMEMBERED = 8;

export type ReadYaml =
  | { readonly value: unknown; readonly document: Document; readonly lines: LineCounter }
  /** As the end of a sentence about the text, with the line where there is one. */
  | { readonly problem: string };

const remembered = new Map<string, Promise<ReadYaml>>();

/** The value and the document that it stands in, or what is wrong. Never throws, and reads the same text once. */
export async function parseBoundedYaml(text: string, bounds: YamlBounds = YAML_BOUNDS): Promise<ReadYaml> {
  // Before it is remembered: what is too long is not to be kept either.
  if (text.length > bounds.length)
    return { problem: `has ${text.length} characters; at most ${bounds.length} are taken` };
  const known = remembered.get(text);
  if (known !== undefined) return known;
  const reading = read(text, bounds);
  remembered.set(text, reading);
  for (const key of [...remembered.keys()].slice(0, -MOST_REMEMBERED)) remembered.delete(key);
  return reading;
}

async function read(text: string, bounds: YamlBounds): Promise<ReadYaml> {
  const { Lexer, LineCounter, parseDocument } = await import('yaml');
  let [tokens, level] = [0, 0];
  for (const token of new Lexer().lex(text)) {
    tokens += 1;
    if (token === '[' || token === '{') level += 1;
    else if (token === ']' || token === '}') level -= 1;
    if (tokens > bounds.nodes * TOKENS_A_NODE) return { problem: tooMany(bounds.nodes) };
    if (level > bounds.depth) return { problem: tooDeep(bounds.depth) };
  }
  const lines = new LineCounter();
  try {
    // The package compares each key with all others of its map; they are compared below, in one pass.
    const settings = { lineCounter: lines, prettyErrors: false, logLevel: 'silent', uniqueKeys: false } as const;
    const document = parseDocument(text, settings);
    const [error] = document.errors;
    if (error !== undefined)
      return { problem: `line ${lines.linePos(error.pos[0]).line}: is not YAML: ${error.message}` };
    const flaw = flawOf(document.contents, bounds);
    if (flaw !== undefined) return { problem: `${lineOf(flaw.node, lines)}${flaw.problem}` };
    return { value: document.toJS({ maxAliasCount: MOST_ALIASES }), document, lines };
  } catch (failure) {
    return { problem: `is not YAML that can be used: ${failure instanceof Error ? failure.message : 'unknown'}` };
  }
}

interface Flaw {
  readonly node: unknown;
  readonly problem: string;
}

/** Without recursion: the text decides how deep it goes. */
function flawOf(root: Node | null, { depth, nodes }: YamlBounds): Flaw | undefined {
  const rest: (readonly [node: unknown, level: number])[] = [[root, 1]];
  let count = 0;
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    const [node, level] = next;
    count += 1;
    if (count > nodes) return { node, problem: tooMany(nodes) };
    if (!isCollection(node)) continue;
    if (level > depth) return { node, problem: tooDeep(depth) };
    const keys = new Set<string>();
    for (const item of node.items) {
      if (!isPair(item)) {
        rest.push([item, level + 1]);
        continue;
      }
      const key = keyOf(item.key);
      if (key === undefined) return { node: item.key ?? node, problem: 'has a key that is not plain text' };
      if (keys.has(key)) return { node: item.key, problem: `has the key ${JSON.stringify(key.slice(0, 80))} twice` };
      keys.add(key);
      count += 1;
      rest.push([item.value, level + 1]);
    }
  }
  return undefined;
}

function tooMany(nodes: number): string {
  return `has more than ${nodes} lists, maps, keys and values`;
}

function tooDeep(depth: number): string {
  return `has more than ${depth} lists and maps inside each other`;
}

function isCollection(node: unknown): node is { readonly items: readonly unknown[] } {
  return typeof node === 'object' && node !== null && 'items' in node && Array.isArray(node.items);
}

function isPair(item: unknown): item is Pair {
  return typeof item === 'object' && item !== null && 'key' in item;
}

/** Undefined for a list, a map and an alias. */
function keyOf(key: unknown): string | undefined {
  if (key === null) return '';
  if (typeof key !== 'object' || !('value' in key)) return undefined;
  const { value } = key;
  if (value === null) return '';
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? `${value}` : undefined;
}

function lineOf(node: unknown, lines: LineCounter): string {
  const offset = offsetOf(node);
  return offset === undefined ? '' : `line ${lines.linePos(offset).line}: `;
}

/** Where a node begins in its text. */
export function offsetOf(node: unknown): number | undefined {
  if (typeof node !== 'object' || node === null || !('range' in node) || !Array.isArray(node.range)) return undefined;
  const [offset] = node.range;
  return typeof offset === 'number' ? offset : undefined;
}
