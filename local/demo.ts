import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { callerOf, expectOk, sha256Of, uploadDocument, type Caller } from "./caller.ts";
import { dicom, pdf } from "./files.ts";
import { mailWith, signIn } from "./people.ts";

/**
 * `npm run demo`: plays the main job against the running local system through its public API alone, with files it makes itself, and
 * ends with what the firm's register says of it. It fails when one downloaded byte is not the uploaded one.
 */
const contract = join(resolve(process.env["LOCAL_DIR"] ?? ".local"), "local.json");
if (!existsSync(contract)) {
  console.error(`Nothing runs here (there is no ${contract}): start it with \`npm start\` in another terminal.`);
  process.exit(1);
}
const local = JSON.parse(readFileSync(contract, "utf8")); // written by local/start.ts
let step = 0;
const say = (line: string): void => { console.log(`${String(++step).padStart(2)}. ${line}`); };

const nameOf = (bytes: number): string => (bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);
const run = Date.now().toString(36);

const files = [
  { name: "Escritura de compraventa — Núñez & Peña.pdf", contentType: "application/pdf", bytes: pdf("Escritura de compraventa", 120) },
  { name: "Poder notarial (còpia simple).pdf", contentType: "application/pdf", bytes: pdf("Poder notarial", 12) },
  { name: "عقد البيع.pdf", contentType: "application/pdf", bytes: pdf("Contrato", 4) },
  { name: "买卖合同.pdf", contentType: "application/pdf", bytes: pdf("Contrato", 4) },
  ...[1, 2, 3].map((instance) => ({ name: `Resonancia ${instance}.dcm`, contentType: "application/dicom", bytes: dicom("Núñez^Ana", instance) })),
];

const checkBytes = async (who: string, url: string, fileName: string): Promise<void> => {
  const file = files.find((it) => it.name === fileName);
  const response = await fetch(url);
  const got = Buffer.from(await response.arrayBuffer());
  if (!response.ok || file === undefined || sha256Of(got) !== sha256Of(file.bytes)) throw new Error(`${who} got other bytes for "${fileName}" (HTTP ${response.status}, ${got.length} bytes).`);
};

