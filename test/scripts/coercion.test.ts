import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

/** Line by line: whether the compiler has to refuse it. */
const LINES: readonly (readonly [code: string, refused: boolean])[] = [
  ['export const a = (x: unknown): string => String(x);', true],
  ['export const b = (x: unknown): number => Number(x);', true],
  ['export const c = (x: Readonly<Record<string, unknown>>): string => String(x["a"]);', true],
  ['export const d = (x: unknown): Date => new Date(String(x));', true],
  ['export const e = (x: readonly unknown[]): readonly string[] => x.map(String);', true],
  ['export const f = (x: { a: 1 }): string => String(x);', true],
  ['export const g = (x: string): string => JSON.parse(x).name;', true],
  ['export const h = (x: number): string => String(x);', false],
  ['export const i = (x: string | undefined): number => Number(x);', false],
  ['export const j = (x: unknown): string => (typeof x === "number" ? String(x) : "");', false],
];

it('the compiler refuses to coerce what nobody has looked at, and nothing else', { timeout: 120_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'coercion-'));
  try {
    const root = resolve('.');
    await writeFile(join(folder, 'lines.mts'), LINES.map(([code]) => code).join('\n'));
    const files = [join(folder, 'lines.mts'), join(root, 'src/no-coercion.d.ts')];
    const settings = {
      extends: join(root, 'tsconfig.json'),
      compilerOptions: { types: [] },
      include: [],
      exclude: [],
      files,
    };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(settings));
    const output = await new Promise<string>((settle) =>
      execFile(
        process.execPath,
        [join(root, 'node_modules/typescript/bin/tsc'), '--noEmit', '--project', folder],
        (_, stdout) => settle(stdout),
      ),
    );
    const refused = new Set([...output.matchAll(/lines\.mts\((\d+),/g)].map(([, line]) => Number(line)));
    expect(LINES.map(([code], index) => [code, refused.has(index + 1)])).toEqual(LINES.map((line) => [...line]));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
