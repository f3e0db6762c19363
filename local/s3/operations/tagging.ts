/** Object tags, which belong to one version: PutObjectTagging, GetObjectTagging, DeleteObjectTagging, and the x-amz-tagging header. */
import type { StoredObject, Tag } from "../bucket.ts";
import { S3Error } from "../errors.ts";
import { receiveDocument } from "../intake.ts";
import { childrenNamed, demandedText, document, leaf, node, parseXml } from "../xml.ts";
import { type Call, findObject, type Operation, xmlAnswer } from "./operation.ts";

/** "You can associate up to 10 tags with an object." */
const maximumTags = 10;

export const putObjectTagging: Operation = async (call) => {
  const tagging = parseXml(await receiveDocument(call.request, call.authenticated, true), "Tagging");
  const [tagSet] = childrenNamed(tagging, "TagSet");
  if (tagSet === undefined) throw new S3Error("MalformedXML");
  const tags = childrenNamed(tagSet, "Tag").map((tag) => ({ key: demandedText(tag, "Key"), value: demandedText(tag, "Value") }));
  const { versionId } = await setTags(call, checkTags(tags));
  return { status: 200, headers: { "x-amz-version-id": versionId } };
};

export const getObjectTagging: Operation = (call) => {
  const { tags, versionId } = findObject(call);
  const tagSet = node("TagSet", ...tags.map(({ key, value }) => node("Tag", leaf("Key", key), leaf("Value", value))));
  return Promise.resolve(xmlAnswer(document("Tagging", tagSet), { "x-amz-version-id": versionId }));
};

export const deleteObjectTagging: Operation = async (call) => {
  const { versionId } = await setTags(call, []);
  return { status: 204, headers: { "x-amz-version-id": versionId } };
};

/** The tags of an x-amz-tagging header, which is "encoded as URL Query parameters". */
export function tagsOfHeader(text: string | undefined): readonly Tag[] {
  return text === undefined ? [] : checkTags([...new URLSearchParams(text)].map(([key, value]) => ({ key, value })));
}

/** Replaces the whole set, as S3 does: tags are not merged. */
function setTags(call: Call, tags: readonly Tag[]): Promise<StoredObject> {
  return call.bucket.change(call.request.key, (versions) => {
    const { versionId } = findObject(call);
    const changed = versions.map((version) => (version.versionId === versionId ? { ...version, tags } : version));
    return { versions: changed, result: findObject(call) };
  });
}

function checkTags(tags: readonly Tag[]): readonly Tag[] {
  if (tags.length > maximumTags) throw new S3Error("BadRequest", { message: "Object tags cannot be greater than 10" });
  for (const { key, value } of tags) {
    // "A tag key can be up to 128 Unicode characters in length, and tag values can be up to 256."
    if (key.length < 1 || key.length > 128)
      throw new S3Error("InvalidTag", { message: "The TagKey you have provided is invalid", details: { TagKey: key } });
    if (value.length > 256) throw new S3Error("InvalidTag", { details: { TagKey: key, TagValue: value } });
    if (/^aws:/i.test(key))
      throw new S3Error("InvalidTag", { message: "System tags cannot be added/updated by requester", details: { TagKey: key } });
  }
  if (new Set(tags.map(({ key }) => key)).size < tags.length)
    throw new S3Error("InvalidTag", { message: "Cannot provide multiple Tags with the same key" });
  return tags;
}
