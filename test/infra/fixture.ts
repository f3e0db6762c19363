import { DynamoDBClient } from "@aws-sdk/client-dynamodb";

/** What a bundle does with credentials, without any call. */
export const handler = async (): Promise<unknown> => await new DynamoDBClient({ region: "eu-west-1" }).config.credentials();
