/**
 * Questions to the API server and its answers in JSON. An answer is kept as it came, with fields that are not known here, so that what is
 * written back loses none; what is read of it is checked against a schema first.
 */
import { KubernetesError } from './errors.ts';
import { badAnswer, refusal } from './failure.ts';
import type { Send } from './transport.ts';

/** An API server, and how to ask it. */
export interface Client {
  readonly server: URL;
  readonly send: Send;
}

export interface JsonQuestion {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Parts of it that come from outside are encoded by whoever makes it. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly accept?: string;
  readonly body?: unknown;
  /** Comes to the same when it is sent twice, though it is no GET. */
  readonly repeatable?: true;
}

/** Finds what is wrong with a value: nothing when it is of a schema. */
export type Problems = (value: unknown) => readonly unknown[];

const JSON_TYPE = 'application/json';
/** Of the kinds of patches, the one where null removes a member. */
const MERGE_PATCH = 'application/merge-patch+json';

/** @returns the answer's JSON. Rejects with `KubernetesError`; with `BadAnswer` when it is not of the schema. */
export async function ask<T>({ server, send }: Client, question: JsonQuestion, problems: Problems): Promise<T> {
  const { method, path, query = {}, accept = JSON_TYPE, body, repeatable } = question;
  const url = new URL(path, server);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  const asked = `${method} ${url.pathname}`;
  const contentType = method === 'PATCH' ? MERGE_PATCH : JSON_TYPE;
  const { status, text } = await send({
    method,
    url: url.href,
    headers: { Accept: accept, ...(body === undefined ? {} : { 'Content-Type': contentType }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(repeatable === undefined ? {} : { repeatable }),
  });
  if (status < 200 || status > 299) throw refusal(asked, status, text);
  const value = parseJson(text);
  if (value === undefined || problems(value).length > 0) throw badAnswer(asked, status);
  return value as T;
}

/** For answers of which nothing is read. */
export const anything: Problems = () => [];

/** Undefined for what is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Undefined for what does not exist. */
export async function unlessNotFound<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof KubernetesError && error.reason === 'NotFound') return undefined;
    throw error;
  }
}
