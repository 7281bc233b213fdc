//! The layers before the first stage of a ResNet or DenseNet.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::blueprint::operation::{Operation, Window};

/// First layers of a ResNet or DenseNet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Stem {
    /// A 3×3 convolution of stride 1, without pooling: for images of about 32 pixels.
    Cifar,
    /// torchvision's 7×7 convolution of stride 2 and max-pooling of stride 2: for images of about 224 pixels.
    Imagenet,
}

impl Stem {
    /// Window of the convolution.
    pub(super) fn window(self) -> Window {
        match self {
            Self::Cifar => Window::centred(3, 1),
            Self::Imagenet => Window::centred(7, 2),
        }
    }

    /// The stem whose convolution has a kernel of this side.
    pub(super) fn of_side(side: usize) -> Option<Self> {
        [Self::Cifar, Self::Imagenet].into_iter().find(|stem| stem.window().kernel == side)
    }

    /// Key to change, and how, if it leaves feature maps too small.
    pub(super) fn too_small(self) -> Option<(&'static str, &'static str)> {
        let advice = ("network.stem", "use `network.stem = \"cifar\"`, which reduces the resolution less");
        (self == Self::Imagenet).then_some(advice)
    }

    /// What no tensor of a network with this stem shows.
    pub(super) fn unrecorded(self) -> &'static str {
        match self {
            Self::Cifar => "a first convolution of stride 1 without pooling, ReLU, no dilation or blur",
            Self::Imagenet => "a first convolution of stride 2 with 3×3 max-pooling, ReLU, no dilation or blur",
        }
    }

    /// Pooling after norm and activation.
    pub(super) fn pool(self) -> Option<Operation> {
        match self {
            Self::Cifar => None,
            Self::Imagenet => Some(Operation::MaxPool(Window::centred(3, 2))),
        }
    }
}
