// `node read.js schema SCHEMA FILE` prints the errors of FILE against a JSON Schema (draft 4 or 7) as JSON;
// `node read.js hdf FILE` prints what Heimdall's own reader makes of it: profile -> control -> status.
import fs from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(`${process.env.READERS}/`);
const load = (name) => JSON.parse(fs.readFileSync(name, "utf8"));
const [what, ...files] = process.argv.slice(2);

if (what === "schema") {
  const schema = load(files[0]);
  const old = "id" in schema;
  const Ajv = require(old ? "ajv-draft-04" : "ajv").default;
  // The SARIF schema holds a pattern that Unicode expressions refuse; the OSCAL schema holds classes that need them.
  const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: !old });
  require("ajv-formats").default(ajv);
  const validate = ajv.compile(schema);
  validate(load(files[1]));
  console.log(JSON.stringify(validate.errors ?? []));
} else {
  const { convertFile, contextualizeEvaluation } = require("inspecjs");
  const evaluation = contextualizeEvaluation(convertFile(fs.readFileSync(files[0], "utf8"))["1_0_ExecJson"]);
  const statuses = evaluation.contains.map((profile) => [
    profile.data.name,
    Object.fromEntries(profile.contains.map((control) => [control.data.id, control.hdf.status])),
  ]);
  console.log(JSON.stringify(Object.fromEntries(statuses)));
}
