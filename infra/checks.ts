import { Validations, type App, type IPolicyValidationPlugin } from "aws-cdk-lib";
import { AwsSolutionsChecks, ServerlessChecks, type NagPack } from "cdk-nag";

/** Every synthesis is checked; an exception stands beside its resource, with its own reason. */
export const addChecks = (app: App): void => Validations.of(app).addPlugins(withoutItsWarnings(new AwsSolutionsChecks(app)), withoutItsWarnings(new ServerlessChecks(app)));

/** cdk-nag 3.0.2 reads a property that CDK deprecates. Our own uses of what is deprecated are still told. */
const withoutItsWarnings = (pack: NagPack): IPolicyValidationPlugin => ({
  name: pack.name,
  validate(context) {
    const before = process.env["JSII_DEPRECATED"];
    process.env["JSII_DEPRECATED"] = "quiet";
    try {
      return pack.validate(context);
    } finally {
      if (before === undefined) delete process.env["JSII_DEPRECATED"];
      else process.env["JSII_DEPRECATED"] = before;
    }
  },
});
