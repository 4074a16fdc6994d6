/** Juju secrets. Everything but `get` with `refresh` is deferred by Juju until the hook has ended well. */

import { isJsonObject, listFrom, objectFrom, stringsFrom, unexpected } from './answer-shapes.ts';
import { HookToolMisuse, NotFound, PermissionDenied } from './errors.ts';
import { type HookTools, parseJson } from './hook-tools.ts';
import type { SecretContent, SecretInfo, SecretOptions, SecretReference, Secrets } from './juju.ts';
import type { SecretFiles } from './secret-files.ts';

/** Juju's rule for keys: at least three characters, no underscore. */
const KEY = /^[a-z](?:-?[a-z0-9]){2,}$/;

/** `secret:<id>`, a bare id, or with the model that owns it. Anything else may be taken for an option or a label. */
const URI = /^(?:secret:(?:\/\/[0-9a-zA-Z-]+\/)?)?[0-9a-zA-Z]+$/;

/** Bytes of all values together; Juju counts them encoded in base64, up to 1,000,000. */
const LARGEST_CONTENT = 740_000;

type Change = 'set' | 'removed' | 'granted' | 'revoked';

export function createSecrets(tools: HookTools, files: SecretFiles): Secrets {
  const reads = new Map<string, Promise<unknown>>();
  const changes = new Map<string, Set<Change>>();
  const unitGrants = new Map<string, string>();

  /** Juju merges a dispatch's changes of one secret, and a removal swallows the others without a word. */
  const note = (uri: string, change: Change, conflicting: readonly Change[]): void => {
    const known = changes.get(idOf(uri)) ?? new Set();
    const conflict = conflicting.find((other) => known.has(other));
    if (conflict !== undefined) {
      throw new Error(
        `secret ${idOf(uri)} was ${conflict} in this dispatch and cannot be ${change} in the same: Juju would drop one of the two`,
      );
    }
    changes.set(idOf(uri), known.add(change));
  };

  const change = async (tool: string, args: readonly string[]): Promise<string> => {
    const printed = await tools.run(tool, args);
    reads.clear();
    return printed.trim();
  };

  const read = (tool: string, args: readonly string[]): Promise<unknown> => {
    const question = JSON.stringify([tool, ...args]);
    const known = reads.get(question);
    if (known !== undefined) return known;
    const answer = tools.run(tool, args).then((text) => parseJson(tool, text));
    reads.set(question, answer);
    answer.catch(() => reads.delete(question));
    return answer;
  };

  const put = (tool: string, args: readonly string[], content: SecretContent): Promise<string> => {
    checkContent(content);
    return files.withFile(content, (path) => change(tool, [...args, '--file', path]));
  };

  return {
    async add(content, options = {}) {
      const uri = await put('secret-add', optionFlags(options), content);
      note(uri, 'set', []);
      return uri;
    },

    async set(uri, content, options = {}) {
      const args = [checkedUri(uri), ...optionFlags(options)];
      if (content === undefined && args.length === 1) return;
      note(uri, 'set', ['removed']);
      if (content === undefined) await change('secret-set', args);
      else await put('secret-set', args, content);
    },

    async get(reference, mode) {
      const args = referenceArguments(reference);
      if (args === undefined) return undefined;
      // From here on plain reads give another revision than before.
      if (mode === 'refresh') reads.clear();
      try {
        return stringsFrom('secret-get')(
          await read('secret-get', ['--format=json', ...args, ...(mode ? [`--${mode}`] : [])]),
        );
      } catch (error) {
        return undefinedWhenMissing(error);
      }
    },

    async info(reference) {
      const args = referenceArguments(reference);
      if (args === undefined) return undefined;
      try {
        return infoFrom(await read('secret-info-get', ['--format=json', ...args]));
      } catch (error) {
        return undefinedWhenMissing(error);
      }
    },

    async ids() {
      return listFrom('secret-ids')(await read('secret-ids', ['--format=json']));
    },

    async grant(uri, relation, unit) {
      const grant = `${idOf(uri)} ${relation}`;
      const scope = unit ?? '';
      const earlier = unitGrants.get(grant);
      if (earlier === scope) return;
      if (earlier !== undefined) {
        throw new Error(
          `secret ${idOf(uri)} was granted on ${relation} in this dispatch already: Juju keeps only the last grant`,
        );
      }
      note(uri, 'granted', []);
      unitGrants.set(grant, scope);
      await change('secret-grant', [checkedUri(uri), '-r', relation, ...(unit === undefined ? [] : ['--unit', unit])]);
    },

    async revoke(uri, from) {
      note(uri, 'revoked', []);
      await change('secret-revoke', [checkedUri(uri), ...revokeFlags(from)]);
    },

    async remove(uri, revision) {
      // To drop a grant or its opposite does no harm to a secret that goes as a whole.
      note(uri, 'removed', revision === undefined ? ['set'] : ['set', 'granted', 'revoked']);
      await change('secret-remove', [
        checkedUri(uri),
        ...(revision === undefined ? [] : ['--revision', String(revision)]),
      ]);
    },
  };
}

