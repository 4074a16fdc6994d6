/**
 * The generated client of `@kubernetes/client-node`, as far as it is used: it makes the requests and reads the answers, and
 * `Send` carries them. Its modules are imported when a client is opened; they are large, and most dispatches ask Kubernetes nothing.
 */
import type {
  CertificatesV1ApiRequestFactory,
  CertificatesV1ApiResponseProcessor,
} from '@kubernetes/client-node/dist/gen/apis/CertificatesV1Api.js';
import type {
  CoordinationV1ApiRequestFactory,
  CoordinationV1ApiResponseProcessor,
} from '@kubernetes/client-node/dist/gen/apis/CoordinationV1Api.js';
import type {
  CoreV1ApiRequestFactory,
  CoreV1ApiResponseProcessor,
} from '@kubernetes/client-node/dist/gen/apis/CoreV1Api.js';
import type { Configuration } from '@kubernetes/client-node/dist/gen/configuration.js';
import type { RequestContext, ResponseContext } from '@kubernetes/client-node/dist/gen/http/http.js';
import type { V1MicroTime } from '@kubernetes/client-node/dist/types.js';
import { KubernetesError } from './errors.ts';
import { badAnswer, refusal } from './failure.ts';
import type { Send } from './transport.ts';

export interface Coordination {
  readonly requests: CoordinationV1ApiRequestFactory;
  readonly answers: CoordinationV1ApiResponseProcessor;
  /** A date with six digits behind the seconds: the API server takes a lease's times with no others. */
  readonly MicroTime: typeof V1MicroTime;
}

export interface Client {
  readonly core: { readonly requests: CoreV1ApiRequestFactory; readonly answers: CoreV1ApiResponseProcessor };
  readonly certificates: {
    readonly requests: CertificatesV1ApiRequestFactory;
    readonly answers: CertificatesV1ApiResponseProcessor;
  };
  /** Rarely used, and imported only then. */
  coordination(): Promise<Coordination>;
  /** Sends a request and reads its answer. Rejects with `KubernetesError` only. */
  ask<T>(
    request: Promise<RequestContext>,
    read: (response: ResponseContext) => Promise<{ readonly data: T }>,
  ): Promise<T>;
}

export async function openClient(server: URL, send: Send): Promise<Client> {
  const [core, certificates, { ServerConfiguration }, http, { from }] = await Promise.all([
    import('@kubernetes/client-node/dist/gen/apis/CoreV1Api.js'),
    import('@kubernetes/client-node/dist/gen/apis/CertificatesV1Api.js'),
    import('@kubernetes/client-node/dist/gen/servers.js'),
    import('@kubernetes/client-node/dist/gen/http/http.js'),
    import('@kubernetes/client-node/dist/gen/rxjsStub.js'),
  ]);

  async function exchange(request: RequestContext): Promise<ResponseContext> {
    const body = request.getBody();
    const { status, headers, text } = await send({
      method: request.getHttpMethod(),
      url: request.getUrl(),
      headers: request.getHeaders(),
      ...(typeof body === 'string' ? { body } : {}),
    });
    return new http.ResponseContext(status, headers, {
      text: async () => text,
      binary: async () => Buffer.from(text),
      stream: () => null,
    });
  }

  const configuration: Configuration = {
    baseServer: new ServerConfiguration(server.href.replace(/\/$/, ''), {}),
    httpApi: { send: (request) => from(exchange(request)) },
    middleware: [],
    authMethods: {},
  };
  return {
    core: {
      requests: new core.CoreV1ApiRequestFactory(configuration),
      answers: new core.CoreV1ApiResponseProcessor(),
    },
    certificates: {
      requests: new certificates.CertificatesV1ApiRequestFactory(configuration),
      answers: new certificates.CertificatesV1ApiResponseProcessor(),
    },
    async coordination() {
      const [api, { V1MicroTime: MicroTime }] = await Promise.all([
        import('@kubernetes/client-node/dist/gen/apis/CoordinationV1Api.js'),
        import('@kubernetes/client-node/dist/types.js'),
      ]);
      return {
        requests: new api.CoordinationV1ApiRequestFactory(configuration),
        answers: new api.CoordinationV1ApiResponseProcessor(),
        MicroTime,
      };
    },
    async ask(making, read) {
      const request = await making;
      const asked = `${request.getHttpMethod()} ${new URL(request.getUrl()).pathname}`;
      const response = await exchange(request);
      const { httpStatusCode: status } = response;
      if (status < 200 || status > 299) throw refusal(asked, status, await response.body.text());
      try {
        return (await read(response)).data;
      } catch (error) {
        throw error instanceof KubernetesError ? error : badAnswer(asked, status);
      }
    },
  };
}
