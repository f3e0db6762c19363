import { agreesWhere } from "./agreement.ts";

agreesWhere("all");
