//! The network families as data: named layers made of operations, with their shapes, parameters and multiply-adds.
//!
//! A family is a list of operations and nothing more; `network` gives the same list its tensors and runs it, and
//! `describe`, the range of k and the shape errors are read from it. So a new family is one file here.
//! It must not know of tensors, devices or files.

mod operation;
mod preact_resnet;
mod shape;

pub use operation::{Initial, Operation, Role, Slot};
pub use shape::Shape;

pub use crate::catalogue::ImageShape;

/// A network family with its sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// Pre-activation ResNet-18 for small images, of any width.
    PreactResnet18 {
        /// Channels of the stem and the first stage; the others have two, four and eight times as many.
        width: usize,
    },
}

/// One freezable unit of a network, or its head.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Its name, a prefix of its tensors' paths wherever the layer is one module of the original definition.
    pub name: String,
    /// What it computes, in order.
    pub operations: Vec<Operation>,
}

/// A network as data: its freezable layers from the input on, and its head.
#[derive(Clone, Debug, PartialEq)]
pub struct Blueprint {
    /// The shape of one input image.
    pub input: ImageShape,
    /// The freezable layers.
    pub layers: Vec<Layer>,
    /// Pooling and classifier: new for every task, never frozen, not counted in k.
    pub head: Layer,
}

/// What one layer costs and gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerFacts {
    /// The layer's name.
    pub name: String,
    /// The shape of what it gives for one image.
    pub output: Shape,
    /// How many numbers training can change in it.
    pub parameters: u64,
    /// Multiply-adds of its convolutions and linear maps, forward, for one image.
    pub multiply_adds: u64,
}

impl Blueprint {
    /// The network of an architecture for images of a shape and a number of classes.
    pub fn new(architecture: Architecture, input: ImageShape, classes: usize) -> Self {
        match architecture {
            Architecture::PreactResnet18 { width } => preact_resnet::blueprint(width, input, classes),
        }
    }

    /// The layers and the head, in order.
    pub fn all_layers(&self) -> impl Iterator<Item = &Layer> {
        self.layers.iter().chain(std::iter::once(&self.head))
    }

    /// The facts of every layer, the head last.
    pub fn facts(&self) -> Vec<LayerFacts> {
        let mut flow = operation::FlowShape::new(Shape::Image(self.input));
        self.all_layers()
            .map(|layer| {
                let mut multiply_adds = 0;
                for operation in &layer.operations {
                    multiply_adds += operation.apply(&mut flow);
                }
                LayerFacts {
                    name: layer.name.clone(),
                    output: flow.value,
                    parameters: layer.parameters(),
                    multiply_adds,
                }
            })
            .collect()
    }

    /// Whether a batch norm sees feature maps of a single pixel: then it needs more than one image in a batch.
    pub fn normalises_one_pixel(&self) -> bool {
        let mut flow = operation::FlowShape::new(Shape::Image(self.input));
        self.layers.iter().flat_map(|layer| &layer.operations).any(|operation| {
            let one_pixel = matches!(flow.value, Shape::Image(ImageShape { height: 1, width: 1, .. }));
            operation.apply(&mut flow);
            one_pixel && matches!(operation, Operation::BatchNorm { .. })
        })
    }

    /// How many parameters train when the first `frozen` layers do not.
    pub fn trainable_parameters(&self, frozen: usize) -> u64 {
        self.all_layers().skip(frozen).map(Layer::parameters).sum()
    }
}

impl Layer {
    /// How many numbers training can change in the layer.
    pub fn parameters(&self) -> u64 {
        self.slots().filter(|slot| slot.role == Role::Parameter).map(|slot| slot.elements()).sum()
    }

    /// The layer's tensors.
    pub fn slots(&self) -> impl Iterator<Item = Slot> {
        self.operations.iter().flat_map(Operation::slots)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preact(width: usize) -> Blueprint {
        let input = ImageShape { channels: 3, height: 32, width: 32 };
        Blueprint::new(Architecture::PreactResnet18 { width }, input, 10)
    }

    /// Worked out by hand from the definition: all, stem and 6 blocks frozen, stem and 7, the head alone.
    #[test]
    fn preact_resnet18_has_its_parameters() {
        let table = [
            (8, [176_050, 132_170, 74_634, 650]),
            (16, [700_762, 526_474, 296_714, 1_290]),
            (64, [11_171_146, 8_397_322, 4_725_770, 5_130]),
        ];
        for (width, expected) in table {
            let blueprint = preact(width);
            assert_eq!([0, 7, 8, 9].map(|frozen| blueprint.trainable_parameters(frozen)), expected, "width {width}");
        }
    }

    #[test]
    fn preact_resnet18_has_its_shapes_and_cost() {
        let facts = preact(64).facts();
        let names: Vec<&str> = facts.iter().map(|layer| layer.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "stem", "layer1.0", "layer1.1", "layer2.0", "layer2.1", "layer3.0", "layer3.1", "layer4.0", "layer4.1",
                "head"
            ]
        );
        assert_eq!(facts[3].output, Shape::Image(ImageShape { channels: 128, height: 16, width: 16 }));
        assert_eq!(facts[8].output, Shape::Image(ImageShape { channels: 512, height: 4, width: 4 }));
        assert_eq!(facts[9].output, Shape::Features(10));
        let multiply_adds: u64 = facts.iter().map(|layer| layer.multiply_adds).sum();
        assert_eq!(multiply_adds, 555_422_720, "0.555 G for ResNet-18 on 32 by 32 images");
    }

    #[test]
    fn tensor_paths_are_unique() {
        let blueprint = preact(4);
        let mut paths: Vec<String> =
            blueprint.all_layers().flat_map(|layer| layer.slots().map(|slot| slot.path)).collect();
        let count = paths.len();
        paths.sort();
        paths.dedup();
        assert_eq!(paths.len(), count);
        assert!(paths.contains(&"layer2.0.downsample.0.weight".to_owned()));
    }

    /// `network` computes ReLU in place; on what is also kept for a shortcut that would change the shortcut.
    #[test]
    fn relu_never_follows_keep() {
        for layer in preact(4).all_layers() {
            for pair in layer.operations.windows(2) {
                assert!(!matches!(pair, [Operation::Keep, Operation::Relu]), "{}", layer.name);
            }
        }
    }
}
