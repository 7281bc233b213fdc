//! What a spec must know of one's own data before it can be checked.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::{Access, Image, ReadingProgress, Watch, folder, listing, npz};
use crate::blueprint::ImageShape;
use crate::catalogue::{Dataset, Facts};
use crate::error::UserError;
use crate::spec::{Data, Pictures, Question, Survey};

/// Told of a data set that is not there; without it that is an error.
type Absent<'a> = Box<dyn Fn(&str) + 'a>;

/// Looks at data sets under a root.
pub struct Surveyor<'a> {
    root: PathBuf,
    threads: usize,
    watch: RefCell<Box<dyn FnMut(ReadingProgress) + 'a>>,
    absent: Option<Absent<'a>>,
}

impl<'a> Surveyor<'a> {
    /// A surveyor that needs the data sets to be there.
    pub fn new(root: &Path, threads: usize, watch: impl FnMut(ReadingProgress) + 'a) -> Self {
        Self { root: root.to_path_buf(), threads, watch: RefCell::new(Box::new(watch)), absent: None }
    }

    /// The same, that tells of a data set that is not there and goes on.
    #[must_use]
    pub fn or_tell(mut self, absent: impl Fn(&str) + 'a) -> Self {
        self.absent = Some(Box::new(absent));
        self
    }
}

impl Survey for Surveyor<'_> {
    fn facts(&self, question: &Question<'_>) -> Result<Option<Facts>> {
        let access = Access { root: &self.root, threads: self.threads };
        match question.data {
            Data::Pictures(pictures) if listing::folder(pictures, &self.root).is_file() => {
                let message = format!("`{}` is a file", listing::folder(pictures, &self.root).display());
                Err(UserError::new(message).hint(listing::LAYOUT).into())
            }
            Data::Npz(file) if self.root.join(&file.path).is_dir() => {
                let message = format!("`{}` is a folder, and an `npz` data set is a file", file.path.display());
                Err(UserError::new(message).hint(listing::LAYOUT).into())
            }
            Data::Pictures(pictures) if listing::folder(pictures, &self.root).is_dir() => {
                let mut told = self.watch.borrow_mut();
                let mut watch = |reading: Option<ReadingProgress>| {
                    reading.into_iter().for_each(&mut **told);
                    Ok(())
                };
                pictures_facts(pictures, question, access, &mut watch).map(Some)
            }
            Data::Npz(file) if self.root.join(&file.path).exists() => npz::facts(file, &self.root).map(Some),
            _ => Ok(None),
        }
    }

    fn may_be_absent(&self, what: &str) -> bool {
        if let Some(tell) = &self.absent {
            tell(what);
        }
        self.absent.is_some()
    }
}

/// From the list of files; where bad ones are to be left out, only decoding tells which they are.
fn pictures_facts(pictures: &Pictures, question: &Question<'_>, access: Access<'_>, watch: Watch<'_>) -> Result<Facts> {
    let listing = listing::of(pictures, access.root)?;
    let own = listing.first_shape()?;
    let shape = match question.side {
        Some(side) => ImageShape { channels: 3, height: side, width: side },
        None => own,
    };
    // Where a file is no image, decoding them all tells which others are none: it is an error, or they are left out.
    let [train, test] = if pictures.skip_bad_files || listing.has_other_files() {
        let image = Image { shape, fit: question.fit };
        let store = folder::read(pictures, &listing, image, access, watch)?;
        [store.train.labels, store.test.labels]
    } else {
        [&listing.train, &listing.test].map(|files| files.iter().map(|file| file.label).collect())
    };
    let class_count = listing.classes.len();
    Ok(Facts {
        shape: own,
        class_count,
        classes: Some(listing.classes.clone()),
        superclasses: None,
        train_size: train.len(),
        test_size: test.len(),
        train_per_class: Some(Facts::per_class(&train, class_count)),
        test_per_class: Some(Facts::per_class(&test, class_count)),
        digest: (pictures.dataset == Dataset::Folder).then(|| listing.identity()),
    })
}
