import { CreateTableCommand, DescribeTableCommand, DynamoDBClient, UpdateTimeToLiveCommand, type AttributeDefinition } from "@aws-sdk/client-dynamodb";
import { tableShape } from "../lib/adapters/dynamo/shape.ts";

const hash = (name: string) => ({ AttributeName: name, KeyType: "HASH" }) as const;
const range = (name: string) => ({ AttributeName: name, KeyType: "RANGE" }) as const;
const everything = { Projection: { ProjectionType: "ALL" } } as const;

/** Creates the firm's table as the stack does, from the same shape. @returns its stream's ARN. */
export const createTable = async (TableName: string): Promise<string> => {
  const client = new DynamoDBClient({});
  const { partitionKey, sortKey, localIndexes, globalIndexes, timeToLive } = tableShape;
  const names = new Set<string>([partitionKey, sortKey, ...Object.values(localIndexes), ...Object.values(globalIndexes).flatMap((it) => [it.partitionKey, it.sortKey])]);
  try {
    await client.send(new CreateTableCommand({
      TableName, BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [...names].map((AttributeName): AttributeDefinition => ({ AttributeName, AttributeType: "S" })),
      KeySchema: [hash(partitionKey), range(sortKey)],
      LocalSecondaryIndexes: Object.entries(localIndexes).map(([IndexName, attribute]) => ({ IndexName, KeySchema: [hash(partitionKey), range(attribute)], ...everything })),
      GlobalSecondaryIndexes: Object.entries(globalIndexes).map(([IndexName, keys]) => ({ IndexName, KeySchema: [hash(keys.partitionKey), range(keys.sortKey)], ...everything })),
      StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_IMAGE" },
    }));
    await client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification: { Enabled: true, AttributeName: timeToLive } }));
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "ResourceInUseException") throw error;
  }
  const { Table } = await client.send(new DescribeTableCommand({ TableName }));
  client.destroy();
  if (Table?.LatestStreamArn === undefined) throw new Error(`Table ${TableName} has no stream.`);
  return Table.LatestStreamArn;
};
