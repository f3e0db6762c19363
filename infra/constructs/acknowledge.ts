import { Stack, Validations } from "aws-cdk-lib";
import type { PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { IConstruct } from "constructs";

type Part = string | { readonly "Fn::Join"?: [string, Part[]]; readonly "Fn::GetAtt"?: [string, string]; readonly "Fn::ImportValue"?: string; readonly Ref?: string };

/** Writes a resource the way cdk-nag does in the id of a finding. */
const flat = (part: Part): string => {
  if (typeof part === "string") return part;
  if (part["Fn::Join"]) return part["Fn::Join"][1].map(flat).join(part["Fn::Join"][0]);
  if (part["Fn::GetAtt"]) return `<${part["Fn::GetAtt"].join(".")}>`;
  return part["Fn::ImportValue"] ?? `<${part.Ref ?? ""}>`;
};

/** Accepts the wildcards of one statement, each by name, for one reason: a wildcard that is added elsewhere on the role is still a finding. */
export const acknowledgeWildcards = (role: IConstruct, statement: PolicyStatement, reason: string): void => {
  const { Resource } = resolved(role, statement);
  const resources = (Array.isArray(Resource) ? Resource : [Resource]).map(flat).filter((resource) => resource.includes("*"));
  for (const resource of resources) Validations.of(role).acknowledge({ id: `AwsSolutions-IAM5[Resource::${resource}]`, reason });
};

// What a statement resolves to is CloudFormation's JSON, for which CDK has no type.
const resolved = (scope: IConstruct, statement: PolicyStatement) => Stack.of(scope).resolve(statement.toStatementJson()) as { readonly Resource: Part | Part[] };
