/** The least that a function can be: what its start costs is the runtime's own. */
export const handler = (): Promise<{ statusCode: number }> => Promise.resolve({ statusCode: 204 });
