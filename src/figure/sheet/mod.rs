//! Contact sheets: training examples with labels, as stored and as augmented, with wrong labels marked.

mod canvas;
mod font;

use anyhow::Result;

use crate::blueprint::ImageShape;
use canvas::{Area, Canvas, PixelColour, text_height, text_width};

const COLUMNS: usize = 8;
/// Smallest tile size in pixels; images are scaled up to it, and larger ones shown as they are.
const TILE: usize = 128;
const GAP: usize = 16;
/// Gap between images of one example.
const SEAM: usize = 4;
const MARGIN: usize = 24;
const FRAME: usize = 4;
const TITLE: usize = 3;
const TEXT: usize = 2;

const BLACK: PixelColour = [34, 34, 34];
const GREY: PixelColour = [120, 120, 120];
const RED: PixelColour = [200, 30, 30];

/// The examples of one task.
pub struct Section {
    /// Heading.
    pub title: String,
    /// Shape of its images, with one channel or three.
    pub shape: ImageShape,
    /// Name of each row of images.
    pub rows: Vec<String>,
    /// Examples, left to right.
    pub examples: Vec<Example>,
}

/// A training example.
pub struct Example {
    /// One image per row: `[channels, height, width]`.
    pub images: Vec<Vec<u8>>,
    /// Given label.
    pub label: String,
    /// True label, if different.
    pub truth: Option<String>,
}

/// Draws sections one below another, as a PNG file.
pub fn contact_sheet(sections: &[Section]) -> Result<Vec<u8>> {
    let layouts: Vec<SectionLayout> = sections.iter().map(SectionLayout::new).collect();
    let width = layouts.iter().map(|layout| layout.width).max().unwrap_or(0) + 2 * MARGIN;
    let height = layouts.iter().map(|layout| layout.height + MARGIN).sum::<usize>() + MARGIN;
    let mut canvas = Canvas::new(width, height);
    let mut top = MARGIN;
    for (section, layout) in sections.iter().zip(&layouts) {
        layout.draw(section, top, &mut canvas);
        top += layout.height + MARGIN;
    }
    canvas.png()
}

/// Positions and sizes within a section.
struct SectionLayout {
    /// Pixels of the sheet per pixel of an image.
    scale: usize,
    /// Size of an image on the sheet.
    tile: (usize, usize),
    /// Left edge of the first image.
    left: usize,
    /// Distance between rows of examples.
    step: usize,
    width: usize,
    height: usize,
}

impl SectionLayout {
    fn new(section: &Section) -> Self {
        let shape = section.shape;
        let scale = (TILE / shape.width.max(shape.height)).max(1);
        let tile = (shape.width * scale, shape.height * scale);
        let names = section.rows.iter().map(|name| text_width(name, TEXT)).max().unwrap_or(0);
        let left = MARGIN + names + GAP;
        let step = section.rows.len() * (tile.1 + SEAM) + 2 * (text_height(TEXT) + SEAM) + 2 * GAP;
        let columns = section.examples.len().min(COLUMNS);
        Self {
            scale,
            tile,
            left,
            step,
            width: (left - MARGIN + columns * (tile.0 + GAP)).max(text_width(&section.title, TITLE)),
            height: text_height(TITLE) + GAP + section.examples.len().div_ceil(COLUMNS) * step,
        }
    }

    fn draw(&self, section: &Section, top: usize, canvas: &mut Canvas) {
        canvas.write(MARGIN, top, &section.title, TITLE, BLACK);
        let top = top + text_height(TITLE) + GAP;
        for (index, example) in section.examples.iter().enumerate() {
            let (row, column) = (index / COLUMNS, index % COLUMNS);
            let (left, top) = (self.left + column * (self.tile.0 + GAP), top + row * self.step);
            if column == 0 {
                for (index, name) in section.rows.iter().enumerate() {
                    let middle = top + index * (self.tile.1 + SEAM) + (self.tile.1 - text_height(TEXT)) / 2;
                    canvas.write(MARGIN, middle, name, TEXT, GREY);
                }
            }
            self.draw_example(section.shape, example, left, top, canvas);
        }
    }

