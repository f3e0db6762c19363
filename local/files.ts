/** Files that the demonstration makes itself: small, whole, and readable by the programs that people open them with. */

const latin1 = (text: string): Buffer => Buffer.from(text.normalize("NFC"), "latin1");
const escaped = (text: string): string => text.replaceAll(/[\\()]/g, (sign) => `\\${sign}`);

/** A PDF 1.4 of so many pages, each with the title and its number (ISO 32000-1 section 7.5: header, body, cross-reference table, trailer). */
export const pdf = (title: string, pages: number): Buffer => {
  const objects: Buffer[] = [];
  const kids = Array.from({ length: pages }, (_, page) => `${4 + page * 2} 0 R`).join(" ");
  objects.push(latin1("<< /Type /Catalog /Pages 2 0 R >>"), latin1(`<< /Type /Pages /Kids [${kids}] /Count ${pages} >>`));
  objects.push(latin1("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"));
  for (let page = 1; page <= pages; page++) {
    const content = latin1(`BT /F1 20 Tf 72 760 Td (${escaped(title)}) Tj 0 -32 Td /F1 12 Tf (${page} / ${pages}) Tj ET`);
    objects.push(latin1(`<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> /Contents ${3 + page * 2} 0 R >>`));
    objects.push(Buffer.concat([latin1(`<< /Length ${content.length} >>\nstream\n`), content, latin1("\nendstream")]));
  }
  const parts: Buffer[] = [Buffer.from("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", "latin1")];
  const offsets: number[] = [];
  let at = parts[0]?.length ?? 0;
  for (const [index, object] of objects.entries()) {
    const part = Buffer.concat([latin1(`${index + 1} 0 obj\n`), object, latin1("\nendobj\n")]);
    offsets.push(at);
    parts.push(part);
    at += part.length;
  }
  const table = offsets.map((offset) => `${String(offset).padStart(10, "0")} 00000 n \n`).join("");
  parts.push(latin1(`xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${at}\n%%EOF\n`));
  return Buffer.concat(parts);
};

/** A DICOM image of one grey gradient, 64 by 64 (PS3.10: preamble, meta header, explicit VR little endian). */
export const dicom = (patient: string, instance: number): Buffer => {
  const long = new Set(["OB", "OW", "UN", "SQ"]);
  const element = (group: number, number: number, vr: string, value: Buffer | string): Buffer => {
    const raw = typeof value === "string" ? Buffer.from(value, "utf8") : value;
    const even = raw.length % 2 === 0 ? raw : Buffer.concat([raw, Buffer.from(vr === "UI" || vr === "OB" ? "\0" : " ")]);
    const head = Buffer.alloc(long.has(vr) ? 12 : 8);
    head.writeUInt16LE(group, 0);
    head.writeUInt16LE(number, 2);
    head.write(vr, 4, "latin1");
    if (long.has(vr)) head.writeUInt32LE(even.length, 8);
    else head.writeUInt16LE(even.length, 6);
    return Buffer.concat([head, even]);
  };
  const short = (value: number): Buffer => { const bytes = Buffer.alloc(2); bytes.writeUInt16LE(value); return bytes; };
  const uid = `1.2.826.0.1.3680043.10.1234.${instance}`;
  const meta = Buffer.concat([
    element(0x0002, 0x0001, "OB", Buffer.from([0, 1])), element(0x0002, 0x0002, "UI", "1.2.840.10008.5.1.4.1.1.7"), element(0x0002, 0x0003, "UI", uid),
    element(0x0002, 0x0010, "UI", "1.2.840.10008.1.2.1"), element(0x0002, 0x0012, "UI", "1.2.826.0.1.3680043.10.1234"),
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(meta.length);
  const pixels = Buffer.from(Array.from({ length: 64 * 64 }, (_, index) => ((index % 64) * 4 + instance * 16) % 256));
  return Buffer.concat([
    Buffer.alloc(128), Buffer.from("DICM"), element(0x0002, 0x0000, "UL", length), meta,
    element(0x0008, 0x0005, "CS", "ISO_IR 192"), element(0x0008, 0x0016, "UI", "1.2.840.10008.5.1.4.1.1.7"), element(0x0008, 0x0018, "UI", uid), element(0x0008, 0x0060, "CS", "OT"),
    element(0x0010, 0x0010, "PN", patient), element(0x0020, 0x000d, "UI", `${uid}.1`), element(0x0020, 0x000e, "UI", `${uid}.2`), element(0x0020, 0x0013, "IS", String(instance)),
    element(0x0028, 0x0002, "US", short(1)), element(0x0028, 0x0004, "CS", "MONOCHROME2"), element(0x0028, 0x0010, "US", short(64)), element(0x0028, 0x0011, "US", short(64)),
    element(0x0028, 0x0100, "US", short(8)), element(0x0028, 0x0101, "US", short(8)), element(0x0028, 0x0102, "US", short(7)), element(0x0028, 0x0103, "US", short(0)),
    element(0x7fe0, 0x0010, "OB", pixels),
  ]);
};
