/** DeleteObject and DeleteObjects: without a version id a delete marker goes on top, with one that version is gone for good. */
import { S3Error } from "../errors.ts";
import { receiveDocument } from "../intake.ts";
import { childrenNamed, childText, demandedText, document, leaf, node, parseXml } from "../xml.ts";
import { checkKey } from "../exchange.ts";
import { type Call, changeOf, namedVersion, newVersionId, type Operation, xmlAnswer } from "./operation.ts";

/** "You can delete up to 1000 objects" with one DeleteObjects request. */
const maximumBatch = 1000;

interface Deleted {
  /** The marker that was made or removed. */
  readonly deleteMarker: boolean;
  readonly versionId: string;
}

export const deleteObject: Operation = async (call) => {
  const { deleteMarker, versionId } = await deleteOne(call, call.request.key, namedVersion(call.request.query));
  return { status: 204, headers: { "x-amz-version-id": versionId, ...(deleteMarker ? { "x-amz-delete-marker": "true" } : {}) } };
};

export const deleteObjects: Operation = async (call) => {
  const batch = parseXml(await receiveDocument(call.request, call.authenticated, true), "Delete");
  const objects = childrenNamed(batch, "Object").map((object) => ({
    key: demandedText(object, "Key"),
    versionId: childText(object, "VersionId"),
  }));
  if (objects.length < 1 || objects.length > maximumBatch) throw new S3Error("MalformedXML");
  const quiet = childText(batch, "Quiet") === "true";
  const results: string[] = [];
  for (const { key, versionId } of objects) {
    try {
      const deleted = await deleteOne(call, key, versionId === undefined ? undefined : namedVersion(new URLSearchParams({ versionId })));
      if (!quiet) results.push(deletedElement(key, versionId, deleted));
    } catch (error) {
      if (!(error instanceof S3Error)) throw error;
      results.push(node("Error", leaf("Key", key), leaf("VersionId", versionId), leaf("Code", error.code), leaf("Message", error.message)));
    }
  }
  return xmlAnswer(document("DeleteResult", ...results));
};

function deletedElement(key: string, versionId: string | undefined, deleted: Deleted): string {
  const marker = deleted.deleteMarker ? [leaf("DeleteMarker", true), leaf("DeleteMarkerVersionId", deleted.versionId)] : [];
  return node("Deleted", leaf("Key", key), leaf("VersionId", versionId), ...marker);
}

async function deleteOne(call: Call, key: string, versionId: string | undefined): Promise<Deleted> {
  const { bucket, events, now } = call;
  checkKey(key);
  if (versionId === undefined) {
    const marker = { kind: "delete-marker", versionId: newVersionId(), lastModified: now().toISOString() } as const;
    await bucket.change(key, (versions) => ({ versions: [marker, ...versions], result: marker }));
    events.deleted(changeOf(call), { key, "version-id": marker.versionId }, "Delete Marker Created");
    return { deleteMarker: true, versionId: marker.versionId };
  }
  const gone = await bucket.change(key, (versions) => {
    const found = versions.find((version) => version.versionId === versionId);
    return { versions: found === undefined ? versions : versions.filter((version) => version !== found), result: found };
  });
  // Deleting what is not there succeeds and changes nothing.
  if (gone !== undefined) {
    const etag = gone.kind === "object" ? { etag: gone.etag } : {};
    events.deleted(changeOf(call), { key, ...etag, "version-id": versionId }, "Permanently Deleted");
  }
  return { deleteMarker: gone?.kind === "delete-marker", versionId };
}
