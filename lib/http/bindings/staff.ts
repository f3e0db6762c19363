import type { Ports } from "../../usecases/ports.ts";
import type { Bindings } from "../api.ts";
import { accessBindings } from "./access.ts";
import { caseBindings } from "./cases.ts";
import { jobBindings } from "./jobs.ts";
import { filingBindings } from "./filing.ts";
import { documentBindings } from "./documents.ts";
import { peopleBindings } from "./people.ts";
import { registerBindings } from "./register.ts";
import { sharingBindings } from "./sharing.ts";
import { versionBindings } from "./versions.ts";
import { viewAsBindings } from "./view-as.ts";

/** Everything that staff may ask; a route of theirs without code does not compile. */
export const staffBindings = (ports: Omit<Ports, "mailer" | "claims">): Bindings<"staff"> =>
  ({ ...peopleBindings(ports), ...caseBindings(ports), ...documentBindings(ports), ...filingBindings(ports), ...versionBindings(ports), ...sharingBindings(ports), ...registerBindings(ports), ...jobBindings(ports), ...accessBindings(ports), ...viewAsBindings(ports) });
