import { randomBytes } from "node:crypto";
import { expectOk } from "../../local/caller.ts";
import { formOf, openLink, startTestFirm, submit, type TestFirm } from "./firm.ts";
import { announce, put } from "./probe.ts";

export const caseTitle = "Divorcio de la señora Quirós";
export const names = { deed: "Convenio regulador secreto.pdf", inner: "Informe pericial oculto.pdf", closed: "Solo para el equipo.pdf", beside: "Al lado.pdf", above: "Arriba.pdf", draft: "Borrador.pdf" };
export type Name = keyof typeof names;

/** A folder to be shared, with something in it, under it, behind a stop, beside it, above it and not published. */
export interface ReservedFolder {
  readonly firm: TestFirm;
  readonly caseId: string;
  readonly folderId: string;
  /** The folder in it, and the one in it that stops. */
  readonly inner: string;
  readonly closed: string;
  readonly ids: Readonly<Record<Name, string>>;
  readonly bytes: Readonly<Record<Name, Buffer>>;
  readonly cookieOf: (path: string) => Promise<string>;
  /** As a visitor does it: by the button of the page. */
  readonly download: (path: string, documentId: string, cookie: string) => Promise<Response>;
}

export const json = (cookie = ""): Readonly<Record<string, string>> => ({ accept: "application/json", "content-type": "application/json", cookie });

export const reserveFolder = async (): Promise<ReservedFolder> => {
  const firm = await startTestFirm();
  const caseId = await firm.createCase(await firm.createClient(), caseTitle);
  const folder = async (name: string, more: Record<string, unknown> = {}): Promise<string> => (await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/folders`, { name, ...more }))).folderId;
  const bytes = Object.fromEntries(Object.keys(names).map((key) => [key, randomBytes(12_345)])) as Record<Name, Buffer>;
  const outer = await folder("Todo");
  const folderId = await folder("Carpeta reservada", { parentId: outer });
  const inner = await folder("Dentro", { parentId: folderId });
  const closed = await folder("Cerrada", { parentId: folderId, inherit: false });
  const sibling = await folder("Hermana", { parentId: outer });
  const [draft, ...published] = await Promise.all([
    announce(firm, caseId, bytes.draft, { name: names.draft, folderId, draft: true }),
    ...([["deed", folderId], ["inner", inner], ["closed", closed], ["beside", sibling], ["above", outer]] as const).map(async ([key, place]) => [key, await firm.upload(caseId, names[key], bytes[key], place)] as const),
  ]);
  await put(draft, bytes.draft);
  await firm.settle();
  return {
    firm, caseId, folderId, inner, closed, bytes, ids: { draft: draft.documentId, ...Object.fromEntries(published) } as Record<Name, string>,
    cookieOf: async (path) => (await openLink(firm, path)).cookie,
    download: async (path, documentId, cookie) => submit(firm, `${path}/documents/${documentId}`, { nonce: (await formOf(firm, path, cookie)).nonce }, cookie),
  };
};
