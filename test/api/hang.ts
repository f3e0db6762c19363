/** Loaded before a program: its requests to S3 hang after as many PUTs as LEGAJO_HANG_AFTER says, and it tells so. What kills it then, kills it in the middle. */
const { fetch } = globalThis;
let left = Number(process.env["LEGAJO_HANG_AFTER"]);
globalThis.fetch = (url, init) => {
  if (init?.method !== "PUT" || left-- > 0) return fetch(url, init);
  process.stdout.write("hangs\n");
  return new Promise(() => setInterval(() => undefined, 1000));
};
