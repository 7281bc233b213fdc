//! What was last seen of one's own data: `<out>/.data/`. The name of a run depends on it, so that without it a finished
//! run could be asked for only where its data are.
//!
//! It is written before a training begins and says what that training sees: a run of data that are otherwise by now is
//! not found by it.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::record::write_json;
use crate::blueprint::ImageShape;
use crate::catalogue::Facts;
use crate::files;
use crate::spec::{Data, Fit, ImageFolder, Npz, Question, Survey};
use crate::text;

/// In the folder of all runs. No run has such a name.
const FOLDER: &str = ".data";

/// A data set and what was seen of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct SeenData {
    question: WrittenQuestion,
    image: [usize; 3],
    classes: Vec<String>,
    train_per_class: Vec<usize>,
    test_per_class: Vec<usize>,
    digest: Option<String>,
}

/// All that the answer depends on, beside the files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct WrittenQuestion {
    dataset: String,
    /// The whole path: another folder of the same name has other data.
    place: PathBuf,
    test_folder: Option<String>,
    skip_bad_files: bool,
    arrays: Option<Vec<String>>,
    side: Option<usize>,
    fit: String,
}

impl WrittenQuestion {
    /// Nothing for what has no files of its own, or a path that is no text.
    fn of(question: &Question<'_>, root: &Path) -> Option<Self> {
        let path = match question.data {
            Data::Folder(ImageFolder { path, .. }) | Data::Npz(Npz { path, .. }) => path,
            Data::Published { .. } | Data::Synthetic(_) => return None,
        };
        let place = std::path::absolute(root.join(path)).ok().filter(|place| place.to_str().is_some())?;
        let mut written = Self {
            dataset: question.data.dataset().name().to_owned(),
            place,
            test_folder: None,
            skip_bad_files: false,
            arrays: None,
            side: question.side,
            fit: match question.fit {
                Fit::Exact => "exact",
                Fit::Crop => "crop",
                Fit::Squeeze => "squeeze",
            }
            .to_owned(),
        };
        match question.data {
            Data::Folder(pictures) => {
                written.test_folder.clone_from(&pictures.test_folder);
                written.skip_bad_files = pictures.skip_bad_files;
            }
            Data::Npz(npz) => {
                let validation = npz.validation.iter().flatten();
                written.arrays = npz.arrays.as_ref().map(|names| names.iter().chain(validation).cloned().collect());
            }
            Data::Published { .. } | Data::Synthetic(_) => {}
        }
        Some(written)
    }

    fn path(&self, out: &Path) -> Result<PathBuf> {
        let name = text::hex(&Sha256::digest(serde_json::to_vec(self)?));
        Ok(out.join(FOLDER).join(format!("{}.json", &name[..16])))
    }

    /// What was seen; nothing where that was never written, or is torn.
    fn recall(&self, out: &Path) -> Result<Option<SeenData>> {
        let seen = std::fs::read(self.path(out)?).ok().and_then(|text| serde_json::from_slice::<SeenData>(&text).ok());
        Ok(seen.filter(|seen| seen.question == *self))
    }
}

impl SeenData {
    /// Nothing where a data set has more facts than are written, as published ones have.
    fn of(question: WrittenQuestion, facts: &Facts) -> Option<Self> {
        if facts.superclasses.is_some() {
            return None;
        }
        let ImageShape { channels, height, width } = facts.shape;
        Some(Self {
            question,
            image: [channels, height, width],
            classes: facts.classes.clone()?,
            train_per_class: facts.train_per_class.clone()?,
            test_per_class: facts.test_per_class.clone()?,
            digest: facts.digest.clone(),
        })
    }

    fn facts(self) -> Facts {
        let [channels, height, width] = self.image;
        Facts {
            shape: ImageShape { channels, height, width },
            class_count: self.classes.len(),
            classes: Some(self.classes),
            superclasses: None,
            train_size: self.train_per_class.iter().sum(),
            test_size: self.test_per_class.iter().sum(),
            train_per_class: Some(self.train_per_class),
            test_per_class: Some(self.test_per_class),
            digest: self.digest,
        }
    }

    /// Writes it if it is news.
    fn keep(&self, out: &Path) -> Result<()> {
        if self.question.recall(out)?.as_ref() == Some(self) {
            return Ok(());
        }
        files::create_folder(&out.join(FOLDER))?;
        write_json(&self.question.path(out)?, self)
    }
}

/// Looks at data and notes what it sees; where they are gone, it may recall what was last seen of them.
pub struct SeenSurvey<S> {
    inner: S,
    root: PathBuf,
    out: PathBuf,
    recalls: bool,
    seen: RefCell<Vec<SeenData>>,
    /// The names of what is not there.
    gone: RefCell<Vec<String>>,
}