    fn draw_example(&self, shape: ImageShape, example: &Example, left: usize, top: usize, canvas: &mut Canvas) {
        let (width, height) = self.tile;
        for (index, image) in example.images.iter().enumerate() {
            let area = Area { left, top: top + index * (height + SEAM), width, height };
            let plane = shape.height * shape.width;
            canvas.image(area, self.scale, |row, column| {
                let at = row * shape.width + column;
                [0, 1, 2].map(|channel| image[channel.min(shape.channels - 1) * plane + at])
            });
        }
        let all = Area { left, top, width, height: example.images.len() * (height + SEAM) - SEAM };
        let below = top + all.height + SEAM + FRAME;
        let colour = if example.truth.is_some() { RED } else { BLACK };
        write_fitting(canvas, left, below, &example.label, width + GAP - TEXT, colour);
        if let Some(truth) = &example.truth {
            canvas.frame(all, FRAME, RED);
            let truth = format!("is {truth}");
            write_fitting(canvas, left, below + text_height(TEXT) + SEAM, &truth, width + GAP - TEXT, GREY);
        }
    }
}

/// Writes a line at the largest size that fits; if even the smallest is too long, it ends in dots.
fn write_fitting(canvas: &mut Canvas, left: usize, top: usize, text: &str, width: usize, colour: PixelColour) {
    let scale = (1..=TEXT).rev().find(|&scale| text_width(text, scale) <= width);
    if let Some(scale) = scale {
        canvas.write(left, top, text, scale, colour);
        return;
    }
    let mut cut = text.to_owned();
    while !cut.is_empty() && text_width(&cut, 1) + text_width("..", 1) > width {
        cut.pop();
    }
    canvas.write(left, top, &format!("{cut}.."), 1, colour);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(channels: usize, examples: usize) -> Section {
        let shape = ImageShape { channels, height: 2, width: 2 };
        let example = |index: usize| Example {
            images: vec![vec![index as u8; shape.elements()]; 2],
            label: "a".repeat(index * 10),
            truth: (index == 1).then(|| "b".to_owned()),
        };
        let rows = vec!["as it is".to_owned(), "epoch 1".to_owned()];
        Section { title: "a title".into(), shape, rows, examples: (0..examples).map(example).collect() }
    }

    #[test]
    fn images_are_in_columns_and_wrong_labels_framed() -> Result<()> {
        let sheet = image::load_from_memory(&contact_sheet(&[section(3, 10), section(1, 1)])?)?.to_rgb8();
        let layout = SectionLayout::new(&section(3, 10));
        let top = (MARGIN + text_height(TITLE) + GAP) as u32;
        let at = |column: usize, row: u32| {
            let left = (layout.left + column * (TILE + GAP)) as u32;
            sheet.get_pixel(left + 5, top + row).0
        };
        for column in 0..8 {
            assert_eq!(at(column, 5), [column as u8; 3]);
            assert_eq!(at(column, (TILE + SEAM) as u32 + 5), [column as u8; 3], "the row of epoch 1");
        }
        assert_eq!(at(0, layout.step as u32 + 5), [8; 3], "the second row of examples");
        let red = sheet.pixels().filter(|pixel| pixel.0 == RED).count();
        let frame = 2 * FRAME * (TILE + 2 * TILE + SEAM + 2 * FRAME);
        assert!(red > frame && red < frame + 1000, "{red} red pixels, {frame} of them a frame");
        Ok(())
    }

    #[test]
    fn no_images_give_an_empty_sheet() -> Result<()> {
        for sections in [vec![], vec![section(3, 0)]] {
            assert!(image::load_from_memory(&contact_sheet(&sections)?).is_ok());
        }
        Ok(())
    }
}