/** The bare id of a secret, in which all forms of its URI agree. */
function idOf(uri: string): string {
  return uri.slice(Math.max(uri.lastIndexOf(':'), uri.lastIndexOf('/')) + 1);
}

function checkedUri(uri: string): string {
  if (!URI.test(uri)) throw new TypeError('not the URI of a secret');
  return uri;
}

/** Undefined for a URI that is none: it may have come from a databag, and there is no such secret. */
function referenceArguments({ uri, label }: SecretReference): readonly string[] | undefined {
  if (uri === undefined && label === undefined)
    throw new TypeError('a secret is known by its URI or its label; neither was given');
  if (uri !== undefined && !URI.test(uri)) return undefined;
  return [...(uri === undefined ? [] : [uri]), ...(label === undefined ? [] : [`--label=${label}`])];
}

function undefinedWhenMissing(error: unknown): undefined {
  if (error instanceof NotFound || error instanceof PermissionDenied) return undefined;
  if (error instanceof HookToolMisuse && /secret URI .* not valid/.test(error.message)) return undefined;
  throw error;
}

function optionFlags(options: SecretOptions): readonly string[] {
  const { label, description, owner, expire, rotate } = options;
  return Object.entries({ label, description, owner, expire, rotate }).flatMap(([flag, value]) =>
    value === undefined ? [] : [`--${flag}=${value}`],
  );
}

function revokeFlags(from: { relation: string } | { application: string } | { unit: string }): readonly string[] {
  if ('relation' in from) return ['-r', from.relation];
  if ('application' in from) return ['--app', from.application];
  return ['--unit', from.unit];
}

/** Errors name keys, never values. */
function checkContent(content: SecretContent): void {
  const wrong = Object.keys(content).filter((key) => !KEY.test(key));
  if (wrong.length > 0) {
    throw new TypeError(
      `secret keys ${wrong.map((key) => `'${key}'`).join(', ')}: a key has three or more lowercase letters, digits and single hyphens, and starts with a letter`,
    );
  }
  if (Object.keys(content).length === 0) throw new TypeError('a secret has at least one key');
  const size = Object.values(content).reduce((sum, value) => sum + Buffer.byteLength(value), 0);
  if (size > LARGEST_CONTENT)
    throw new RangeError(`a secret of ${size} bytes is larger than Juju takes (${LARGEST_CONTENT})`);
}

/** `{"<id>": {…}}`, with one entry. */
function infoFrom(answer: unknown): SecretInfo | undefined {
  const [entry] = Object.entries(objectFrom('secret-info-get')(answer));
  if (entry === undefined) return undefined;
  const [id, info] = entry;
  if (!isJsonObject(info)) throw unexpected('secret-info-get', 'an object for each secret');
  const { revision, label, owner, expiry, rotation } = info;
  if (typeof revision !== 'number' || typeof owner !== 'string') {
    throw unexpected('secret-info-get', 'a revision and an owner');
  }
  return {
    id,
    revision,
    label: typeof label === 'string' ? label : '',
    owner,
    ...(typeof expiry === 'string' && { expiry }),
    ...(typeof rotation === 'string' && { rotation }),
  };
}
