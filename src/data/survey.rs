//! Looks up what a spec needs to know about the user's own data before it can be validated.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;

use super::{Access, Image, ReadingProgress, Watch, folder, lister, listing, npz, unchecked};
use crate::blueprint::ImageShape;
use crate::catalogue::{Dataset, Facts};
use crate::error::UserError;
use crate::spec::{Data, Pictures, Question, Survey};

/// Called for a data set that does not exist; without it, that is an error.
type Absent<'a> = Box<dyn Fn(&str) + 'a>;

/// Looks up data sets in a data folder.
pub struct Surveyor<'a> {
    root: PathBuf,
    threads: usize,
    check: Box<dyn Fn() -> Result<()> + Sync + 'a>,
    /// The error of `check` that ended a survey.
    ended: RefCell<Option<anyhow::Error>>,
    watch: RefCell<Box<dyn FnMut(ReadingProgress) + 'a>>,
    absent: Option<Absent<'a>>,
}

impl<'a> Surveyor<'a> {
    /// A surveyor that requires the data sets to exist.
    pub fn new(root: &Path, threads: usize, watch: impl FnMut(ReadingProgress) + 'a) -> Self {
        Self {
            root: root.to_path_buf(),
            threads,
            check: Box::new(unchecked),
            ended: RefCell::default(),
            watch: RefCell::new(Box::new(watch)),
            absent: None,
        }
    }

    /// The same, that asks before each file whether to go on.
    #[must_use]
    pub fn until(mut self, check: impl Fn() -> Result<()> + Sync + 'a) -> Self {
        self.check = Box::new(check);
        self
    }

    /// The error of the check, if that is what ended the last survey.
    pub fn ended(&self) -> Option<anyhow::Error> {
        self.ended.take()
    }

    /// Reports missing data sets to `absent` and continues.
    #[must_use]
    pub fn or_tell(mut self, absent: impl Fn(&str) + 'a) -> Self {
        self.absent = Some(Box::new(absent));
        self
    }
}

impl Survey for Surveyor<'_> {
    fn facts(&self, question: &Question<'_>) -> Result<Option<Facts>> {
        let refused = AtomicBool::new(false);
        let own = &*self.check;
        let check = || own().inspect_err(|_| refused.store(true, Ordering::Relaxed));
        let access = Access { root: &self.root, threads: self.threads, check: &check };
        let found = self.look(question, access);
        if refused.load(Ordering::Relaxed) {
            self.ended.replace(own().err());
        }
        found
    }

    fn may_be_absent(&self, what: &str) -> bool {
        if let Some(tell) = &self.absent {
            tell(what);
        }
        self.absent.is_some()
    }
}

impl Surveyor<'_> {
    fn look(&self, question: &Question<'_>, access: Access<'_>) -> Result<Option<Facts>> {
        match question.data {
            Data::Pictures(pictures) if listing::folder(pictures, &self.root).is_file() => {
                let message = format!("`{}` is a file", listing::folder(pictures, &self.root).display());
                Err(UserError::new(message).hint(lister::LAYOUT).into())
            }
            Data::Npz(file) if self.root.join(&file.path).is_dir() => {
                let message = format!("`{}` is a folder, expected an `npz` file", file.path.display());
                Err(UserError::new(message).hint(lister::LAYOUT).into())
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
}

/// From the list of files. If bad files are skipped, only decoding shows which they are.
fn pictures_facts(pictures: &Pictures, question: &Question<'_>, access: Access<'_>, watch: Watch<'_>) -> Result<Facts> {
    let listing = listing::of(pictures, access)?;
    let own = listing.first_shape(access)?;
    let shape = match question.side {
        Some(side) => ImageShape { channels: 3, height: side, width: side },
        None => own,
    };
    // If one file is not an image, all are decoded to find the others, which are an error or skipped.
    let [train, test] = if pictures.skip_bad_files || listing.has_other_files(access)? {
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
