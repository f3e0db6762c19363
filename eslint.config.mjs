import eslint from "@eslint/js";
import tseslint from "typescript-eslint";

/** Dependencies point one way; each rule says in words what a folder may not know. */
const may = (files, forbidden, sentence) => ({
  files,
  rules: { "no-restricted-imports": ["error", { patterns: [{ group: forbidden, message: sentence }] }] },
});

export default tseslint.config(
  { ignores: ["node_modules/", "cdk.out/", ".local/", "coverage/"] },
  eslint.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: ["*.mjs", "scripts/*.mjs"] }, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_", ignoreRestSiblings: true }],
      // Numbers read well in messages; objects do not, and stay refused.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // noPropertyAccessFromIndexSignature of the compiler wants what this rule forbids.
      "@typescript-eslint/dot-notation": "off",
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/consistent-type-definitions": "off",
      "no-restricted-properties": ["error", { object: "Math", property: "random", message: "Randomness that nobody may guess comes from node:crypto; jitter says so with a disable line." }],
    },
  },
  may(["lib/domain/**"], ["**/usecases/*", "**/adapters/**", "**/http/**", "**/events/*", "**/compose.ts", "**/config.ts", "@aws-sdk/*", "@middy/*"], "The domain knows nothing but itself."),
  may(["lib/usecases/**"], ["**/adapters/**", "**/http/route*", "**/http/api*", "**/http/lambda*", "**/http/bindings/**", "**/events/*", "**/compose.ts", "**/config.ts", "@aws-sdk/*", "@middy/*"], "Use cases know the domain, the ports and the words for people."),
  may(["lib/adapters/**"], ["**/http/**", "**/events/*", "**/compose.ts", "@middy/*"], "Adapters translate one outside thing for the ports."),
  may(["lib/http/**"], ["**/adapters/dynamo/**", "**/adapters/s3.ts", "**/adapters/cognito.ts", "**/adapters/ses.ts", "**/compose.ts", "@aws-sdk/client-*"], "HTTP calls use cases; only compose.ts knows the adapters."),
  may(["functions/**"], ["**/usecases/*", "**/adapters/**", "**/http/**", "**/events/*"], "A function reads its configuration and composes; nothing else."),
  may(["infra/**"], ["**/usecases/*", "**/adapters/dynamo/table*", "**/http/api*", "**/http/bindings/**", "**/compose.ts"], "The stack reads routes, rules, configuration and the table's shape as data."),
  {
    // Clocks and chance come in from outside, so that a decision can be repeated.
    files: ["lib/domain/**", "lib/usecases/**"],
    rules: { "no-restricted-syntax": ["error", { selector: "CallExpression[callee.object.name='Date'][callee.property.name='now'], NewExpression[callee.name='Date'][arguments.length=0]", message: "The request carries its instant." }] },
  },
  { files: ["**/*.mjs"], ...tseslint.configs.disableTypeChecked },
  { files: ["scripts/**", "*.mjs"], languageOptions: { globals: { process: "readonly", console: "readonly", setInterval: "readonly" } } },
  {
    files: ["test/**", "local/**"],
    rules: {
      // What comes out of HTTP, an emulator or a mail is whatever it is: tests look at its fields.
      "@typescript-eslint/no-unsafe-assignment": "off", "@typescript-eslint/no-unsafe-member-access": "off", "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-return": "off", "@typescript-eslint/no-unsafe-call": "off",
    },
  },
  { files: ["test/**"], rules: { "@typescript-eslint/no-non-null-assertion": "off", "@typescript-eslint/require-await": "off", "@typescript-eslint/no-unused-vars": "error" } },
);
