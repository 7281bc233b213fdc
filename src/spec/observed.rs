//! What was seen of data sets and files when a spec was read, as far as the names of runs and sources depend on it.

use super::data::Side;
use super::experiment::Fit;
use super::task::KnownTask;
use crate::blueprint::ImageShape;
use crate::catalogue::Dataset;

/// What was seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Observed {
    /// Digests of content, by the key that names the data set or the file.
    digests: Vec<(String, String)>,
    /// The tasks that take every class of their data set.
    whole: Vec<Side>,
    /// The tasks whose images `image_fit = "squeeze"` changes.
    squeezed: Vec<Side>,
}

impl Observed {
    /// Of the data sets of the tasks, whose images are given a shape.
    pub(super) fn of(tasks: &[(Side, &KnownTask)], image: ImageShape, fit: Fit) -> Self {
        let mut observed = Self::default();
        for &(side, known) in tasks {
            let digest = known.facts.digest.clone();
            observed.digests.extend(digest.map(|digest| (format!("{}.path", side.name()), digest)));
            if known.task.selection.classes.len() == known.facts.class_count {
                observed.whole.push(side);
            }
            if fit == Fit::Squeeze && depends_on_fit(known, image) {
                observed.squeezed.push(side);
            }
        }
        observed
    }

    /// Adds the digest of a file that a key names.
    pub(super) fn add_file(&mut self, key: String, digest: String) {
        self.digests.push((key, digest));
    }

    /// The digest for a key.
    pub(super) fn digest(&self, key: &str) -> Option<&str> {
        self.digests.iter().find(|(name, _)| name == key).map(|(_, digest)| digest.as_str())
    }

    /// Whether a task takes every class.
    pub(super) fn is_whole(&self, side: Side) -> bool {
        self.whole.contains(&side)
    }

    /// Whether a task's images are squeezed where otherwise their middle would be cut out.
    pub(super) fn is_squeezed(&self, side: Side) -> bool {
        self.squeezed.contains(&side)
    }
}

/// Whether cropping and squeezing give other images: not where they have the proportions already. Of a folder only the
/// first image was looked at, and the others may have any.
fn depends_on_fit(known: &KnownTask, image: ImageShape) -> bool {
    let own = known.facts.shape;
    known.task.data.dataset() == Dataset::Folder || own.height * image.width != own.width * image.height
}