impl<S> SeenSurvey<S> {
    /// Asks `inner`, which looks below the data folder `root`; what was last seen is in `out`, the folder of all runs.
    pub fn new(inner: S, root: &Path, out: &Path) -> Self {
        let (seen, gone) = (RefCell::default(), RefCell::default());
        Self { inner, root: root.to_path_buf(), out: out.to_path_buf(), recalls: false, seen, gone }
    }

    /// The same, which recalls what is gone.
    #[must_use]
    pub fn recalling(self) -> Self {
        Self { recalls: true, ..self }
    }

    /// Who is asked.
    pub fn inner(&self) -> &S {
        &self.inner
    }

    /// The names of data sets that were asked for and are not there.
    pub fn gone(&self) -> Vec<String> {
        let mut names = self.gone.borrow().clone();
        names.sort();
        names.dedup();
        names
    }

    /// Writes what was seen into the folder of all runs, before anything is trained on it: a run that a later answer
    /// finds is then one of the data that were last used.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn keep(&self) -> Result<()> {
        self.seen.borrow().iter().try_for_each(|seen| seen.keep(&self.out))
    }
}

impl<S: Survey> Survey for SeenSurvey<S> {
    fn facts(&self, question: &Question<'_>) -> Result<Option<Facts>> {
        let written = WrittenQuestion::of(question, &self.root);
        if let Some(facts) = self.inner.facts(question)? {
            self.seen.borrow_mut().extend(written.and_then(|question| SeenData::of(question, &facts)));
            return Ok(Some(facts));
        }
        self.gone.borrow_mut().push(question.data.name());
        let recalled = written.filter(|_| self.recalls).map(|question| question.recall(&self.out)).transpose()?;
        Ok(recalled.flatten().map(SeenData::facts))
    }

    fn packed(&self, data: &Data) -> Option<String> {
        self.inner.packed(data)
    }

    fn may_be_absent(&self, what: &str) -> bool {
        self.inner.may_be_absent(what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Dataset;

    /// Data that are there or gone.
    struct Given(Option<Facts>);

    impl Survey for Given {
        fn facts(&self, _: &Question<'_>) -> Result<Option<Facts>> {
            Ok(self.0.clone())
        }
    }

    fn facts(digest: &str) -> Facts {
        let names = || vec!["a".to_owned(), "b".to_owned()];
        let image = ImageShape { channels: 3, height: 8, width: 9 };
        let mut facts = Facts::known(Dataset::Synthetic, 2).expect("it is known");
        facts = Facts { shape: image, classes: Some(names()), digest: Some(digest.to_owned()), ..facts };
        Facts {
            train_size: 7,
            test_size: 5,
            train_per_class: Some(vec![3, 4]),
            test_per_class: Some(vec![2, 3]),
            ..facts
        }
    }

    #[test]
    fn facts_are_recalled_only_for_the_same_question() -> Result<()> {
        let out = tempfile::tempdir()?;
        let pictures = |path: &str, skip_bad_files| {
            Data::Folder(ImageFolder { path: path.into(), test_folder: None, skip_bad_files })
        };
        let ask = |data: &Data, root: &str, side: Option<usize>, given: Option<Facts>| {
            let survey = SeenSurvey::new(Given(given), Path::new(root), out.path()).recalling();
            let facts = survey.facts(&Question { data, side, fit: Fit::Crop })?;
            survey.keep()?;
            Ok::<_, anyhow::Error>(facts)
        };
        let data = pictures("d", false);
        assert_eq!(ask(&data, "/one", Some(8), None)?, None);
        for digest in ["old", "new"] {
            ask(&data, "/one", Some(8), Some(facts(digest)))?;
        }
        assert_eq!(ask(&data, "/one", Some(8), None)?, Some(facts("new")));
        assert_eq!(ask(&data, "/two", Some(8), None)?, None);
        assert_eq!(ask(&data, "/one", Some(9), None)?, None);
        assert_eq!(ask(&pictures("d", true), "/one", Some(8), None)?, None);
        assert_eq!(ask(&pictures("e", false), "/one", Some(8), None)?, None);
        Ok(())
    }

    #[test]
    fn damaged_facts_are_not_recalled() -> Result<()> {
        let out = tempfile::tempdir()?;
        let data = Data::Npz(Npz { path: "d.npz".into(), arrays: None, validation: None });
        let question = Question { data: &data, side: None, fit: Fit::Exact };
        let survey = SeenSurvey::new(Given(Some(facts("one"))), Path::new("/data"), out.path());
        survey.facts(&question)?;
        survey.keep()?;
        let written = WrittenQuestion::of(&question, Path::new("/data")).expect("it has files");
        let path = written.path(out.path())?;
        assert_eq!(written.recall(out.path())?.map(SeenData::facts), Some(facts("one")));
        let text = std::fs::read(&path)?;
        std::fs::write(&path, &text[..text.len() / 2])?;
        assert_eq!(written.recall(out.path())?, None);
        Ok(())
    }
}
