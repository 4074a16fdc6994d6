/** Full reports of assessments, which are too long for results of an action: files that only root reads, the last of them kept. */

import type { Host } from '../../../clients/host/host.ts';
import { FORMATS as REPORT_FORMAT_DETAILS, type ReportFormatName } from '../report/formats.ts';

const FOLDER = '/var/lib/k8s-charm/reports';

/** Of all formats together. */
const MOST_REPORTS = 50;

/** @returns the path of the file. */
export async function keepReport({ files, now }: Host, format: ReportFormatName, text: string): Promise<string> {
  const time = now().toISOString().replaceAll(':', '-');
  const path = `${FOLDER}/${time}.${REPORT_FORMAT_DETAILS[format].extension}`;
  await files.write(path, text, { mode: 0o600 });
  const outdated = (await files.list(FOLDER)).filter((name) => /^\d{4}-/.test(name)).slice(0, -MOST_REPORTS);
  await Promise.all(outdated.map((name) => files.remove(`${FOLDER}/${name}`)));
  return path;
}
