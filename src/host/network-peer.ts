/** What answers at a TCP port of this machine or another: whether anything does, and with which certificate. */
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { TlsPeer } from './host.ts';

/** The certificate is looked at, not trusted: whether it is the right one is the caller's question. No server name is sent. */
export function servedCertificate(address: string, port: number, timeoutMs: number): Promise<TlsPeer | undefined> {
  return new Promise((resolve) => {
    const socket = connectTls({ host: address, port, rejectUnauthorized: false });
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

export function accepts(address: string, port: number, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTcp({ host: address, port });
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
