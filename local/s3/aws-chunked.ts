/**
 * Content-Encoding aws-chunked: the form in which the SDK sends a body whose checksum it learns while sending. Chunks are
 * `<size in hex>\r\n<bytes>\r\n`, the last has size 0, and the trailing headers follow it ("Signature calculations … with trailing headers").
 */
import { S3Error } from "./errors.ts";

/** No chunk header or trailer line is longer; without a limit a body without line ends would be collected in memory. */
const maximumLine = 4096;

type State = "size" | "data" | "data-end" | "trailer" | "end";

/** Yields the decoded bytes; fills `trailers` (lower-case names) when the body has ended. */
export async function* decodeAwsChunked(source: AsyncIterable<Buffer>, trailers: Map<string, string>): AsyncGenerator<Buffer> {
  let state: State = "size";
  let left = 0;
  let pending: Buffer = Buffer.alloc(0);
  for await (const piece of source) {
    let rest: Buffer = pending.length > 0 ? Buffer.concat([pending, piece]) : piece;
    pending = Buffer.alloc(0);
    while (rest.length > 0) {
      if (state === "data") {
        const taken = rest.subarray(0, left);
        yield taken;
        left -= taken.length;
        rest = rest.subarray(taken.length);
        if (left === 0) state = "data-end";
        continue;
      }
      const end = rest.indexOf("\r\n");
      if (end < 0 || end > maximumLine) {
        if (rest.length > maximumLine) throw new S3Error("IncompleteBody");
        pending = rest;
        break;
      }
      const line = rest.subarray(0, end).toString("latin1");
      rest = rest.subarray(end + 2);
      if (state === "size") {
        left = readSize(line);
        state = left === 0 ? "trailer" : "data";
      } else if (state === "data-end") {
        if (line !== "") throw new S3Error("IncompleteBody");
        state = "size";
      } else if (state === "trailer" && line !== "") readTrailer(line, trailers);
      else if (state === "trailer") state = "end";
      else throw new S3Error("MalformedTrailerError");
    }
  }
  if (state !== "end") throw new S3Error("IncompleteBody");
}

function readSize(line: string): number {
  const [size = ""] = line.split(";");
  if (!/^[0-9a-f]{1,12}$/i.test(size)) throw new S3Error("IncompleteBody");
  return Number.parseInt(size, 16);
}

function readTrailer(line: string, trailers: Map<string, string>): void {
  const colon = line.indexOf(":");
  if (colon < 1) throw new S3Error("MalformedTrailerError");
  trailers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
}
