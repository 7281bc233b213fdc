//! The layers before the first stage of a ResNet or DenseNet.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::operation::{Operation, Window};

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

    /// Pooling after norm and activation.
    pub(super) fn pool(self) -> Option<Operation> {
        match self {
            Self::Cifar => None,
            Self::Imagenet => Some(Operation::MaxPool(Window::centred(3, 2))),
        }
    }
}
