/**
 * How `charm/hardening/cis.yaml` and `stig.yaml` were first made, from a survey of both benchmarks for the k8s snap:
 * `node scripts/hardening/first-catalogues.ts survey.yaml`. The catalogues have been kept by hand since then; making them anew
 * overwrites what was changed.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Document, isMap, isScalar, isSeq, parse, visit } from 'yaml';
import { controlOf, type SurveyEntry } from './convert.ts';

const survey = process.argv[2];
if (survey === undefined) throw new Error('which survey? Give the path of its YAML file');
const { cis, stig } = parse(await readFile(survey, 'utf8')) as Record<'cis' | 'stig', readonly SurveyEntry[]>;
const folder = fileURLToPath(new URL('../../charm/hardening', import.meta.url));
await write('cis', 'CIS Kubernetes Benchmark, editions 1.24 (as Canonical tailors it for the snap) and 1.12', cis);
await write(
  'stig',
  'DISA STIG for Kubernetes, V2R6, and two rules of earlier releases that checklists still have',
  stig,
);

async function write(name: string, title: string, entries: readonly SurveyEntry[]): Promise<void> {
  const document = new Document({ controls: entries.map(controlOf) }, { aliasDuplicateObjects: false });
  visit(document, {
    Collection(_, node) {
      const values = isMap(node) ? node.items.map(({ value }) => value) : isSeq(node) ? node.items : [];
      // Short lists and maps of plain values stand on one line.
      const short = JSON.stringify(node.toJSON()).length < 100;
      if (short && values.every((value) => isScalar(value) || (isSeq(value) && value.items.every(isScalar))))
        node.flow = true;
    },
  });
  const head = `# ${title}.\n# docs/reference/control-catalogue.md describes the language.\n`;
  await writeFile(
    join(folder, `${name}.yaml`),
    `${head}${document.toString({ lineWidth: 120, flowCollectionPadding: false })}`,
  );
}