const play = async (): Promise<void> => {
  const [admin] = local.staff;
  const staff: Caller = callerOf(local.api, await signIn(local.cognito, local.staffPool, admin.email, admin.password));
  const me = await expectOk(staff("GET", "/staff/me"));
  say(`${me.name} (${me.role}) signs in.`);

  const { clientId, name } = await expectOk(staff("POST", "/staff/clients", { name: `Núñez Peña, S.L. (${run})` }));
  const email = `ana.${run}@nunez.example`;
  const { contactId } = await expectOk(staff("POST", `/staff/clients/${clientId}/contacts`, { email, name: "Ana Núñez", locale: "es" }));
  say(`Invites Ana Núñez of ${name}; the invitation goes to ${email}.`);
  const { caseId, reference } = await expectOk(staff("POST", "/staff/cases", { clientId, reference: `DEMO-${run}`, title: "Compraventa de la nave" }));
  const { folderId } = await expectOk(staff("POST", `/staff/cases/${caseId}/folders`, { name: "Escrituras y pruebas" }));
  say(`Opens case ${reference} with the folder "Escrituras y pruebas".`);
  for (const file of files) {
    await uploadDocument(staff, caseId, { ...file, folderId });
    say(`Publishes "${file.name}" (${nameOf(file.bytes.length)}): announced, sent to S3, scanned, available.`);
  }

  const recipient = `perito.${run}@peritos.example`;
  const { share } = await expectOk(staff("POST", `/staff/cases/${caseId}/shares`, { folderId, recipients: [{ email: recipient, name: "Laura Gil", locale: "ca" }], message: "Aquí tiene la documentación." }));
  const [, path = ""] = await mailWith(local.mail, recipient, /(\/s\/[\w-]+)/);
  say(`Shares the folder with ${recipient} until ${share.expiresAt.slice(0, 10)}; the link is in the mail and nowhere else.`);

  const link = `${local.api}${path}`;
  const door = await (await fetch(link)).text();
  if (files.some((file) => door.includes(file.name))) throw new Error("The door names a file before anybody opened it.");
  say("A mail scanner fetches the link: it sees the firm and a button, and nothing is counted.");
  const json = { accept: "application/json", "content-type": "application/json" };
  const opened = await fetch(`${link}/open`, { method: "POST", headers: json, body: "{}" });
  const cookie = opened.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  const { items } = await opened.json() as { items: { documentId: string; name: string }[] }; // the share page's documented answer
  say(`Laura Gil presses the button and sees ${items.length} documents.`);
  for (const item of items) {
    const answer = await fetch(`${link}/documents/${item.documentId}`, { method: "POST", headers: { ...json, cookie }, body: "{}" });
    const handOut = await answer.json() as { url: string; fileName: string }; // likewise
    await checkBytes("The recipient", handOut.url, handOut.fileName);
  }
  say(`She downloads all ${items.length}: every byte is the one that was uploaded.`);

  const grant = { principal: { contactId }, resource: { folderId }, level: "read" };
  const { gains, loses } = await expectOk(staff("POST", `/staff/cases/${caseId}/grants/preview`, grant));
  say(`Asks first what giving the folder to Ana Núñez would change: ${gains.map((it: { name: string }) => it.name).join(", ")} would gain, ${loses.length === 0 ? "nobody" : loses.length} would lose.`);
  await expectOk(staff("POST", `/staff/cases/${caseId}/grants`, grant));
  const seen = await expectOk(staff("GET", `/staff/view-as/${contactId}/cases/${caseId}/items?folderId=${folderId}&limit=100`));
  const { because } = await expectOk(staff("GET", `/staff/access?contactId=${contactId}&caseId=${caseId}&documentId=${seen.items[0].documentId}`));
  say(`Gives it, looks as Ana Núñez and sees ${seen.items.length} documents, the first because of a ${because[0].kind} on ${because[0].resource.folderId === folderId ? "the folder" : "something else"}.`);
  const [, password = ""] = await mailWith(local.mail, email, /: (\S{27}-aA1)(?:\s|$)/);
  const client = callerOf(local.api, await signIn(local.cognito, local.clientPool, email, password));
  const cases = await expectOk(client("GET", "/client/cases"));
  const { items: documents } = await expectOk(client("GET", `/client/cases/${caseId}/items?folderId=${folderId}&limit=100`));
  say(`Ana Núñez signs in and finds ${cases.items.length} case (${cases.items[0].status}, adviser ${cases.items[0].adviser.name}) and ${documents.length} documents.`);
  for (const item of documents) {
    const handOut = await expectOk(client("POST", `/client/cases/${caseId}/documents/${item.documentId}/download`));
    await checkBytes("The client", handOut.url, handOut.fileName);
  }
  say(`She downloads all ${documents.length}: every byte is the one that was uploaded.`);

  await expectOk(staff("DELETE", `/staff/shares/${share.shareId}`));
  const after = await fetch(link, { headers: { cookie } });
  if (after.status !== 404) throw new Error(`A revoked link still answers ${after.status}.`);
  say("The share is revoked: the next click finds nothing.");

  await sleep(1500);
  const audit = await expectOk(staff("GET", `/staff/audit?caseId=${caseId}&limit=100`));
  console.log("\nWho did what, newest first (the last twelve):");
  for (const event of audit.items.slice(0, 12)) console.log(`   ${event.at}  ${event.result.padEnd(8)} ${event.action.padEnd(20)} ${event.who.name ?? event.who.kind}`);
  console.log("\nAccesses by service this month, of the whole firm:");
  for (const row of (await expectOk(staff("GET", "/staff/stats/access?groupBy=service"))).items) console.log(`   ${row.label.padEnd(12)} ${String(row.count).padStart(4)} by ${row.people} people`);
  const [ours] = (await expectOk(staff("GET", "/staff/stats/access?groupBy=client"))).items.filter((row: { key: string }) => row.key === clientId);
  console.log(`\nOf this client: ${ours.count} accesses by ${ours.people} people.\nEvery byte that was downloaded is the one that was uploaded.`);
};

try {
  await play();
} catch (error) {
  console.error(`\nThe demonstration failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
