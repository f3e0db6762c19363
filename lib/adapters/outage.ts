import { Refusal } from "../domain/refusal.ts";

/**
 * Waits for AWS and translates its failures: what is the service's or the network's fault is `unavailable`, so that a decision that
 * cannot be read is never yes. A request that AWS calls wrong is our bug and stays what it is.
 * @param sentence what the caller reads then.
 */
export const answeredOr = async <T>(sentence: string, reply: Promise<T>): Promise<T> => {
  try {
    return await reply;
  } catch (error) {
    if (error instanceof Error && isOutage(error)) throw new Refusal("unavailable", sentence);
    throw error;
  }
};

const outages = new Set([
  "ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException", "InternalServerError", "InternalErrorException", "ServiceUnavailable",
  "LimitExceededException", "TimeoutError", "AbortError", "TransactionInProgressException", "ReplicatedWriteConflictException",
]);
const isOutage = (error: Error): boolean => {
  if (outages.has(error.name)) return true;
  if ("code" in error && typeof error.code === "string" && /^(ECONN|EPIPE|ENOTFOUND|ETIMEDOUT|EAI_AGAIN)/.test(error.code)) return true;
  return "$fault" in error && error.$fault === "server";
};
