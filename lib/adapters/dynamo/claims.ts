import { ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";
import { UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { Refusal } from "../../domain/refusal.ts";
import { epochSeconds, plusDays, plusSeconds } from "../../domain/time.ts";
import type { Claims } from "../../usecases/ports.ts";
import { keys } from "./keys.ts";
import { answered, type Table } from "./table.ts";

/** Longer than `notify` may run (60 s), so that two invocations never hold one claim; shorter than its queue hides a message (six minutes), so that the next try may. */
const leaseSeconds = 90;
const keptDays = 30;

export const claimsIn = (table: Table): Claims => ({
  /** @throws Refusal `unavailable` while somebody else holds the claim: who took it may be gone, so that the message has to come again. */
  async take(eventId, part, now) {
    try {
      await answered(table.client.send(new UpdateCommand({
        TableName: table.name, Key: { ...keys.claim(eventId, part) },
        UpdateExpression: "SET leaseUntil = :until, deleteAfter = :later",
        ConditionExpression: "attribute_not_exists(doneAt) AND (attribute_not_exists(leaseUntil) OR leaseUntil < :now)",
        ExpressionAttributeValues: { ":until": plusSeconds(now, leaseSeconds), ":now": now, ":later": epochSeconds(plusDays(now, keptDays)) },
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      })));
      return true;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      if (error.Item?.["doneAt"] !== undefined) return false;
      throw new Refusal("unavailable", "Somebody else is at this.");
    }
  },
  async done(eventId, part, now) {
    await answered(table.client.send(new UpdateCommand({
      TableName: table.name, Key: { ...keys.claim(eventId, part) }, UpdateExpression: "SET doneAt = :now", ExpressionAttributeValues: { ":now": now },
    })));
  },
});
