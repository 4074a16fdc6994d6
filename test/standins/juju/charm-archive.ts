/**
 * A packed charm: read, held against the rules of the Juju line, and unpacked. A 3.x controller repacks what it is given, so
 * for that line some files are missing from what a unit gets, and modes are either 0755 or 0644.
 */

import { createHash } from 'node:crypto';
import { chmod, copyFile, link, mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { type ActionDefinition, parseActions } from './charm-actions.ts';
import { type ConfigOption, parseConfig } from './charm-config.ts';
import { type Base, parseManifest } from './charm-manifest.ts';
import { type CharmMetadata, parseMetadata } from './charm-metadata.ts';
import { CharmRefused } from './charm-refused.ts';
import { type ZipEntry, zipContent, zipEntries } from './zip.ts';

export interface CharmDefinition extends CharmMetadata {
  readonly bases: readonly Base[];
  readonly config: Readonly<Record<string, ConfigOption>>;
  readonly actions: Readonly<Record<string, ActionDefinition>>;
}

export interface CharmMember {
  /** Relative, no trailing slash. */
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'symlink';
  readonly mode: number;
  readonly entry: ZipEntry;
}

export interface CharmArchive {
  /** SHA-256, hexadecimal. */
  readonly digest: string;
  readonly bytes: Buffer;
  readonly members: readonly CharmMember[];
  readonly definition: CharmDefinition;
}

const TYPE_BITS = 0o170000;
const DIRECTORY = 0o040000;
const SYMLINK = 0o120000;
const REGULAR = 0o100000;
/** 4.0 stores no larger upload. */
const LARGEST_UPLOAD = 500_000_000;
const ALWAYS_IGNORED = ['.git', '.svn', '.hg', '.bzr', '.tox'];

/** Reads and checks an archive; throws `CharmRefused` with Juju's words for the first thing that is wrong. */
export async function readCharmArchive(path: string, jujuVersion: string): Promise<CharmArchive> {
  const bytes = await readFile(path);
  if (jujuVersion.startsWith('4.') && bytes.length > LARGEST_UPLOAD) throw new CharmRefused('charm archive too large');
  const members = repack(zipEntries(bytes).map(member), bytes, jujuVersion);
  checkMembers(members, bytes);
  const definition = parseDefinition(members, bytes, jujuVersion);
  return { digest: createHash('sha256').update(bytes).digest('hex'), bytes, members, definition };
}

/** Unpacks into an empty folder, once; many units then take their files from it. */
export async function unpackCharm(archive: CharmArchive, directory: string): Promise<void> {
  for (const { path, kind, mode, entry } of archive.members) {
    const target = join(directory, path);
    await mkdir(kind === 'directory' ? target : dirname(target), { recursive: true });
    if (kind === 'directory') continue;
    const content = zipContent(archive.bytes, entry);
    if (kind === 'symlink') {
      await symlink(content.toString('utf8'), target);
    } else {
      await writeFile(target, content);
      await chmod(target, mode);
    }
  }
}

/** Puts one unpacked file in a unit's charm folder: the old one is removed first, so that what runs keeps what it opened. */
export async function deployFile(
  from: string,
  to: string,
  member: Pick<CharmMember, 'kind' | 'mode'>,
  linkTarget?: string,
): Promise<void> {
  await mkdir(member.kind === 'directory' ? to : dirname(to), { recursive: true });
  if (member.kind === 'directory') return;
  await rm(to, { recursive: true, force: true });
  if (member.kind === 'symlink') return void (await symlink(linkTarget ?? '', to));
  // A runtime of a hundred megabytes for each unit is not worth copying; nobody writes into it in place.
  const { size } = await stat(from);
  if (size > 256 * 1024 && (await linked(from, to))) return;
  await copyFile(from, to);
  await chmod(to, member.mode);
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch {
    return false;
  }
}

function member(entry: ZipEntry): CharmMember {
  const path = entry.name.replace(/\/+$/, '');
  const type = entry.mode & TYPE_BITS;
  const kind = entry.name.endsWith('/') || type === DIRECTORY ? 'directory' : type === SYMLINK ? 'symlink' : 'file';
  if (type !== 0 && type !== REGULAR && kind === 'file') {
    throw new CharmRefused(`file has an unknown type: "${path}"`);
  }
  return { path, kind, mode: entry.mode & 0o777, entry };
}

function repack(members: readonly CharmMember[], bytes: Buffer, jujuVersion: string): readonly CharmMember[] {
  if (!jujuVersion.startsWith('3.')) return members;
  const ignored = ignoreRules(members, bytes);
  return members
    .filter(({ path }) => !ignored(path))
    .map((each) => ({ ...each, mode: (each.mode & 0o100) !== 0 ? 0o755 : 0o644 }));
}

function ignoreRules(members: readonly CharmMember[], bytes: Buffer): (path: string) => boolean {
  const own = members.find(({ path }) => path === '.jujuignore');
  const lines = own ? zipContent(bytes, own.entry).toString('utf8').split('\n') : [];
  const patterns = lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
  const expressions = patterns.map(ignoreExpression);
  return (path) => {
    const parts = path.split('/');
    if (parts.some((part) => ALWAYS_IGNORED.includes(part))) return true;
    if (parts[0] === 'build' || path === 'revision' || path === 'version' || path === '.jujuignore') return true;
    return expressions.some((expression) => expression.test(path));
  };
}

/** The common part of the ignore language: `*`, `?`, `**`, a leading slash for the root, a trailing one for folders. */
function ignoreExpression(pattern: string): RegExp {
  const rooted = pattern.startsWith('/') || pattern.slice(0, -1).includes('/');
  const body = pattern
    .replace(/^\//, '')
    .replace(/\/$/, '')
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*\*/g, '\0')
    .replace(/\*/g, '[^/]*')
    .replace(/\?/g, '[^/]')
    .replaceAll('\0', '.*');
  return new RegExp(`${rooted ? '^' : '(^|/)'}${body}($|/)`);
}

function checkMembers(members: readonly CharmMember[], bytes: Buffer): void {
  for (const { path, kind, entry } of members) {
    if (path.startsWith('/') || normalize(path).startsWith('..'))
      throw new CharmRefused(`invalid path "${path}" in archive`);
    if (kind !== 'symlink') continue;
    const target = zipContent(bytes, entry).toString('utf8');
    if (target.startsWith('/')) throw new CharmRefused(`symlink "${path}" is absolute: "${target}"`);
    if (normalize(join(dirname(path), target)).startsWith('..')) {
      throw new CharmRefused(`symlink "${path}" links out of charm: "${target}"`);
    }
  }
}

function parseDefinition(members: readonly CharmMember[], bytes: Buffer, jujuVersion: string): CharmDefinition {
  const text = (path: string): string | undefined => {
    const found = members.find((each) => each.path === path);
    return found ? zipContent(bytes, found.entry).toString('utf8') : undefined;
  };
  const metadataText = text('metadata.yaml');
  if (metadataText === undefined) throw new CharmRefused('archive file "metadata.yaml" not found');
  const manifestText = text('manifest.yaml');
  const metadata = parseMetadata(metadataText, jujuVersion, manifestText !== undefined);
  const bases = parseBases(manifestText, jujuVersion);
  const configText = text('config.yaml');
  const actionsText = text('actions.yaml');
  checkEntryPoint(metadata.name, members);
  return {
    ...metadata,
    bases,
    config: configText === undefined ? {} : parseConfig(configText),
    actions: actionsText === undefined ? {} : parseActions(actionsText, jujuVersion),
  };
}

function parseBases(manifestText: string | undefined, jujuVersion: string): readonly Base[] {
  if (manifestText === undefined) {
    if (jujuVersion.startsWith('4.')) throw new CharmRefused('charm without manifest not valid');
    throw new CharmRefused('charm does not define any bases');
  }
  const bases = parseManifest(manifestText);
  if (bases.length === 0) throw new CharmRefused('charm metadata without bases in manifest not valid');
  return bases;
}

function checkEntryPoint(name: string, members: readonly CharmMember[]): void {
  const hooks = members.some(({ path, kind }) => kind !== 'directory' && path.startsWith('hooks/'));
  const dispatch = members.some(({ path, kind }) => kind !== 'directory' && path === 'dispatch');
  if (!hooks && !dispatch) throw new CharmRefused(`invalid charm "${name}": has no hooks nor dispatch file`);
}
