import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLocalMemory } from '../../../src/clients/juju/local-memory.ts';

let folder: string;
let file: string;
let warnings: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'memory-'));
  file = join(folder, 'memory.json');
  warnings = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (path = file) => createLocalMemory(path, (message) => warnings.push(message));

describe('local memory', () => {
  it('outlives the dispatch, in one private file', () => {
    open().set({ a: '1', b: '2' });
    open().set({ a: undefined, c: 'é' });
    const memory = open();
    expect([memory.get('a'), memory.get('b'), memory.get('c')]).toEqual([undefined, '2', 'é']);
    expect(readdirSync(folder)).toEqual(['memory.json']);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(warnings).toEqual([]);
  });

  it('does not touch the disk when nothing differs', () => {
    open().set({ a: undefined });
    expect(existsSync(file)).toBe(false);
    open().set({ a: '1' });
    const before = statSync(file).ino;
    open().set({ a: '1', b: undefined });
    expect(statSync(file).ino).toBe(before);
  });

  it.each(['', '{"a": ', '[]', '{"a": 1}', 'null'])('is empty when the file holds %j', (content) => {
    writeFileSync(file, content);
    const memory = open();
    expect(memory.get('a')).toBeUndefined();
    memory.set({ b: '2' });
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ b: '2' });
  });

  it('warns instead of failing when nothing can be written, and leaves no older memory behind', () => {
    open(join(folder, 'missing', 'memory.json')).set({ a: '1' });
    expect(warnings).toEqual([expect.stringContaining('cannot remember what was told to Juju')]);

    open().set({ a: 'old' });
    const memory = open();
    // A folder in the place of the draft stands for a disk that takes no more.
    mkdirSync(`${file}.new`);
    memory.set({ a: 'new' });
    expect(warnings[1]).toContain('cannot remember what was told to Juju');
    expect(open().get('a')).toBeUndefined();
  });
});
