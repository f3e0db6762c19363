import { ScanCommand, type ScanCommandOutput } from "@aws-sdk/lib-dynamodb";
import { version, type Version } from "../../domain/document.ts";
import { answered, type Table } from "./table.ts";

/** Every version of every document: a scan of the whole table, which an operator's command may afford and no request. */
export const everyVersion = async function* (table: Table): AsyncGenerator<Version> {
  for (let start: Record<string, unknown> | undefined; ;) {
    const page: ScanCommandOutput = await answered(table.client.send(new ScanCommand({
      TableName: table.name, ConsistentRead: true, FilterExpression: "begins_with(sk, :version)", ExpressionAttributeValues: { ":version": "VERSION#" }, ...(start && { ExclusiveStartKey: start }),
    })));
    for (const item of page.Items ?? []) yield version.parse(item);
    start = page.LastEvaluatedKey;
    if (start === undefined) return;
  }
};
