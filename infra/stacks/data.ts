import { RemovalPolicy, Stack, Validations } from "aws-cdk-lib";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import type { Construct } from "constructs";
import type { FirmSettings } from "../../lib/domain/firm.ts";
import { Documents } from "../constructs/documents.ts";
import { AlarmTopic, allowLogs, HouseKey } from "../constructs/keys.ts";
import { HouseTable } from "../constructs/table.ts";
import { stackProps } from "../names.ts";

/** What the other stacks may know of the firm's data. Exported by value: the list is the contract between the stacks. */
export interface SharedData {
  readonly table: { readonly name: string; readonly arn: string; readonly streamArn: string; readonly keyArn: string };
  readonly documents: { readonly name: string; readonly arn: string; readonly origin: `https://${string}`; readonly keyArn: string };
  readonly secrets: { readonly link: string; readonly cursor: string; readonly keyArn: string };
  readonly logKeyArn: string;
  readonly alarmTopicArn: string;
}

/** Everything that a firm cannot lose: it outlives every other stack, and its own deletion. */
export class DataStack extends Stack {
  readonly shared: SharedData;

  constructor(scope: Construct, settings: FirmSettings) {
    super(scope, `legajo-${settings.firm}-data`, { ...stackProps(settings, "data", "table, documents and keys; never deleted with the stack."), terminationProtection: true });
    const key = (id: string, name: string, purpose: string) => new HouseKey(this, id, { settings, name, purpose });
    const tableKey = key("TableKey", "table", "Encrypts the table: people, cases, shares and the access register.");
    const documentsKey = key("DocumentsKey", "documents", "Encrypts the firm's documents.");
    const secretsKey = key("SecretsKey", "secrets", "Encrypts the keys that links and cursors are derived from.");
    const logKey = key("LogKey", "logs", "Encrypts logs and alarms.");
    allowLogs(logKey, settings);

    const table = new HouseTable(this, "Table", { encryptionKey: tableKey });
    const { bucket } = new Documents(this, "Documents", { settings, encryptionKey: documentsKey });
    const link = this.#secret("LinkKey", secretsKey, "Share links, first passwords and the sessions of opened links are derived from this key: links already mailed go on working, mails not yet sent and open sessions do not.",
      "Rotation is a procedure, not a timer: items carry the version of the key they were made with, and a version may go only when its last link has expired.");
    const cursor = this.#secret("CursorKey", secretsKey, "Page cursors are sealed with this key: with another one, pages being read start again.",
      "A cursor lives for minutes and protects no data of its own; the key is replaced by hand when it may have leaked.");
    const alarms = new AlarmTopic(this, "Alarms", { settings, key: logKey });

    this.shared = {
      table: { name: this.exportValue(table.tableName), arn: this.exportValue(table.tableArn), streamArn: this.exportValue(table.tableStreamArn), keyArn: this.exportValue(tableKey.keyArn) },
      documents: {
        name: this.exportValue(bucket.bucketName), arn: this.exportValue(bucket.bucketArn),
        origin: `https://${this.exportValue(bucket.bucketRegionalDomainName)}`, keyArn: this.exportValue(documentsKey.keyArn),
      },
      secrets: { link: this.exportValue(link.secretArn), cursor: this.exportValue(cursor.secretArn), keyArn: this.exportValue(secretsKey.keyArn) },
      logKeyArn: this.exportValue(logKey.keyArn),
      alarmTopicArn: this.exportValue(alarms.topicArn),
    };
  }

  /** Length and alphabet must never change: CloudFormation would generate another secret in place of the old one. */
  #secret(id: string, encryptionKey: IKey, description: string, whyNotRotated: string): Secret {
    const secret = new Secret(this, id, { description, encryptionKey, generateSecretString: { passwordLength: 64, excludePunctuation: true }, removalPolicy: RemovalPolicy.RETAIN });
    Validations.of(secret).acknowledge({ id: "AwsSolutions-SMG4", reason: whyNotRotated });
    return secret;
  }
}
