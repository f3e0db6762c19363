/** GetObject and HeadObject: conditions, one byte range, and the response-* overrides of a signed request. */
import type { StoredObject } from "../bucket.ts";
import { checksumHeaders } from "../checksums.ts";
import { notModified } from "../conditions.ts";
import { S3Error } from "../errors.ts";
import { type Answer, checkHeaderValue } from "../exchange.ts";
import { type Call, findObject } from "./operation.ts";

const overrides = ["cache-control", "content-disposition", "content-encoding", "content-language", "content-type", "expires"];

/** The query parameters that set a header of the answer. */
export const overrideParameters = overrides.map((name) => `response-${name}`);

export const getObject = (call: Call): Promise<Answer> => Promise.resolve(answerWith(call, true));

export const headObject = (call: Call): Promise<Answer> => Promise.resolve(answerWith(call, false));

function answerWith(call: Call, withBody: boolean): Answer {
  const { request, authenticated, bucket } = call;
  const object = findObject(call);
  const validators = {
    ETag: `"${object.etag}"`,
    "Last-Modified": new Date(object.lastModified).toUTCString(),
    "x-amz-version-id": object.versionId,
  };
  if (notModified(authenticated.headers, object)) return { status: 304, headers: validators };

  const range = readRange(authenticated.headers, object);
  const { first, last } = range ?? { first: 0, last: object.size - 1 };
  const wantsChecksum = authenticated.headers.get("x-amz-checksum-mode")?.toUpperCase() === "ENABLED";
  return {
    status: range === undefined ? 200 : 206,
    headers: {
      ...object.headers,
      ...overridesOf(request.query),
      ...validators,
      "Accept-Ranges": "bytes",
      "Content-Length": String(last - first + 1),
      ...(range === undefined ? {} : { "Content-Range": `bytes ${first}-${last}/${object.size}` }),
      ...(object.tags.length === 0 ? {} : { "x-amz-tagging-count": String(object.tags.length) }),
      // A checksum of the whole object would be wrong for a part of it.
      ...(wantsChecksum && range === undefined ? checksumHeaders(object.checksum) : {}),
    },
    ...(withBody ? { body: bucket.blobs.read(object.pieces, first, last) } : {}),
  };
}

/** "Amazon S3 doesn't support retrieving multiple ranges of data per GET request": such a header, like a malformed one, is ignored. */
function readRange(
  headers: ReadonlyMap<string, string>,
  { size, etag }: StoredObject,
): { readonly first: number; readonly last: number } | undefined {
  const text = headers.get("range") ?? "";
  const ifRange = headers.get("if-range");
  const [whole, from = "", to = ""] = /^bytes=(\d*)-(\d*)$/.exec(text) ?? [];
  if (whole === undefined || (from === "" && to === "") || (ifRange !== undefined && ifRange !== `"${etag}"`)) return undefined;
  if (from !== "" && to !== "" && Number(from) > Number(to)) return undefined;
  const first = from === "" ? Math.max(size - Number(to), 0) : Number(from);
  const last = from === "" || to === "" ? size - 1 : Math.min(Number(to), size - 1);
  if (first >= size || (from === "" && Number(to) === 0))
    throw new S3Error("InvalidRange", {
      details: { RangeRequested: text, ActualObjectSize: String(size) },
      headers: { "Content-Range": `bytes */${size}` },
    });
  return { first, last };
}

function overridesOf(query: URLSearchParams): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name of overrides) {
    const value = query.get(`response-${name}`);
    if (value === null) continue;
    checkHeaderValue(`response-${name}`, value);
    headers[name] = value;
  }
  return headers;
}
