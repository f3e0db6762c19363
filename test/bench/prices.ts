/**
 * AWS's list prices of us-east-1 in dollars, read in November 2026; eu-west-1 is up to a tenth dearer. `source` says where; "unverified" was not
 * found in writing. The free tier is left out.
 */
export const pricesRead = "2026-11";
export const pricesPerMillion = {
  httpApi: { dollars: 1, source: "aws.amazon.com/api-gateway/pricing, first 300 million a month" },
  lambdaRequest: { dollars: 0.2, source: "aws.amazon.com/lambda/pricing" },
  readUnit: { dollars: 0.125, source: "DynamoDB on demand since November 2024: airbyte.com/data-engineering-resources/dynamodb-pricing" },
  writeUnit: { dollars: 0.625, source: "as above" },
  pipe: { dollars: 0.4, source: "EventBridge Pipes after the filter: cloudburn.io/blog/amazon-eventbridge-pricing, March 2026" },
  event: { dollars: 1, source: "EventBridge custom events, as above" },
  s3Get: { dollars: 0.4, source: "S3 Standard: devnotes.tech" },
} as const;
const gigabyteSecond = 0.0000133334; // arm64: cloudchipr.com/blog/aws-lambda-pricing
const memoryGb = 0.5;

/** Assumed, not measured: an emulator's times say nothing about AWS. DynamoDB answers in single-digit milliseconds, and the code in between is short. */
export const assumed = { msOfOurs: 3, msPerStep: 4 } as const;

export interface Cost { readonly gateway: number; readonly lambda: number; readonly table: number; readonly events: number; readonly s3: number }

/** Dollars for a million of an operation: its own, and that of its record as an event. Consumers, mails and bytes sent are not in it. */
export const costOf = (it: { readonly depth: number; readonly readUnits: number; readonly writeUnits: number; readonly download: boolean }): Cost => {
  const p = pricesPerMillion;
  const seconds = (assumed.msOfOurs + assumed.msPerStep * it.depth) / 1000;
  return {
    gateway: p.httpApi.dollars,
    lambda: p.lambdaRequest.dollars + seconds * memoryGb * gigabyteSecond * 1_000_000,
    table: it.readUnits * p.readUnit.dollars + it.writeUnits * p.writeUnit.dollars,
    events: p.pipe.dollars + p.event.dollars,
    s3: it.download ? p.s3Get.dollars : 0,
  };
};
export const sumOf = (cost: Cost): number => Object.values(cost).reduce((sum: number, dollars: number) => sum + dollars, 0);
