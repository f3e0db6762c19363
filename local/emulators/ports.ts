/** Ports on this machine: finding free ones, and refusing taken ones in a sentence that says which and for what. */
import { createServer, type Server } from "node:net";

/**
 * Ports that `fetch` and every browser refuse (WHATWG Fetch, "port blocking"): a server there starts and answers curl, but a page or our own
 * tests get "bad port". https://fetch.spec.whatwg.org/#port-blocking
 */
const BLOCKED: ReadonlySet<number> = new Set([
  0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110, 111, 113, 115, 117,
  119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636,
  989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
]);

/** Opens a listener; `host` undefined means every interface. */
function listen(port: number, host: string | undefined): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ port, host, exclusive: true }, () => resolve(server));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

/** The port that a listening server got. */
function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The listener has no TCP port.");
  return address.port;
}

/** `count` different ports that nothing listens on now. They are held together and then released, so two of them are never the same. */
export async function freePorts(count: number): Promise<number[]> {
  const held: Server[] = [];
  const ports: number[] = [];
  try {
    while (ports.length < count) {
      const server = await listen(0, "127.0.0.1");
      held.push(server);
      if (!BLOCKED.has(portOf(server))) ports.push(portOf(server));
    }
  } finally {
    await Promise.all(held.map(close));
  }
  return ports;
}

/**
 * Throws a sentence for a person unless `what` can listen on `port`.
 *
 * Loopback and "every interface" are tried one after the other, because macOS lets a program take 127.0.0.1 while another holds the wildcard.
 */
export async function assertPortFree(port: number, what: string): Promise<void> {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`${what} cannot listen on port ${port}: ports are 1 to 65535.`);
  if (BLOCKED.has(port)) {
    throw new Error(`${what} cannot use port ${port}: browsers and fetch refuse to connect to it. Choose another port.`);
  }
  for (const host of ["127.0.0.1", undefined]) {
    try {
      await close(await listen(port, host));
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code === "EADDRINUSE") throw new Error(`Port ${port}, which ${what} needs, is in use by another program.`, { cause: error });
      if (code === "EACCES") throw new Error(`${what} may not listen on port ${port}: the system reserves it.`, { cause: error });
      throw error;
    }
  }
}
