/** Loaded before a program: it tells of each PUT, and after as many as LEGAJO_HANG_AFTER says the next one hangs, and it tells so. What kills it then, kills it in the middle. */
const { fetch } = globalThis;
let left = Number(process.env["LEGAJO_HANG_AFTER"]);
globalThis.fetch = (url, init) => {
  if (init?.method !== "PUT") return fetch(url, init);
  if (left-- > 0) {
    process.stdout.write("PUT\n");
    return fetch(url, init);
  }
  process.stdout.write("hangs\n");
  return new Promise(() => setInterval(() => undefined, 1000));
};
