/** Certificates as the `openssl` command makes them, in a folder of their own that goes with the test file. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface OpensslPair {
  /** PEM. */
  readonly certificate: string;
  /** PEM. */
  readonly key: string;
}

export interface OpensslWish {
  /** As `-subj` takes it: `/O=system:nodes/CN=a`. */
  readonly subject: string;
  /** Signs itself when there is none. */
  readonly authority?: OpensslPair;
  /** Its key, for another certificate of the same. */
  readonly key?: string;
  /** As `genpkey` takes it; default RSA 2048, of which one is shared, since nothing here hangs on their being different. */
  readonly algorithm?: readonly string[];
  /** `YYYYMMDDHHMMSSZ`. */
  readonly from?: string;
  readonly to?: string;
  readonly digest?: string;
  /** Lines of a section of extensions. */
  readonly extensions?: readonly string[];
}

export const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
if (!hasOpenssl) console.warn('there is no openssl here: tests with its certificates are skipped');

export const AUTHORITY = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,digitalSignature,keyCertSign'];
export const LEAF = ['basicConstraints=critical,CA:FALSE', 'extendedKeyUsage=clientAuth,serverAuth'];
const RSA = ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'];

export interface Openssl {
  issue(wish: OpensslWish): OpensslPair;
  newKey(algorithm?: readonly string[]): string;
  close(): void;
}

export function startOpenssl(): Openssl {
  const folder = mkdtempSync(join(tmpdir(), 'ssl-'));
  const file = (name: string): string => join(folder, name);
  const put = (name: string, text: string): string => {
    writeFileSync(file(name), text, { mode: 0o600 });
    return file(name);
  };
  const run = (...args: readonly string[]): string => {
    const { status, stdout, stderr } = spawnSync('openssl', args, { encoding: 'utf8', cwd: folder });
    if (status !== 0) throw new Error(`openssl ${args[0]}: ${stderr}`);
    return stdout;
  };
  let shared: string | undefined;
  let count = 0;
  const newKey = (algorithm: readonly string[] = RSA): string => run('genpkey', ...algorithm);
  const ordinary = (): string => {
    shared ??= newKey();
    return shared;
  };

  return {
    newKey,
    close: () => rmSync(folder, { recursive: true, force: true }),
    issue(wish) {
      count += 1;
      const { subject, authority, digest = 'sha256', extensions = authority ? LEAF : AUTHORITY } = wish;
      const { from = '20260101000000Z', to = '20460101000000Z' } = wish;
      const key = wish.key ?? (wish.algorithm ? newKey(wish.algorithm) : ordinary());
      const keyFile = put('leaf.key', key);
      put('index.txt', '');
      put('index.txt.attr', 'unique_subject = no\n');
      put('serial', `${count.toString(16).padStart(4, '0')}\n`);
      put(
        'ca.cnf',
        `[ca]\ndefault_ca=it\n[it]\ndatabase=index.txt\nserial=serial\nnew_certs_dir=.\npolicy=any\n[any]\n`,
      );
      const section = put('extensions.cnf', ['[it]', ...extensions, ''].join('\n'));
      run('req', '-new', '-utf8', '-key', keyFile, '-subj', subject, '-out', 'it.csr');
      // `ca` is the command that takes dates in every version; it keeps a subject as it is when told to.
      const signing = authority
        ? ['-cert', put('ca.crt', authority.certificate), '-keyfile', put('ca.key', authority.key)]
        : ['-selfsign', '-keyfile', keyFile];
      const dates = ['-startdate', from, '-enddate', to, '-md', digest === 'none' ? 'default' : digest];
      run(
        'ca',
        '-batch',
        '-notext',
        '-config',
        'ca.cnf',
        '-preserveDN',
        '-utf8',
        ...signing,
        ...dates,
        '-extfile',
        section,
        '-extensions',
        'it',
        '-in',
        'it.csr',
        '-out',
        'it.crt',
      );
      return { certificate: readFileSync(file('it.crt'), 'utf8'), key };
    },
  };
}
