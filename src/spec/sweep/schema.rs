//! The JSON schema of the `[sweep]` table.

use serde_json::{Value as Json, json};

/// The table's JSON schema, for editors.
pub(in crate::spec) fn schema() -> Json {
    let range = json!({
        "type": "object",
        "properties": {
            "from": { "type": "number" },
            "to": { "type": "number" },
            "step": { "type": "number", "description": "Difference between consecutive values" },
            "points": { "type": "integer", "minimum": 2, "description": "Number of values" },
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
        "description": "Makes the spec a sweep: `freezewise sweep` runs one cell for each combination of axis values.",
        "properties": {
            "axes": {
                "type": "object",
                "description": "Dotted keys of the spec, each with its values: a list, a range, or (for `transfer.frozen_layers`) `\"all-values\"`.",
                "additionalProperties": axis
            },
            "zip": {
                "type": "array",
                "items": { "type": "array", "items": { "type": "string" } },
                "description": "Groups of axes that vary together instead of in all combinations; their lists have the same length."
            },
            "exclude": cells("Cells to exclude, by the values of some axes."),
            "include": cells("Cells to add, with a value for every axis."),
            "slurm": {
                "type": "object",
                "description": "Settings for the job scripts of `freezewise slurm`.",
                "properties": {
                    "options": lines("Options for sbatch, such as `--partition=gpu`."),
                    "setup": lines("Shell lines to run before the program, such as `module load cuda`.")
                },
                "additionalProperties": false
            }
        },
        "required": ["axes"],
        "additionalProperties": false
    })
}
