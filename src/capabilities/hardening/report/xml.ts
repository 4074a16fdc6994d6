/** XML 1.0 from plain values: keys are elements, keys with `@` before them attributes, lists repeated elements. */

import XmlBuilder from 'fast-xml-builder';

export type XmlValue = string | XmlElement | readonly XmlValue[];

export interface XmlElement {
  readonly [name: string]: XmlValue;
}

const builder = new XmlBuilder({ attributeNamePrefix: '@', ignoreAttributes: false, format: true });

export function xmlDocument(root: XmlElement): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${builder.build(legal(root) as XmlElement)}`;
}

/** Text of which each character may stand in an XML document (XML 1.0, 2.2); others cannot be written at all, not even escaped. */
function legal(value: XmlValue, isAttribute = false): XmlValue {
  if (typeof value === 'string') return legalText(value, isAttribute);
  if (isList(value)) return value.map((one) => legal(one));
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, legal(one, name.startsWith('@'))]));
}

function isList(value: XmlElement | readonly XmlValue[]): value is readonly XmlValue[] {
  return Array.isArray(value);
}

/** A parser makes spaces of line breaks in attributes, and line feeds of carriage returns elsewhere: it is done here already. */
function legalText(text: string, isAttribute: boolean): string {
  const readable = text
    .toWellFormed()
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(/[^\t\n\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd');
  return isAttribute ? readable.replaceAll(/[\t\n]+/g, ' ') : readable;
}
