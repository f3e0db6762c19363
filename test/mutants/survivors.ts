/** Changes of the rules that no test can notice, by what they change, and why nothing comes of them. */
export const survivors: Readonly<Record<string, string>> = {
  '[about.caseId, about.shareId, about.jobId].every((it) => it === undefined) && "id" in actor -> [about.caseId, about.shareId, about.jobId].every((it) => it === undefined)': "Asked for TypeScript: an actor without an id has none that equals a member's.",
  "held !== null && levels.indexOf(held) >= levels.indexOf(needed) -> levels.indexOf(held) >= levels.indexOf(needed)": "Asked for TypeScript: null stands in no list, before every level.",
  "then !== undefined && joined <= then -> joined <= then": "Asked for TypeScript: nothing is at or before undefined.",
};
