//! The specs in `configs/` are valid, say how to run them, and the page of keys is the program's own.

use super::program::Place;

fn configs() -> Vec<std::path::PathBuf> {
    let folders = ["configs", "configs/sweeps"].map(|folder| std::fs::read_dir(folder).expect("a folder"));
    let entries = folders.into_iter().flatten().map(|entry| entry.expect("an entry").path());
    let specs = entries.filter(|path| path.extension().is_some_and(|extension| extension == "toml"));
    specs.map(|path| path.canonicalize().expect("a path")).collect()
}

#[test]
fn every_config_is_valid_and_says_how_to_run_it() {
    let configs = configs();
    assert!(configs.len() >= 3);
    let names: Vec<&str> = configs.iter().map(|path| path.to_str().expect("text")).collect();
    let answer = Place::new().freezewise(&[&["check"], names.as_slice()].concat());
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    for path in configs {
        let text = std::fs::read_to_string(&path).expect("a spec");
        let folder = path.parent().expect("a folder");
        let (verb, folder) = if folder.ends_with("sweeps") { ("sweep", "configs/sweeps") } else { ("run", "configs") };
        let command = format!("freezewise {verb} {folder}/{}", path.file_name().expect("a name").to_string_lossy());
        let header: String = text.lines().take_while(|line| line.starts_with('#')).collect();
        assert!(header.contains(&command), "{} does not say `{command}`", path.display());
        assert!(header.contains("Takes ") && header.contains("Expect "), "{}", path.display());
    }
}

#[test]
fn the_page_of_keys_is_up_to_date() {
    let page = Place::new().freezewise(&["schema", "--markdown"]).stdout;
    let kept = std::fs::read_to_string("configs/README.md").expect("configs/README.md");
    assert!(page == kept, "freezewise schema --markdown > configs/README.md");
}

#[test]
fn the_schema_is_json_schema_and_knows_the_keys() {
    let schema: serde_json::Value = serde_json::from_str(&Place::new().freezewise(&["schema"]).stdout).expect("JSON");
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(schema["additionalProperties"], false);
    let rate = &schema["properties"]["target"]["properties"]["train"]["properties"]["learning_rate"];
    assert_eq!(rate["type"], "number");
    assert!(rate["description"].is_string());
    assert!(!schema.to_string().contains("\"null\""));
}
