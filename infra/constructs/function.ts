import { Duration, RemovalPolicy, Stack, Validations } from "aws-cdk-lib";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Key } from "aws-cdk-lib/aws-kms";
import { Architecture, Function as Lambda, Runtime, Tracing } from "aws-cdk-lib/aws-lambda";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import type { Environment, FunctionName } from "../../lib/config.ts";
import type { CodeOf } from "../bundling/bundle.ts";
import { nameOf } from "../names.ts";
import { needs } from "../needs.ts";
import { acknowledgeWildcards } from "./acknowledge.ts";
import { HouseAlarm, type HumanFacts } from "./alarm.ts";
import { permissionsOf, type Grounds } from "./policies.ts";

export interface HouseFunctionProps<F extends FunctionName> extends HumanFacts {
  readonly name: F;
  /** Typed by what the function reads: a missing variable does not compile. */
  readonly environment: Environment<F>;
  readonly timeout: Duration;
  readonly codeOf: CodeOf;
  readonly grounds: Grounds;
  /** Why a failed call needs no dead-letter queue of the function's own: who called, and what the caller does about it. */
  readonly whoRetries: string;
}

/** One deployed function: its own role with what `needs.ts` says and no more, its own encrypted log, and an alarm that says who suffers. */
export class HouseFunction<F extends FunctionName> extends Construct {
  readonly lambda: Lambda;
  readonly role: Role;

  constructor(scope: Construct, id: string, { name, environment, timeout, codeOf, grounds, purpose, suffers, whoRetries }: HouseFunctionProps<F>) {
    super(scope, id);
    const { settings, data } = grounds;
    // Kept when the stack goes: what happened before a rebuild may be asked for after it. The events expire by themselves.
    const logGroup = new LogGroup(this, "Log", { retention: RetentionDays.THREE_MONTHS, encryptionKey: Key.fromKeyArn(this, "LogKey", data.logKeyArn), removalPolicy: RemovalPolicy.RETAIN });
    this.role = new Role(this, "Role", { roleName: nameOf(settings, name), description: purpose, assumedBy: new ServicePrincipal("lambda.amazonaws.com") });
    for (const { statement, wildcard } of permissionsOf(this, needs[name], grounds)) {
      this.role.addToPolicy(statement);
      if (wildcard !== undefined) acknowledgeWildcards(this.role, statement, `${name}: ${wildcard}`);
    }
    logGroup.grantWrite(this.role);
    Validations.of(this.role).acknowledge({ id: "AwsSolutions-IAM5[Resource::*]", reason: `${name}: X-Ray's two write actions know no resource; CDK adds them with tracing.` });

    // No reserved concurrency: it would be taken from the account's pool, and a new account has too little. The stage's throttle and the
    // event source's maximum bound the load.
    this.lambda = new Lambda(this, "Function", {
      functionName: nameOf(settings, name), description: purpose,
      code: codeOf(name), handler: "index.handler", runtime: Runtime.NODEJS_24_X, architecture: Architecture.ARM_64, memorySize: 512, timeout,
      environment: { ...defined(environment) }, role: this.role, logGroup, tracing: Tracing.ACTIVE,
    });
    Validations.of(this.lambda).acknowledge({ id: "Serverless-LambdaDLQ", reason: whoRetries });
    new HouseAlarm(this, "Errors", {
      settings, name: `${name}-errors`, purpose, suffers, first: `read the log group ${Stack.of(this).stackName}-… of ${name} at the time of the alarm.`,
      metric: this.lambda.metricErrors({ period: Duration.minutes(5), statistic: "Sum" }), above: 0, topicArn: data.alarmTopicArn,
    });
  }
}

const defined = (environment: object): Record<string, string> =>
  Object.fromEntries(Object.entries(environment).flatMap(([name, value]) => (typeof value === "string" ? [[name, value]] : [])));
