//! Notes of data sets that are not in the data folder, for verbs that need no data.

use std::path::Path;

use crate::catalogue::{Dataset, fetch_command};
use crate::data;
use crate::output;

/// Names the published data sets that are absent, with the command that downloads them.
pub(super) fn note_absent(datasets: &[Dataset], root: &Path) {
    let absent = datasets.iter().filter(|dataset| data::find(**dataset, root).is_none());
    let names: Vec<&str> = absent.filter_map(|dataset| Some(dataset.entry()?.name)).collect();
    if !names.is_empty() {
        let missing = if let [name] = names[..] { format!("`{name}` is") } else { format!("{} are", names.join(", ")) };
        let fetch = fetch_command(&names);
        output::talk(&format!("note: {missing} not in `{}`: `{fetch}` downloads what is missing", root.display()));
    }
}
