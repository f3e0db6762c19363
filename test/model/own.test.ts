import { agreesWhere } from "./agreement.ts";

agreesWhere("own");
