// Stands in for @aws-sdk/credential-provider-node in every bundle. A Lambda's credentials are in its environment and nowhere else;
// the SDK's chain (SSO, STS, IMDS, profiles) costs 130 KB and 30 ms of each cold start (measured, Node.js 24) for places it never finds.

const variable = (name: string): string => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: this bundle runs in Lambda alone.`);
  return value;
};

export const defaultProvider = () => (): Promise<{ accessKeyId: string; secretAccessKey: string; sessionToken: string }> =>
  Promise.resolve({ accessKeyId: variable("AWS_ACCESS_KEY_ID"), secretAccessKey: variable("AWS_SECRET_ACCESS_KEY"), sessionToken: variable("AWS_SESSION_TOKEN") });
