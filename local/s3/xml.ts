/**
 * The XML of the S3 protocol: documents out, and the three small documents that come in (CompleteMultipartUpload, Delete, Tagging).
 * The reader takes elements, text and XML's own entities, and refuses everything that S3's schema never needs (DOCTYPE, own entities),
 * so that no document can make it read a file or grow without bound.
 */
import { S3Error } from "./errors.ts";

const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

// Control characters are legal in keys but not in XML text: S3 writes them as character references.
const escapeText = (text: string): string =>
  // eslint-disable-next-line no-control-regex -- the control characters are what is looked for
  text.replace(/[&<>"\u0000-\u001f]/g, (character) => escapes[character] ?? `&#x${character.charCodeAt(0).toString(16)};`);

/** An element with a text. An undefined text means that the element is absent. */
export const leaf = (name: string, text: string | number | boolean | undefined): string =>
  text === undefined ? "" : `<${name}>${escapeText(String(text))}</${name}>`;

/** An element with child elements, which are XML already. */
export const node = (name: string, ...children: readonly string[]): string => `<${name}>${children.join("")}</${name}>`;

/** A document whose root is in S3's namespace, as every answer but `<Error>` is. */
export const document = (root: string, ...children: readonly string[]): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${children.join("")}</${root}>`;

export interface XmlElement {
  readonly name: string;
  readonly text: string;
  readonly children: readonly XmlElement[];
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function unescapeText(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([0-9a-fA-F]+)|(\w+));/g, (_whole, decimal?: string, hex?: string, name?: string) => {
    const code = decimal === undefined ? Number.parseInt(hex ?? "", 16) : Number(decimal);
    if (name === undefined && code <= 0x10ffff) return String.fromCodePoint(code);
    const entity = name === undefined ? undefined : entities[name];
    if (entity === undefined) throw new S3Error("MalformedXML");
    return entity;
  });
}

interface OpenElement {
  readonly name: string;
  readonly children: XmlElement[];
  text: string;
}

/** Reads a request's document; anything but well-formed elements under `root` is MalformedXML. */
export function parseXml(source: string, root: string): XmlElement {
  const top: OpenElement = { name: "", children: [], text: "" };
  const open: OpenElement[] = [top];
  const tokens = source.replace(/^\uFEFF?\s*<\?xml[^>]*\?>/, "").matchAll(/<(\/?)([A-Za-z_][\w.:-]*)((?:\s[^<>]*?)?)(\/?)>|([^<]+)|(<)/g);
  for (const [, closing, name, , selfClosing, text, stray] of tokens) {
    const current = open.at(-1);
    if (stray !== undefined || current === undefined) throw new S3Error("MalformedXML");
    if (text !== undefined) current.text += unescapeText(text);
    else if (name !== undefined && closing === "/") {
      if (current === top || current.name !== name) throw new S3Error("MalformedXML");
      open.pop();
      open.at(-1)?.children.push(current);
    } else if (name !== undefined && selfClosing === "/") current.children.push({ name, text: "", children: [] });
    else if (name !== undefined) open.push({ name, children: [], text: "" });
  }
  const [only] = top.children;
  if (open.length !== 1 || only === undefined || top.children.length !== 1 || only.name !== root) throw new S3Error("MalformedXML");
  return only;
}

export const childrenNamed = (parent: XmlElement, name: string): readonly XmlElement[] =>
  parent.children.filter((child) => child.name === name);

export const childText = (parent: XmlElement, name: string): string | undefined => childrenNamed(parent, name)[0]?.text;

/** The text of a child that the schema demands. */
export function demandedText(parent: XmlElement, name: string): string {
  const text = childText(parent, name);
  if (text === undefined) throw new S3Error("MalformedXML");
  return text;
}
