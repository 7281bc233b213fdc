//! The `[sweep]` table in the JSON schema of a spec.

use serde_json::{Value as Json, json};

/// The table's schema, for editors.
pub(in crate::spec) fn schema() -> Json {
    let range = json!({
        "type": "object",
        "properties": {
            "from": { "type": "number" },
            "to": { "type": "number" },
            "step": { "type": "number", "description": "Difference of two values" },
            "points": { "type": "integer", "minimum": 2, "description": "How many values" },
            "scale": { "enum": ["linear", "log"], "default": "linear" }
        },
        "required": ["from", "to"],
        "additionalProperties": false
    });
    let axis = json!({ "anyOf": [{ "type": "array" }, { "const": "all-values" }, range, { "type": "object" }] });
    let cells = |what: &str| json!({ "type": "array", "items": { "type": "object" }, "description": what });
    let lines = |what: &str| json!({ "type": "array", "items": { "type": "string" }, "description": what });
    json!({
        "type": "object",
        "description": "Makes the spec a sweep: `freezewise sweep` runs a cell for each combination of the axes' values.",
        "properties": {
            "axes": {
                "type": "object",
                "description": "Dotted keys of the spec, each with the values that it takes: a list, a range, or for `transfer.frozen_layers` `\"all-values\"`.",
                "additionalProperties": axis
            },
            "zip": {
                "type": "array",
                "items": { "type": "array", "items": { "type": "string" } },
                "description": "Groups of axes that move together, each with lists of one length."
            },
            "exclude": cells("Cells to leave out, by the values of some axes."),
            "include": cells("Cells to add, with a value for every axis."),
            "slurm": {
                "type": "object",
                "description": "For the job scripts of `freezewise slurm`.",
                "properties": {
                    "options": lines("Options of sbatch, such as `--partition=gpu`."),
                    "setup": lines("Shell lines to run before the program, such as `module load cuda`.")
                },
                "additionalProperties": false
            }
        },
        "required": ["axes"],
        "additionalProperties": false
    })
}
