import { DynamoDBClient, GetItemCommand, PutItemCommand, QueryCommand } from "@aws-sdk/client-dynamodb";

/** What anybody's function with one table begins with: the client as it comes, bundled as ours are but with the SDK's own credentials. */
const client = new DynamoDBClient({});
export const handler = async (): Promise<unknown[]> => [
  await client.send(new GetItemCommand({ TableName: "t", Key: {} })), await client.send(new QueryCommand({ TableName: "t" })), await client.send(new PutItemCommand({ TableName: "t", Item: {} })),
];
