/** The Go that builds the real components: whether there is one, and how it is called so that nobody's settings change what it builds. */

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { repository } from '../pack/places.ts';

export const componentsModule = join(repository, 'test/real/components');

export interface Go {
  readonly command: string;
  /** `1.26.8`. */
  readonly version: string;
  readonly environment: Readonly<Record<string, string>>;
}

export interface NoGo {
  /** Why there is none that can be used. */
  readonly missing: string;
  readonly remedy: string;
}

/** Where installers put it that do not change PATH. */
const PLACES = ['/usr/local/go/bin', '/usr/lib/go/bin', '/snap/bin'];

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64' };

/** The first `go` in PATH, or in one of the usual places. */
export async function findGo(
  variables: NodeJS.ProcessEnv = process.env,
  places: readonly string[] = PLACES,
): Promise<Go | NoGo> {
  const wanted = /^go (\S+)$/m.exec(await readFile(join(componentsModule, 'go.mod'), 'utf8'))?.[1] ?? '';
  const remedy = `Install Go ${wanted} or newer (https://go.dev/doc/install, or: snap install go --classic), and run it again.`;
  const folders = [...(variables['PATH'] ?? '').split(delimiter), ...places].filter((folder) => folder !== '');
  const command = folders.map((folder) => join(folder, 'go')).find((path) => existsSync(path));
  if (command === undefined) return { missing: 'there is no go command', remedy };
  const environment = environmentFor(variables);
  try {
    const { stdout } = await promisify(execFile)(command, ['env', 'GOVERSION'], { env: environment });
    const version = /^go(\d+(?:\.\d+)*)/.exec(stdout)?.[1];
    if (version === undefined) return { missing: `${command} does not say its version`, remedy };
    if (isOlder(version, wanted))
      return { missing: `the components need Go ${wanted}, and ${command} is ${version}`, remedy };
    return { command, version, environment };
  } catch (error) {
    return { missing: `${command} does not run: ${(error as Error).message.split('\n')[0]}`, remedy };
  }
}

/**
 * What of the environment goes to Go: where it fetches modules from and keeps what it has built, but none of the settings that change a
 * build. What `go env -w` has set yields to what is set here.
 */
function environmentFor(variables: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  const kept = Object.entries(variables).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined &&
      !/^(?:GOFLAGS|GOOS|GOARCH|GOAMD64|GOWORK|GOTOOLCHAIN|GO111MODULE|GOEXPERIMENT)$/.test(entry[0]),
  );
  return {
    ...Object.fromEntries(kept),
    CGO_ENABLED: '0',
    GO111MODULE: 'on',
    GOFLAGS: '-mod=readonly',
    GOOS: 'linux',
    GOARCH: ARCHITECTURES[process.arch] ?? process.arch,
    // The one that was found, and none that it would download.
    GOTOOLCHAIN: 'local',
    GOWORK: 'off',
  };
}

/** Numbers compared place by place. */
export function isOlder(version: string, than: string): boolean {
  const [one, other] = [version, than].map((text) => text.split('.').map(Number));
  for (let place = 0; place < 3; place += 1) {
    const difference = (one?.[place] ?? 0) - (other?.[place] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
