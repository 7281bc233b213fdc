//! Looks up what a spec needs to know about the user's own data before it can be validated.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;

use super::{Access, ReadingProgress, format_of, image_files, unchecked, unpacks_to};
use crate::catalogue::Facts;
use crate::spec::{Data, Question, Survey};

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

    fn packed(&self, data: &Data) -> Option<String> {
        let folder = match data.path() {
            Some(path) => path.to_path_buf(),
            None => unpacks_to(data.dataset().entry()?)?.into(),
        };
        image_files::packed(&self.root, &folder)
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
        let mut report = self.watch.borrow_mut();
        let mut watch = |reading: Option<ReadingProgress>| {
            reading.into_iter().for_each(&mut **report);
            Ok(())
        };
        format_of(question.data)?.survey(question, access, &mut watch)
    }
}
