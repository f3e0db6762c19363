import { UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { epochSeconds, plusDays, plusSeconds } from "../../domain/time.ts";
import type { Claims } from "../../usecases/ports.ts";
import { keys } from "./keys.ts";
import { answered, type Table } from "./table.ts";

/** Longer than a consumer's time-out (30 s), so that two invocations never hold one claim. */
const leaseSeconds = 60;
const keptDays = 30;

export const claimsIn = (table: Table): Claims => ({
  async take(eventId, part, now) {
    try {
      await answered(table.client.send(new UpdateCommand({
        TableName: table.name, Key: { ...keys.claim(eventId, part) },
        UpdateExpression: "SET leaseUntil = :until, deleteAfter = :later",
        ConditionExpression: "attribute_not_exists(doneAt) AND (attribute_not_exists(leaseUntil) OR leaseUntil < :now)",
        ExpressionAttributeValues: { ":until": plusSeconds(now, leaseSeconds), ":now": now, ":later": epochSeconds(plusDays(now, keptDays)) },
      })));
      return true;
    } catch (error) {
      if (error instanceof Error && error.name === "ConditionalCheckFailedException") return false;
      throw error;
    }
  },
  async done(eventId, part, now) {
    await answered(table.client.send(new UpdateCommand({
      TableName: table.name, Key: { ...keys.claim(eventId, part) }, UpdateExpression: "SET doneAt = :now", ExpressionAttributeValues: { ":now": now },
    })));
  },
});
