//! The data sets that Freezewise knows, as data: classes, sizes, layouts on disk, where they come from.
//!
//! Nothing is read here: a spec is checked against this page before any file is opened.

mod cifar;
mod shape;

pub use cifar::CifarLayout;
pub use shape::ImageShape;

/// A data set, by the name that a spec gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dataset {
    /// Images made on the spot, from nothing but a seed.
    Synthetic,
    /// Ten classes of natural images.
    Cifar10,
    /// A hundred classes of natural images.
    Cifar100,
}

impl Dataset {
    /// Every data set.
    pub const ALL: [Self; 3] = [Self::Synthetic, Self::Cifar10, Self::Cifar100];

    /// The name in a spec.
    pub fn name(self) -> &'static str {
        match self {
            Self::Synthetic => "synthetic",
            Self::Cifar10 => "cifar10",
            Self::Cifar100 => "cifar100",
        }
    }

    /// The data set of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dataset| dataset.name() == name)
    }

    /// The shape of one image as published.
    pub fn shape(self) -> ImageShape {
        ImageShape { channels: 3, height: 32, width: 32 }
    }

    /// How many training examples there are.
    pub fn train_size(self) -> usize {
        match self {
            Self::Synthetic => 20_000,
            Self::Cifar10 | Self::Cifar100 => 50_000,
        }
    }

    /// How many test examples there are.
    pub fn test_size(self) -> usize {
        match self {
            Self::Synthetic => 2_000,
            Self::Cifar10 | Self::Cifar100 => 10_000,
        }
    }

    /// How many classes it has as published; a spec chooses those of the synthetic task.
    pub fn classes(self) -> Option<usize> {
        match self {
            Self::Synthetic => None,
            Self::Cifar10 => Some(10),
            Self::Cifar100 => Some(100),
        }
    }

    /// Where its files are and what is in them, if it has files.
    pub fn cifar(self) -> Option<&'static CifarLayout> {
        match self {
            Self::Synthetic => None,
            Self::Cifar10 => Some(&cifar::CIFAR10),
            Self::Cifar100 => Some(&cifar::CIFAR100),
        }
    }
}
