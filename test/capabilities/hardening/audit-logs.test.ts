/** Guards which files go with a control plane that leaves: its audit logs, and nothing beside them. */

import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { removeAuditLogs } from '../../../src/capabilities/hardening/audit-logs.ts';
import { openHost } from '../../../src/clients/host/open-host.ts';

let root: string;
const FOLDER = 'var/log/kubernetes';

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'al-'));
  await mkdir(join(root, FOLDER, 'audit.log.d'), { recursive: true });
  for (const name of FILES) await writeFile(join(root, FOLDER, name), name);
});
afterEach(() => rm(root, { recursive: true, force: true }));

const LOGS = ['audit.log', 'audit-2026-11-23T10-00-00.000.log', 'audit-2026-11-23T10-00-00.000.log.gz'];
const OTHERS = ['audit-2026.log', 'audit.log.1', 'audit2.log', 'other.log', 'audit-2026-11-23T10-00-00.000.txt'];
const FILES = [...LOGS, ...OTHERS];
const left = async () => (await readdir(join(root, FOLDER))).sort();

it('takes the current one and those that were put aside', async () => {
  await removeAuditLogs(openHost(root).files, `/${FOLDER}/audit.log`);
  expect(await left()).toEqual([...OTHERS, 'audit.log.d'].sort());
});

it.each([
  undefined,
  7,
  '',
  '-',
  'var/log/kubernetes/audit.log',
  '/var/log/kubernetes/',
  '/var/log/../log/kubernetes/audit.log',
])('takes nothing when the option is %j', async (option) => {
  await removeAuditLogs(openHost(root).files, option);
  expect(await left()).toEqual([...FILES, 'audit.log.d'].sort());
});
