/** Guards the reports as they travel in the archives: loaded only when asked for, and the same as from the sources. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Bundle, bundleProgram } from '../../../../scripts/pack/bundle.ts';
import { repository } from '../../../../scripts/pack/places.ts';
import { REPORT_FORMATS, renderReport } from '../../../../src/capabilities/hardening/report/formats.ts';
import { hostileAssessment } from './assessments.ts';

let folder: string;
let bundle: Bundle;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'packed-'));
  const entry = join(folder, 'entry.ts');
  await writeFile(entry, `export { renderReport } from '${repository}/src/capabilities/hardening/report/formats.ts';`);
  bundle = await bundleProgram(entry);
  for (const { name, code } of bundle.files) await writeFile(join(folder, name), code);
});

afterAll(() => rm(folder, { recursive: true }));

it('a dispatch that makes no report loads none of the formats, nor their packages', () => {
  const main = bundle.files.find(({ name }) => name === 'main.cjs');
  expect(main?.imports).toEqual([]);
  expect(main?.packages).toEqual([]);
  expect(Buffer.byteLength(main?.code ?? '')).toBeLessThan(10_000);
});

it.each(REPORT_FORMATS)('%s is the same from the archive as from the sources', async (format) => {
  const packed = createRequire(join(folder, 'entry.ts'))('./main.cjs') as { renderReport: typeof renderReport };
  const assessments = [hostileAssessment('stig')];
  expect(await packed.renderReport(format, assessments)).toBe(await renderReport(format, assessments));
});
