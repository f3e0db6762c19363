import { createServer } from "node:http";
import * as z from "zod/mini";
import type { MovableClock } from "./clock.ts";
import type { LocalFirm } from "./firm.ts";

const command = z.strictObject({
  /** Seconds to be ahead of the machine. */
  clock: z.optional(z.strictObject({ aheadSeconds: z.number() })),
  /** Whether events wait, and to wait until everything has arrived. */
  delivery: z.optional(z.strictObject({ held: z.optional(z.boolean()), drain: z.optional(z.boolean()) })),
  /** An hour that has come, whatever the clock says. */
  schedule: z.optional(z.strictObject({ fire: z.enum(["daily"]) })),
  scan: z.optional(z.strictObject({ mode: z.enum(["auto", "hold", "NO_THREATS_FOUND", "THREATS_FOUND", "UNSUPPORTED", "FAILED"]) })),
});

/**
 * `POST /` on the loopback: moves the clock, holds or drains deliveries, brings an hour, says what the scan will find. It is no route of the API and in
 * no bundle: it exists on this machine alone.
 */
export const startControl = async (port: number, clock: MovableClock, firm: LocalFirm): Promise<{ readonly url: string; close(): Promise<void> }> => {
  const server = createServer((incoming, outgoing) => {
    const answer = (status: number, body: unknown): void => { outgoing.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body)); };
    const run = async (): Promise<void> => {
      const parts: Buffer[] = [];
      for await (const part of incoming as AsyncIterable<Buffer>) parts.push(part);
      if (incoming.method === "POST") {
        // A page in the developer's browser can send no JSON here without being asked first, and is not.
        if (incoming.headers["content-type"] !== "application/json") { answer(415, { message: "Send application/json." }); return; }
        const parsed = command.safeParse(JSON.parse(Buffer.concat(parts).toString("utf8") || "{}"));
        if (!parsed.success) { answer(400, { message: "Send clock, delivery, schedule or scan.", errors: parsed.error.issues.map((it) => it.path.join(".")) }); return; }
        const { clock: time, delivery, scan, schedule } = parsed.data;
        if (time) clock.offset = time.aheadSeconds * 1000;
        if (scan) firm.scanner.mode = scan.mode;
        if (schedule) await firm.bus.fire(schedule.fire);
        if (delivery?.held !== undefined) firm.bus.hold(delivery.held);
        if (delivery?.drain === true) await firm.pipe.drained();
      }
      answer(200, { now: clock().toISOString(), scan: firm.scanner.mode });
    };
    run().catch(() => { answer(400, { message: "Is not JSON." }); });
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${port}`, close: () => new Promise((resolve) => { server.closeAllConnections(); server.close(() => { resolve(); }); }) };
};
