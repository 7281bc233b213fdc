//! Test fixtures: image files with the pixels that another program decodes, from the archives of
//! `scripts/reference/make_image_fixtures.py`.

use std::collections::BTreeMap;
use std::io::Read;

/// The files of an archive by name.
pub(super) fn files(archive: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(archive));
    let read = |entry: std::io::Result<tar::Entry<'_, _>>| {
        let (mut entry, mut content) = (entry?, Vec::new());
        entry.read_to_end(&mut content)?;
        Ok((entry.path()?.display().to_string(), content))
    };
    let files = archive.entries().expect("an archive").map(read);
    files.collect::<std::io::Result<_>>().expect("a sound archive")
}

/// Checks every image file of an archive: its name, its bytes, and the size and colours of its reference.
pub(super) fn each(archive: &[u8], extension: &str, at_least: usize, check: impl Fn(&str, &[u8], [usize; 2], &[u8])) {
    let files = files(archive);
    let mut count = 0;
    for (name, bytes) in files.iter().filter(|(name, _)| name.ends_with(extension)) {
        let reference = name.trim_end_matches(extension).split('_').next().expect("a part");
        let reference = &files[&format!("{reference}.ppm")];
        let line = reference.iter().position(|&byte| byte == b'\n').expect("a header");
        let header = std::str::from_utf8(&reference[..line]).expect("text");
        let sides: Vec<usize> = header.split(' ').filter_map(|word| word.parse().ok()).collect();
        check(name, bytes, [sides[1], sides[0]], &reference[line + 1..]);
        count += 1;
    }
    assert!(count >= at_least, "{count} files");
}
