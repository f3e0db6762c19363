import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

export interface Answer { readonly status: number; readonly headers: Headers; readonly body: any } // eslint-disable-line @typescript-eslint/no-explicit-any -- what an API answers is whatever it answers: callers look at fields

/** A caller of the API as a frontend is one: HTTP and JSON, nothing of the code behind it. */
export type Caller = (method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>) => Promise<Answer>;

export const callerOf = (api: string, token: string | null): Caller => async (method, path, body, headers = {}) => {
  const response = await fetch(`${api}${path}`, {
    method, redirect: "manual",
    headers: { ...(token !== null && { authorization: `Bearer ${token}` }), ...(body !== undefined && { "content-type": "application/json" }), ...headers },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = (response.headers.get("content-type") ?? "").includes("json");
  return { status: response.status, headers: response.headers, body: isJson && text !== "" ? JSON.parse(text) : text };
};

/** The answer's body, or an error that shows what came instead. */
export const expectOk = async (answer: Promise<Answer>): Promise<any> => { // eslint-disable-line @typescript-eslint/no-explicit-any -- as above
  const { status, body } = await answer;
  if (status >= 300) throw new Error(`The API answered ${status}: ${JSON.stringify(body)}`);
  return body;
};

export interface Upload { readonly name: string; readonly contentType: string; readonly bytes: Buffer; readonly folderId?: string | undefined; readonly draft?: boolean }
export const sha256Of = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** Announces, sends, completes, and waits until the version is available: what every frontend does. */
export const uploadDocument = async (staff: Caller, caseId: string, { bytes, ...it }: Upload): Promise<{ documentId: string; versionId: string }> => {
  const { document, version, upload } = await expectOk(staff("POST", `/staff/cases/${caseId}/documents`, { ...it, size: bytes.length, sha256: sha256Of(bytes) }));
  await sendBytes(upload, bytes);
  await finishUpload(staff, caseId, document.documentId, version.versionId);
  return { documentId: document.documentId, versionId: version.versionId };
};

export const sendBytes = async (upload: { url: string; headers: Record<string, string> }, bytes: Buffer): Promise<void> => {
  const put = await fetch(upload.url, { method: "PUT", headers: upload.headers, body: new Uint8Array(bytes) });
  if (!put.ok) throw new Error(`S3 answered ${put.status}: ${await put.text()}`);
};

export const finishUpload = async (staff: Caller, caseId: string, documentId: string, versionId: string): Promise<void> => {
  await expectOk(staff("POST", `/staff/cases/${caseId}/documents/${documentId}/versions/${versionId}/complete`, {}));
  for (let tries = 0; tries < 300; tries++) {
    const { items } = await expectOk(staff("GET", `/staff/cases/${caseId}/documents/${documentId}/versions?limit=100`));
    const version = items.find((candidate: { versionId: string }) => candidate.versionId === versionId);
    if (version.state === "available" && (version.draft || version.publishedAt)) return;
    if (version.state === "quarantined" || version.state === "rejected") throw new Error(`The version is ${version.state}.`);
    await sleep(100);
  }
  throw new Error(`Version ${versionId} did not become available in 30 s.`);
};
