import { html, type Html } from "../../text/html.ts";

const byType: Readonly<Record<string, string>> = {
  "application/pdf": "PDF",
  "application/zip": "ZIP",
  "application/xml": "XML",
  "text/xml": "XML",
  "text/csv": "CSV",
  "text/plain": "TXT",
  "application/rtf": "RTF",
  "application/msword": "DOC",
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "DOC",
  "application/vnd.oasis.opendocument.text": "ODT",
  "application/vnd.ms-excel": "XLS",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "XLS",
  "application/vnd.oasis.opendocument.spreadsheet": "ODS",
  "application/vnd.ms-powerpoint": "PPT",
  "application/vnd.openxmlformats-officedocument.presentationml.presentation": "PPT",
  "message/rfc822": "EML",
  "image/jpeg": "JPG",
  "image/png": "PNG",
  "image/tiff": "TIF",
  "image/heic": "HEIC",
};

/** The letters on a document's mark; none for a type that clients would not know by its letters. */
export const typeLabel = (contentType: string): string | undefined => byType[contentType.split(";")[0]?.trim().toLowerCase() ?? ""];

/** A sheet of paper with a folded corner and the type's letters. */
export const documentMark = (contentType: string): Html => {
  const label = typeLabel(contentType);
  const letters = label === undefined ? html`<path d="M10 26h20M10 32h20M10 38h12" stroke="currentColor" stroke-width="1.5"/>` : html`<text x="20" y="34" text-anchor="middle" fill="currentColor">${label}</text>`;
  return html`<svg class="mark" viewBox="0 0 40 48" fill="none"${label === undefined ? html` aria-hidden="true"` : html` role="img" aria-label="${label}"`} focusable="false"><path d="M5 2h20l10 10v34H5zM25 2v10h10" stroke="currentColor" stroke-width="1.5" stroke-linejoin="round"/>${letters}</svg>`;
};

/** A folder with its tab. */
export const folderMark = (label: string): Html =>
  html`<svg class="mark" viewBox="0 0 40 48" fill="none" role="img" aria-label="${label}" focusable="false"><path d="M3 38V12h12l4 5h18v21z" stroke="currentColor" stroke-width="1.5" stroke-linejoin="round"/></svg>`;
