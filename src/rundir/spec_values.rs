//! The values of a resolved spec as text, by dotted key.

use std::collections::BTreeMap;

/// Values by dotted key: strings without quotes, other values in TOML syntax.
pub type SpecValues = BTreeMap<String, String>;

/// Parses the values of a TOML spec.
pub fn spec_values(text: &str) -> Result<SpecValues, toml::de::Error> {
    let mut values = SpecValues::new();
    flatten(&toml::from_str(text)?, "", &mut values);
    Ok(values)
}

fn flatten(table: &toml::Table, prefix: &str, values: &mut SpecValues) {
    for (name, value) in table {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            toml::Value::Table(inner) => flatten(inner, &key, values),
            toml::Value::String(text) => {
                values.insert(key, text.clone());
            }
            other => {
                values.insert(key, other.to_string());
            }
        }
    }
}
