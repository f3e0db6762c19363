import { GetFunctionConfigurationCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { nameOf } from "../infra/names.ts";
import { readSettings } from "../infra/settings.ts";
import { readConfig } from "../lib/config.ts";

/** A deployed firm's settings and the configuration of its staff-api, which Lambda tells the operator's own AWS credentials. */
export const deployedStaffApi = async (file: string) => {
  const settings = readSettings(file);
  process.env["AWS_REGION"] = settings.region;
  const { Environment } = await new LambdaClient({}).send(new GetFunctionConfigurationCommand({ FunctionName: nameOf(settings, "staff-api") }));
  return { settings, config: readConfig("staff-api", { ...Environment?.Variables }) };
};
