/**
 * Which operations of the S3 API exist here. What a request asks for beyond them is refused, never ignored: a query parameter or header
 * that nobody reads could be the one that the caller relies on.
 */
import { S3Error } from "./errors.ts";
import type { S3Request } from "./exchange.ts";
import { completeMultipartUpload } from "./operations/complete-multipart-upload.ts";
import { deleteObject, deleteObjects } from "./operations/delete-object.ts";
import { getObject, headObject, overrideParameters } from "./operations/get-object.ts";
import { headBucket, listObjectsV2, listObjectVersions } from "./operations/list-objects.ts";
import { listMultipartUploads, listParts } from "./operations/list-uploads.ts";
import { getObjectAttributes } from "./operations/object-attributes.ts";
import type { Operation } from "./operations/operation.ts";
import { putObject } from "./operations/put-object.ts";
import { deleteObjectTagging, getObjectTagging, putObjectTagging } from "./operations/tagging.ts";
import { abortMultipartUpload, createMultipartUpload, uploadPart } from "./operations/upload-part.ts";

interface Route {
  readonly method: string;
  readonly on: "bucket" | "object";
  /** Query parameters that make it this operation. */
  readonly named: readonly string[];
  /** Query parameters that it reads besides. */
  readonly reads: readonly string[];
  readonly operation: Operation;
}

const paging = ["prefix", "encoding-type"];
const routes: readonly Route[] = [
  { method: "HEAD", on: "bucket", named: [], reads: [], operation: headBucket },
  {
    method: "GET",
    on: "bucket",
    named: ["list-type"],
    reads: [...paging, "max-keys", "continuation-token", "start-after", "fetch-owner"],
    operation: listObjectsV2,
  },
  {
    method: "GET",
    on: "bucket",
    named: ["versions"],
    reads: [...paging, "max-keys", "key-marker", "version-id-marker"],
    operation: listObjectVersions,
  },
  { method: "POST", on: "bucket", named: ["delete"], reads: [], operation: deleteObjects },
  { method: "GET", on: "object", named: [], reads: ["versionId", ...overrideParameters], operation: getObject },
  { method: "HEAD", on: "object", named: [], reads: ["versionId", ...overrideParameters], operation: headObject },
  { method: "PUT", on: "object", named: [], reads: [], operation: putObject },
  { method: "DELETE", on: "object", named: [], reads: ["versionId"], operation: deleteObject },
  {
    method: "GET",
    on: "bucket",
    named: ["uploads"],
    reads: [...paging, "max-uploads", "key-marker", "upload-id-marker"],
    operation: listMultipartUploads,
  },
  { method: "POST", on: "object", named: ["uploads"], reads: [], operation: createMultipartUpload },
  { method: "PUT", on: "object", named: ["uploadId", "partNumber"], reads: [], operation: uploadPart },
  { method: "GET", on: "object", named: ["uploadId"], reads: ["max-parts", "part-number-marker", "encoding-type"], operation: listParts },
  { method: "POST", on: "object", named: ["uploadId"], reads: [], operation: completeMultipartUpload },
  { method: "DELETE", on: "object", named: ["uploadId"], reads: [], operation: abortMultipartUpload },
  { method: "GET", on: "object", named: ["attributes"], reads: ["versionId"], operation: getObjectAttributes },
  { method: "GET", on: "object", named: ["tagging"], reads: ["versionId"], operation: getObjectTagging },
  { method: "PUT", on: "object", named: ["tagging"], reads: ["versionId"], operation: putObjectTagging },
  { method: "DELETE", on: "object", named: ["tagging"], reads: ["versionId"], operation: deleteObjectTagging },
];

/** Headers that would change what S3 does in ways that are not here. */
const notImplementedHeaders = /^x-amz-(?:copy-source|server-side-encryption-customer|object-lock|write-offset-bytes|mfa|website-redirect)/;

export function findOperation({ method, key, query, headers }: S3Request): Operation {
  const on = key === "" ? "bucket" : "object";
  const ofMethod = routes.filter((route) => route.method === method && route.on === on);
  if (ofMethod.length === 0) throw new S3Error("MethodNotAllowed", { details: { Method: method, ResourceType: on.toUpperCase() } });
  const matching = ofMethod.filter(({ named }) => named.every((name) => query.has(name)));
  const route = matching.toSorted((one, other) => other.named.length - one.named.length)[0];
  // Names that begin with x- are the signature's, the SDK's (x-id) or the caller's own, for the access log; S3 acts on none of them here.
  const unread = [...query.keys()].find((name) => !/^x-/i.test(name) && !route?.named.includes(name) && !route?.reads.includes(name));
  if (route === undefined || unread !== undefined)
    throw new S3Error("NotImplemented", {
      message: "A query parameter you provided implies functionality that is not implemented",
      details: unread === undefined ? {} : { Parameter: unread },
    });
  const header = [...headers.keys()].find((name) => notImplementedHeaders.test(name));
  if (header !== undefined)
    throw new S3Error("NotImplemented", {
      message: "A header you provided implies functionality that is not implemented",
      details: { Header: header },
    });
  return route.operation;
}
