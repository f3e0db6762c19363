import { RemovalPolicy } from "aws-cdk-lib";
import { AttributeType, BillingMode, ProjectionType, StreamViewType, Table, TableEncryption } from "aws-cdk-lib/aws-dynamodb";
import type { IKey } from "aws-cdk-lib/aws-kms";
import type { Construct } from "constructs";
import { tableShape } from "../../lib/adapters/dynamo/shape.ts";

const text = (name: string) => ({ name, type: AttributeType.STRING });

/** The one table, as `lib/adapters/dynamo/shape.ts` describes it. Its logical id must never change: CloudFormation would make an empty one. */
export class HouseTable extends Table {
  constructor(scope: Construct, id: string, { encryptionKey }: { encryptionKey: IKey }) {
    super(scope, id, {
      partitionKey: text(tableShape.partitionKey),
      sortKey: text(tableShape.sortKey),
      timeToLiveAttribute: tableShape.timeToLive,
      billingMode: BillingMode.PAY_PER_REQUEST,
      // The pipe reads new images: an audit item is only ever inserted.
      stream: StreamViewType.NEW_IMAGE,
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true, recoveryPeriodInDays: 35 },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    for (const [indexName, sortKey] of Object.entries(tableShape.localIndexes)) this.addLocalSecondaryIndex({ indexName, sortKey: text(sortKey), projectionType: ProjectionType.ALL });
    for (const [indexName, { partitionKey, sortKey }] of Object.entries(tableShape.globalIndexes))
      this.addGlobalSecondaryIndex({ indexName, partitionKey: text(partitionKey), sortKey: text(sortKey), projectionType: ProjectionType.ALL });
  }
}
