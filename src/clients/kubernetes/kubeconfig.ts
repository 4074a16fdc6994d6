/**
 * Whom to ask and as whom, out of a kubeconfig's text. k8sd's kubeconfigs hold certificates, and nothing but what is in the text is
 * used: no files, no programs, no skipping of verification.
 */
import { KubernetesError } from './errors.ts';
import { validate as kubeconfigProblems } from './kubeconfig.schema.json?validator';
import { parsePlainYaml } from './plain-yaml.ts';

export interface Identity {
  readonly server: URL;
  /** PEM. */
  readonly authority: string | undefined;
  readonly serverName: string | undefined;
  /** PEM. */
  readonly certificate: string | undefined;
  /** PEM. */
  readonly key: string | undefined;
  readonly token: string | undefined;
}

interface Kubeconfig {
  readonly 'current-context': string;
  readonly clusters: readonly {
    readonly name: string;
    readonly cluster: {
      readonly server: string;
      readonly 'certificate-authority-data'?: string;
      readonly 'tls-server-name'?: string;
    };
  }[];
  readonly users: readonly {
    readonly name: string;
    readonly user: {
      readonly 'client-certificate-data'?: string;
      readonly 'client-key-data'?: string;
      readonly token?: string;
    };
  }[];
  readonly contexts: readonly {
    readonly name: string;
    readonly context: { readonly cluster: string; readonly user: string };
  }[];
}

/** Throws `KubernetesError` with the reason `BadKubeconfig`; its message holds nothing of the text. */
export async function identityOf(text: string): Promise<Identity> {
  const config = checked(await parsed(text));
  const context = config.contexts.find(({ name }) => name === config['current-context'])?.context;
  const cluster = config.clusters.find(({ name }) => name === context?.cluster)?.cluster;
  const user = config.users.find(({ name }) => name === context?.user)?.user;
  if (cluster === undefined || user === undefined)
    throw bad('its current context names a cluster or user it does not have');
  if (!URL.canParse(cluster.server)) throw bad('its server is not an address');
  return {
    server: new URL(cluster.server),
    authority: pem(cluster['certificate-authority-data']),
    serverName: cluster['tls-server-name'],
    certificate: pem(user['client-certificate-data']),
    key: pem(user['client-key-data']),
    token: user.token || undefined,
  };
}

async function parsed(text: string): Promise<unknown> {
  const plain = parsePlainYaml(text);
  if (plain !== undefined) return plain;
  const { parse } = await import('yaml');
  try {
    return parse(text, { prettyErrors: false });
  } catch {
    // The parser's message would quote the line, and the line may be a key.
    throw bad('it is not YAML');
  }
}

function checked(value: unknown): Kubeconfig {
  const [problem] = kubeconfigProblems(value);
  if (problem !== undefined) throw bad(`${problem.path || 'it'} ${problem.message}`);
  return value as Kubeconfig;
}

function pem(base64: string | undefined): string | undefined {
  return base64 ? Buffer.from(base64, 'base64').toString('utf8') : undefined;
}

function bad(why: string): KubernetesError {
  return new KubernetesError(0, 'BadKubeconfig', `the kubeconfig cannot be used: ${why}`);
}
