/**
 * One JSON line about something that went wrong, for whoever runs the firm: `about` says in ids and words of ours what it was. The error gives its name and
 * where it happened and nothing of what it says: a name, a token or an address never reaches a log.
 */
export const logError = (error: unknown, about: Readonly<Record<string, unknown>>): void => {
  const { name, stack = "", message } = error instanceof Error ? error : new Error();
  // The message stands in the stack too, with as many lines as it likes.
  const frames = stack.replace(message, "").split("\n").filter((line) => line.trimStart().startsWith("at ")).slice(0, 8).map((line) => line.trim());
  console.error(JSON.stringify({ level: "error", ...about, error: error instanceof Error ? name : "unknown", at: frames }));
};
