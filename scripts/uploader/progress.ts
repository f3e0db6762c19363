/** A bar on a terminal, a line for each file elsewhere. */
export class Progress {
  readonly #total: number;
  readonly #began = performance.now();
  #bytes = 0;
  #drawn = 0;

  constructor(total: number) {
    this.#total = total;
  }

  readonly add = (bytes: number): void => {
    this.#bytes += bytes;
    const now = performance.now();
    if (!process.stdout.isTTY || (now - this.#drawn < 100 && this.#bytes < this.#total)) return;
    this.#drawn = now;
    process.stdout.write(`\r\u001b[K${this.bar(now)}`);
  };

  bar(now: number): string {
    const width = 30;
    const share = this.#total === 0 ? 1 : this.#bytes / this.#total;
    const perSecond = this.#bytes / Math.max((now - this.#began) / 1000, 0.001);
    const left = Math.ceil((this.#total - this.#bytes) / Math.max(perSecond, 1));
    return `${"█".repeat(Math.floor(share * width)).padEnd(width, "░")} ${String(Math.floor(share * 100)).padStart(3)} %  ${sizeOf(this.#bytes)} of ${sizeOf(this.#total)}  ${sizeOf(perSecond)}/s  ${left} s left`;
  }

  line(text: string): void {
    process.stdout.write(`${process.stdout.isTTY ? "\r\u001b[K" : ""}${text}\n`);
  }

  summary(): string {
    const seconds = (performance.now() - this.#began) / 1000;
    return `${sizeOf(this.#total)} in ${seconds.toFixed(1)} s, ${sizeOf(this.#total / Math.max(seconds, 0.001))}/s; at most ${sizeOf(process.resourceUsage().maxRSS * 1024)} of memory.`;
  }
}

const sizeOf = (bytes: number): string => {
  const power = Math.min(Math.max(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), 0), 4);
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${["B", "kB", "MB", "GB", "TB"][power] ?? ""}`;
};
