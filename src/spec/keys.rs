//! The keys of a spec as data, extracted from the JSON schema of `written`. Validation, the schema and the
//! documentation use them.

use std::sync::OnceLock;

use serde_json::{Map, Value as Json};

use super::written::Written;

/// The type of a key's value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum KeyType {
    Table(Vec<Key>),
    Flag,
    Integer(Limits),
    Number(Limits),
    Text,
    Choice(Vec<String>),
    List(Box<KeyType>),
    Either(Vec<KeyType>),
}

/// Smallest and largest value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Limits {
    pub(super) least: Option<f64>,
    pub(super) most: Option<f64>,
}

/// A key of the spec.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Key {
    pub(super) name: String,
    pub(super) kind: KeyType,
    pub(super) description: String,
    pub(super) unit: Option<String>,
    /// Default as shown to the user; `None` for a table.
    pub(super) default: Option<String>,
    /// Whether the key changes results, and so the hash of the run.
    pub(super) identity: bool,
}

/// The JSON schema of a spec, without references.
pub(super) fn schema() -> Json {
    let settings =
        schemars::generate::SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<Written>().to_value();
    tidy(&mut schema);
    schema["title"] = "freezewise spec".into();
    schema
}

/// Removes `null` from optional keys (TOML has no `null`), and rejects unknown keys.
fn tidy(schema: &mut Json) {
    let Some(object) = schema.as_object_mut() else { return };
    if object.get("default").is_some_and(|default| default.is_null() || default.is_object()) {
        object.remove("default");
    }
    object.remove("format");
    if let Some(types) = object.get_mut("type").and_then(Json::as_array_mut) {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".into(), only);
        }
    }
    if let Some(choices) = object.get_mut("anyOf").and_then(Json::as_array_mut) {
        choices.retain(|choice| choice["type"] != "null");
        choices.iter_mut().for_each(tidy);
        if let [only] = choices.as_slice() {
            let only = only.clone();
            object.remove("anyOf");
            merge_missing(object, only);
        }
    }
    if let Some(properties) = object.get_mut("properties").and_then(Json::as_object_mut) {
        properties.values_mut().for_each(tidy);
        object.insert("additionalProperties".into(), false.into());
    }
    if let Some(items) = object.get_mut("items") {
        tidy(items);
    }
}

/// The key's own description takes precedence over that of its type.
fn merge_missing(object: &mut Map<String, Json>, other: Json) {
    if let Json::Object(other) = other {
        for (name, value) in other {
            object.entry(name).or_insert(value);
        }
    }
}

/// The keys of a spec, top level first.
pub(super) fn all() -> &'static [Key] {
    static KEYS: OnceLock<Vec<Key>> = OnceLock::new();
    KEYS.get_or_init(|| match kind(&schema()) {
        KeyType::Table(keys) => keys,
        _ => Vec::new(),
    })
}

/// Names of the keys in a table.
pub(super) fn names_in(table: &str) -> Vec<String> {
    let found = all().iter().find(|key| key.name == table).map(|key| &key.kind);
    let Some(KeyType::Table(keys)) = found else { return Vec::new() };
    keys.iter().map(|key| key.name.clone()).collect()
}

/// The dotted names of all keys that take a value.
pub(super) fn dotted() -> Vec<String> {
    fn collect(keys: &[Key], prefix: &str, names: &mut Vec<String>) {
        for key in keys {
            let name = if prefix.is_empty() { key.name.clone() } else { format!("{prefix}.{}", key.name) };
            match &key.kind {
                KeyType::Table(inner) => collect(inner, &name, names),
                _ => names.push(name),
            }
        }
    }
    let mut names = Vec::new();
    collect(all(), "", &mut names);
    names
}

/// The key that a mistyped one most likely means.
pub(super) fn nearest(mistyped: &str) -> Option<String> {
    let names = dotted();
    let last = mistyped.rsplit('.').next().unwrap_or(mistyped);
    let own = crate::text::nearest(mistyped, names.iter().map(String::as_str)).map(str::to_owned);
    own.or_else(|| names.iter().find(|name| name.rsplit('.').next() == Some(last)).cloned())
}

