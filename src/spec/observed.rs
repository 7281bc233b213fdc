//! Facts about data sets and files that were looked up while reading a spec, as far as hashes depend on them.

use super::data::Side;
use super::image_fit::Fit;
use super::task::KnownTask;
use crate::blueprint::ImageShape;
use crate::catalogue::Dataset;

/// Facts about data sets and files.
#[derive(Clone, Debug, Default)]
pub(super) struct Observed {
    /// Content digests, by the key that names the data set or file.
    digests: Vec<(String, String)>,
    /// Tasks that use every class of their data set.
    whole: Vec<Side>,
    /// Tasks whose images `image_fit = "squeeze"` changes.
    squeezed: Vec<Side>,
}

impl Observed {
    /// Collects the facts of the tasks' data sets.
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

    /// Adds the digest of the file named by a key.
    pub(super) fn add_file(&mut self, key: String, digest: String) {
        self.digests.push((key, digest));
    }

    /// The digest for a key.
    pub(super) fn digest(&self, key: &str) -> Option<&str> {
        self.digests.iter().find(|(name, _)| name == key).map(|(_, digest)| digest.as_str())
    }

    /// Whether a task uses every class.
    pub(super) fn is_whole(&self, side: Side) -> bool {
        self.whole.contains(&side)
    }

    /// Whether squeezing gives a task other images than cropping.
    pub(super) fn is_squeezed(&self, side: Side) -> bool {
        self.squeezed.contains(&side)
    }
}

/// Whether cropping and squeezing give different images. They do not if all images have the right aspect ratio. Of a
/// folder only the first image was examined, so the others may have any.
fn depends_on_fit(known: &KnownTask, image: ImageShape) -> bool {
    let own = known.facts.shape;
    known.task.data.dataset() == Dataset::Folder || own.height * image.width != own.width * image.height
}
