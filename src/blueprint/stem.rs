//! What comes before the first stage of a ResNet or a DenseNet.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::operation::{Operation, Window};

/// How fast the first layer makes the image small.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Stem {
    /// A 3×3 convolution of stride 1, and no pooling: for images of 32 pixels.
    Cifar,
    /// A 7×7 convolution of stride 2 and max-pooling of stride 2, as torchvision has it: for images of 224 pixels.
    Imagenet,
}

impl Stem {
    /// Of its convolution.
    pub(super) fn window(self) -> Window {
        match self {
            Self::Cifar => Window::centred(3, 1),
            Self::Imagenet => Window::centred(7, 2),
        }
    }

    /// What comes after norm and activation.
    pub(super) fn pool(self) -> Option<Operation> {
        match self {
            Self::Cifar => None,
            Self::Imagenet => Some(Operation::MaxPool(Window::centred(3, 2))),
        }
    }
}
