/**
 * How often a race is run. Chance decides what it meets, so more is better, and time decides how much `npm test` may take: it runs a fifth of
 * the rounds, `npm run test:races` all of them.
 */
export const rounds = (all: number): number => (process.env["RACES"] === "all" ? all : Math.ceil(all / 5));
