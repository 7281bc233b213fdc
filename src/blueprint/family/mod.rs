//! The network families, a file each: its layers, its sizes with their defaults, and the names that other programs give
//! its tensors.
//!
//! A new family is its file, its place in the enums of this one, and the keys in `table` that no other family has.

mod densenet;
mod preact_resnet;
mod resnet;
mod stem;
mod table;
mod vit;

pub use densenet::Densenet;
pub use preact_resnet::PreactResnet18;
pub use resnet::{Resnet, ResnetDepth};
pub use stem::Stem;
pub use table::NetworkTable;
pub use vit::{Pooling, Vit};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::plan::{FamilyLayers, ShapeError};
use crate::catalogue::ImageShape;

/// An architecture by its name in a spec: a family, and for some its depth or its sizes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ArchitectureName {
    /// Pre-activation ResNet-18 for small images.
    #[default]
    #[serde(rename = "preact-resnet18")]
    PreactResnet18,
    /// torchvision's ResNet-18.
    Resnet18,
    /// torchvision's ResNet-34.
    Resnet34,
    /// torchvision's ResNet-50.
    Resnet50,
    /// torchvision's DenseNet-121, or a `DenseNet` of other sizes.
    Densenet121,
    /// torchvision's ViT-B/16.
    #[serde(rename = "vit-b16")]
    VitB16,
    /// A vision transformer for small images.
    VitCifar,
}

/// A network family with its sizes.
#[derive(Clone, Debug, PartialEq)]
pub enum Architecture {
    /// Pre-activation ResNet-18 for small images, of any width.
    PreactResnet18(PreactResnet18),
    /// ResNet.
    Resnet(Resnet),
    /// DenseNet.
    Densenet(Densenet),
    /// Vision transformer.
    Vit(Vit),
}

impl ArchitectureName {
    /// Every architecture.
    pub const ALL: [Self; 7] = [
        Self::PreactResnet18,
        Self::Resnet18,
        Self::Resnet34,
        Self::Resnet50,
        Self::Densenet121,
        Self::VitB16,
        Self::VitCifar,
    ];

    /// The name in a spec.
    pub fn name(self) -> &'static str {
        match self {
            Self::PreactResnet18 => "preact-resnet18",
            Self::Resnet18 => "resnet18",
            Self::Resnet34 => "resnet34",
            Self::Resnet50 => "resnet50",
            Self::Densenet121 => "densenet121",
            Self::VitB16 => "vit-b16",
            Self::VitCifar => "vit-cifar",
        }
    }

    /// The sizes of its definition: the keys that it takes, and their defaults.
    pub fn sizes(self) -> NetworkTable {
        let sizes = match self {
            Self::PreactResnet18 => PreactResnet18::sizes(),
            Self::Resnet18 | Self::Resnet34 | Self::Resnet50 => Resnet::sizes(),
            Self::Densenet121 => Densenet::sizes(),
            Self::VitB16 => Vit::sizes([16, 768, 12, 12, 3072]),
            Self::VitCifar => Vit::sizes([4, 512, 6, 8, 512]),
        };
        NetworkTable { architecture: self, ..sizes }
    }

    /// The architecture at the sizes of a filled table.
    pub fn at(self, sizes: &NetworkTable) -> Architecture {
        match self {
            Self::PreactResnet18 => Architecture::PreactResnet18(PreactResnet18::at(sizes)),
            Self::Resnet18 => Architecture::Resnet(Resnet::at(ResnetDepth::Eighteen, sizes)),
            Self::Resnet34 => Architecture::Resnet(Resnet::at(ResnetDepth::ThirtyFour, sizes)),
            Self::Resnet50 => Architecture::Resnet(Resnet::at(ResnetDepth::Fifty, sizes)),
            Self::Densenet121 => Architecture::Densenet(Densenet::at(sizes)),
            Self::VitB16 | Self::VitCifar => Architecture::Vit(Vit::at(sizes)),
        }
    }

    /// The architectures that take a key.
    pub fn taking(key: &str) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |name| name.sizes().given().any(|size| size == key))
    }

    /// The name under which a filled table counts: of those that mean the same network, the last.
    #[must_use]
    pub fn canonical(self, sizes: &NetworkTable) -> Self {
        let own = self.at(sizes);
        Self::ALL.into_iter().rfind(|name| name.at(sizes) == own).unwrap_or(self)
    }
}

impl Architecture {
    /// What is asked of every family.
    pub(crate) fn family(&self) -> &dyn Family {
        match self {
            Self::PreactResnet18(family) => family,
            Self::Resnet(family) => family,
            Self::Densenet(family) => family,
            Self::Vit(family) => family,
        }
    }

    /// The same, to change it.
    pub(crate) fn family_mut(&mut self) -> &mut dyn Family {
        match self {
            Self::PreactResnet18(family) => family,
            Self::Resnet(family) => family,
            Self::Densenet(family) => family,
            Self::Vit(family) => family,
        }
    }
}

/// A dimension of a tensor by the tensor's name, if a file has it.
pub(crate) type AxisLength<'a> = &'a dyn Fn(&str, usize) -> Option<usize>;

/// What a family answers for itself.
pub(crate) trait Family {
    /// Its layers for images of a shape, with a head for so many classes; an error where its sizes do not go together.
    fn layers(&self, input: ImageShape, classes: usize) -> Result<FamilyLayers, ShapeError>;

    /// The convolution that images come to, its weight `[channels out, channels in, height, width]`.
    fn first_tensor(&self) -> &'static str;

    /// What no tensor shows, so that an import must assume it.
    fn unrecorded(&self) -> String;

    /// By what it is found among the names of a file, each way in its turn.
    fn marks(&self) -> Vec<FamilyMark>;

    /// What a tensor of another program's network is called here, where that is not the same.
    fn renamed(&self, parts: &[&str]) -> Option<String>;

    /// Sizes with which it trains in seconds on a CPU, for a first spec.
    fn quick_sizes(&self) -> &'static [QuickSize];

    /// Which key to change, and how, where images are too small for it.
    fn too_small(&self) -> (&'static str, &'static str) {
        ("image_size", "use larger images")
    }

    /// The keys that change nothing at these sizes.
    fn idle_keys(&self) -> &'static [&'static str] {
        &[]
    }

    /// Whether its layers may drop anything.
    fn may_drop(&self) -> bool {
        false
    }

    /// Takes over what the tensors of a file tell of its sizes.
    fn adapt(&mut self, _: AxisLength<'_>) {}

    /// The side of the square images that a file's tensors are for, where they tell.
    fn image_side(&self, _: AxisLength<'_>) -> Option<usize> {
        None
    }
}

/// A key of `[network]`, a small value for it, and a comment.
pub(crate) type QuickSize = (&'static str, &'static str, &'static str);

/// Identifies a family's network among names: its first tensor, and the prefix of others.
pub(crate) struct FamilyMark {
    pub(crate) first: &'static str,
    pub(crate) others: &'static str,
    /// The prefix that these names have in a full network here.
    pub(crate) inside: &'static str,
}
