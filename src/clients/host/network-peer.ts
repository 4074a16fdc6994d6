/**
 * What answers at a TCP port of this machine or another: whether anything does, and with which certificate. Node's modules for it are
 * loaded when first used, since most dispatches ask no port.
 */
import type { HeldConnection, TlsPeer } from './host.ts';

/** The certificate is looked at, not trusted: whether it is the right one is the caller's question. No server name is sent. */
export async function servedCertificate(
  address: string,
  port: number,
  timeoutMs: number,
): Promise<TlsPeer | undefined> {
  const { connect } = await import('node:tls');
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, rejectUnauthorized: false });
    const timer = setTimeout(() => finish(undefined), timeoutMs);
    function finish(peer: TlsPeer | undefined): void {
      clearTimeout(timer);
      socket.destroy();
      resolve(peer);
    }
    socket.on('secureConnect', () => {
      const certificate = socket.getPeerX509Certificate();
      finish(certificate === undefined ? undefined : { certificate: certificate.raw });
    });
    socket.on('error', () => finish(undefined));
    socket.on('close', () => finish(undefined));
  });
}

/** Undefined: nothing takes the connection. To be ended by whoever asked for it. */
export async function holdConnection(
  address: string,
  port: number,
  timeoutMs: number,
): Promise<HeldConnection | undefined> {
  const { connect } = await import('node:net');
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const timer = setTimeout(() => finish(undefined), timeoutMs);
    const closed = new Promise<true>((told) => socket.on('close', () => told(true)));
    socket.on('error', () => finish(undefined));
    socket.on('connect', () => finish({ closed: (ms) => first(closed, ms), end: () => socket.destroy() }));
    function finish(held: HeldConnection | undefined): void {
      clearTimeout(timer);
      if (held === undefined) socket.destroy();
      resolve(held);
    }
  });
}

function first(closed: Promise<true>, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), timeoutMs);
    void closed.then(() => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}

export async function accepts(address: string, port: number, timeoutMs: number): Promise<boolean> {
  const { connect } = await import('node:net');
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const timer = setTimeout(() => finish(false), timeoutMs);
    function finish(answered: boolean): void {
      clearTimeout(timer);
      socket.destroy();
      resolve(answered);
    }
    socket.on('connect', () => finish(true));
    socket.on('error', () => finish(false));
  });
}