/// The values of a key that accepts a fixed choice; otherwise none.
pub(super) fn words_of(table: &str, name: &str) -> Vec<String> {
    let keys = all().iter().find(|key| key.name == table).map(|key| &key.kind);
    let Some(KeyType::Table(keys)) = keys else { return Vec::new() };
    match keys.iter().find(|key| key.name == name).map(|key| &key.kind) {
        Some(KeyType::Choice(words)) => words.clone(),
        _ => Vec::new(),
    }
}

/// Whether a key accepts any string.
pub(super) fn takes_text(path: &[String]) -> bool {
    let mut keys = all();
    for (at, name) in path.iter().enumerate() {
        match keys.iter().find(|key| key.name == *name).map(|key| &key.kind) {
            Some(KeyType::Table(inner)) => keys = inner,
            Some(KeyType::Text) => return at + 1 == path.len(),
            _ => return false,
        }
    }
    false
}

fn kind(schema: &Json) -> KeyType {
    if let Some(choices) = schema["anyOf"].as_array() {
        return KeyType::Either(choices.iter().map(kind).collect());
    }
    if let Some(words) = words(schema) {
        return KeyType::Choice(words);
    }
    let limits = Limits { least: schema["minimum"].as_f64(), most: schema["maximum"].as_f64() };
    match schema["type"].as_str() {
        Some("boolean") => KeyType::Flag,
        Some("integer") => KeyType::Integer(limits),
        Some("number") => KeyType::Number(limits),
        Some("array") => KeyType::List(Box::new(kind(&schema["items"]))),
        Some("object") => {
            let properties = schema["properties"].as_object();
            KeyType::Table(properties.into_iter().flatten().map(|(name, schema)| key(name, schema)).collect())
        }
        _ => KeyType::Text,
    }
}

fn words(schema: &Json) -> Option<Vec<String>> {
    let text = |value: &Json| value.as_str().map(str::to_owned);
    if let Some(word) = schema.get("const") {
        return text(word).map(|word| vec![word]);
    }
    let list = schema["enum"].as_array();
    if let Some(list) = list {
        return Some(list.iter().filter_map(text).collect());
    }
    schema["oneOf"].as_array().map(|list| list.iter().filter_map(words).flatten().collect())
}

fn key(name: &str, schema: &Json) -> Key {
    let text = |field: &str| schema[field].as_str().map(str::to_owned);
    let kind = kind(schema);
    let default = text("x-default").or_else(|| schema.get("default").map(|value| format!("`{}`", shown(value))));
    Key {
        name: name.to_owned(),
        description: text("description").unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" "),
        unit: text("x-unit"),
        default: if matches!(kind, KeyType::Table(_)) { None } else { default },
        identity: schema["x-identity"] != false,
        kind,
    }
}

/// A default in TOML syntax.
fn shown(value: &Json) -> String {
    match value.as_f64() {
        Some(number) if number.fract() == 0.0 => format!("{number}"),
        _ => value.to_string(),
    }
}

impl KeyType {
    /// The accepted values in words, as after "must be".
    pub(super) fn takes(&self) -> String {
        match self {
            Self::Table(_) => "a table".into(),
            Self::Flag => "`true` or `false`".into(),
            Self::Integer(limits) => format!("an integer{}", limits.words()),
            Self::Number(limits) => format!("a number{}", limits.words()),
            Self::Text => "a string".into(),
            Self::Choice(words) => crate::text::alternatives(words),
            Self::List(items) => format!("a list of {}", items.take_many()),
            Self::Either(kinds) => kinds.iter().map(Self::takes).collect::<Vec<_>>().join(" or "),
        }
    }

    /// The accepted values in the plural, as after "a list of".
    fn take_many(&self) -> String {
        match self {
            Self::Text => "strings".into(),
            Self::Integer(limits) => format!("integers{}", limits.words()),
            Self::Number(limits) => format!("numbers{}", limits.words()),
            Self::Either(kinds) => kinds.iter().map(Self::take_many).collect::<Vec<_>>().join(" or "),
            other => other.takes(),
        }
    }
}

impl Limits {
    fn words(self) -> String {
        match (self.least, self.most) {
            (Some(least), Some(most)) => format!(" from {least} to {most}"),
            (Some(least), None) => format!(" of at least {least}"),
            (None, Some(most)) => format!(" of at most {most}"),
            (None, None) => String::new(),
        }
    }

    pub(super) fn hold(self, value: f64) -> bool {
        value.is_finite() && self.least.is_none_or(|least| value >= least) && self.most.is_none_or(|most| value <= most)
    }
}
