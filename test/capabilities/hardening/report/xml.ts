/** XML as a strict parser reads it (libxml2), and the judgement of a schema. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { XmlDocument, XmlElement, type XmlTreeNode, XsdValidator } from 'libxml2-wasm';
import { readSchema } from './published-schema.ts';

export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Element[];
  /** Of all that is in it. */
  readonly text: string;
}

/** Throws where it is not well-formed. */
export function parseXml(text: string): Element {
  const document = XmlDocument.fromString(text);
  try {
    return plain(document.root);
  } finally {
    document.dispose();
  }
}

function plain(element: XmlElement): Element {
  return {
    name: element.name,
    attributes: Object.fromEntries(element.attrs.map((one) => [one.name, one.value])),
    children: elementsIn(element),
    text: element.content,
  };
}

function elementsIn(element: XmlElement): readonly Element[] {
  const found: Element[] = [];
  for (let node: XmlTreeNode | null = element.firstChild; node !== null; node = node.next) {
    if (node instanceof XmlElement) found.push(plain(node));
  }
  return found;
}

/** All elements of the name, at any depth, in the order of the document. */
export function all(element: Element, name: string): readonly Element[] {
  return element.children.flatMap((child) => [...(child.name === name ? [child] : []), ...all(child, name)]);
}

export function first(element: Element, name: string): Element {
  const [found] = all(element, name);
  if (found === undefined) throw new Error(`no ${name} in ${element.name}`);
  return found;
}

/** The complaints of a schema: one that others have published, or one of those in `schemas/`. */
export async function schemaComplaints(schema: URL | string, text: string): Promise<string | undefined> {
  const source =
    typeof schema === 'string'
      ? await readFile(join(import.meta.dirname, 'schemas', schema), 'utf8')
      : await readSchema(schema);
  const [definition, document] = [XmlDocument.fromString(source), XmlDocument.fromString(text)];
  const validator = XsdValidator.fromDoc(definition);
  try {
    validator.validate(document);
    return undefined;
  } catch (error) {
    return String(error);
  } finally {
    validator.dispose();
    definition.dispose();
    document.dispose();
  }
}
