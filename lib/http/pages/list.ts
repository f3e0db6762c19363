import { html, nameOf, oneLine, type Html } from "../../text/html.ts";
import { wordsIn, type Catalogue } from "../../text/catalogue.ts";
import { formatDate, formatDateTime, formatMoment, formatSize } from "../../text/locale.ts";
import { nonceField, pageOf, type PageView } from "./layout.ts";
import { documentMark, folderMark } from "./mark.ts";

/** A folder, and the page that shows what is in it. */
export interface FolderLink {
  readonly name: string;
  readonly href: string;
}

export interface DocumentRow {
  readonly name: string;
  readonly contentType: string;
  readonly size: number;
  readonly publishedAt: string;
  /** False where nobody looked for viruses in it, or the scan could not tell. */
  readonly scanned: boolean;
  /** Takes `nonce` and answers with the document. */
  readonly action: string;
  /** When this recipient last downloaded it. */
  readonly downloadedAt: string | null;
  /** `null` without a limit. */
  readonly downloadsLeft: number | null;
}

/** What a person sees who has opened the link. */
export interface ListView extends PageView {
  readonly senderName: string;
  readonly expiresAt: string;
  /** From what was shared to the folder that is shown, both included; empty for a selection of documents. */
  readonly path: readonly FolderLink[];
  readonly folders: readonly FolderLink[];
  readonly documents: readonly DocumentRow[];
  readonly nonce: string;
  readonly nextPage: string | null;
  readonly now: string;
}

type Words = Catalogue["list"];

const pathOf = (path: readonly FolderLink[], words: Words): Html | undefined =>
  path.length < 2
    ? undefined
    : html`<nav class="path" aria-label="${words.path}"><ol>${path.map(({ name, href }, index) =>
        index === path.length - 1 ? html`<li aria-current="page">${nameOf(name)}</li>` : html`<li><a href="${href}">${nameOf(name)}</a></li>`,
      )}</ol></nav>`;

const folderRow = ({ name, href }: FolderLink, words: Words): Html => html`<li class="row folder">${folderMark(words.folder)}<div><h2><a href="${href}">${nameOf(name)}</a></h2></div></li>`;

/** Where none of several documents was scanned, the list says so once and no row says it again. */
const noneScanned = ({ documents }: ListView): boolean => documents.length > 1 && documents.every((it) => !it.scanned);

const documentRow = (row: DocumentRow, view: ListView, words: Words): Html => {
  const { nonce, now, locale, firm } = view;
  const spent = row.downloadsLeft !== null && row.downloadsLeft <= 0;
  const facts = html`<p class="quiet">${formatDate(row.publishedAt, locale, firm.timeZone)} · ${formatSize(row.size, locale)}</p>`;
  const unscanned = !row.scanned && !noneScanned(view) && html`<p class="quiet">${words.unscanned}</p>`;
  const downloaded = row.downloadedAt !== null && html`<p class="quiet">${words.downloaded(formatMoment(row.downloadedAt, now, locale, firm.timeZone))}</p>`;
  const left = row.downloadsLeft !== null && html`<p class="quiet">${spent ? words.noDownloadsLeft : words.downloadsLeft(row.downloadsLeft)}</p>`;
  return html`<li class="row">${documentMark(row.contentType)}<div><h2>${nameOf(row.name)}</h2>${facts}${unscanned}${downloaded}${left}</div>${
    !spent && html`<form method="post" action="${row.action}">${nonceField(nonce)}<button class="second">${words.download}<span class="hide"> ${nameOf(row.name)}</span></button></form>`
  }</li>`;
};

/** The list: where one is, then folders, then documents, one button each. */
export const renderList = (view: ListView): string => {
  const { firm, locale, path, folders, documents, nextPage } = view;
  const words = wordsIn(locale).list;
  const title = oneLine(path.at(-1)?.name ?? words.title);
  const isEmpty = folders.length === 0 && documents.length === 0;
  return pageOf(view, `${title} – ${firm.name}`, html`${pathOf(path, words)}
<h1>${nameOf(title)}</h1>
<div class="lead"><p>${words.sender} ${nameOf(view.senderName)}</p><p>${words.until} ${formatDateTime(view.expiresAt, locale, firm.timeZone)}</p>${noneScanned(view) && html`<p>${words.unscannedAll}</p>`}</div>
${folders.length > 0 && html`<section aria-label="${words.folders}"><ul class="rows" role="list">${folders.map((it) => folderRow(it, words))}</ul></section>`}
${documents.length > 0 && html`<section aria-label="${words.documents}"><ul class="rows" role="list">${documents.map((it) => documentRow(it, view, words))}</ul></section>`}
${isEmpty && html`<div class="empty"><p>${words.empty}</p><p class="quiet">${words.emptyHint}</p></div>`}
${nextPage !== null && html`<p><a href="${nextPage}">${words.more}</a></p>`}`);
};
