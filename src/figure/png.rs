//! Writes a scene as PNG, with its resolution in the file.

use anyhow::{Context, Result};
use png::{BitDepth, ColorType, Compression, PixelDimensions, Unit};
use tiny_skia::{
    Color, FillRule, LineJoin, Mask, PathBuilder, Pixmap, PremultipliedColorU8, Rect, StrokeDash, Transform,
};

use super::font;
use super::palette::Rgb;
use super::scene::{Bounds, Label, Paint, Painter, Scene, Stroke};
use super::segment::PathSegment;

/// Resolution for print, in dots per inch.
pub const DPI: f64 = 300.0;

/// Draws a scene on white at `dpi` pixels per inch. Fails if the picture is too large or too small to draw.
pub fn write(scene: &Scene, dpi: f64) -> Result<Vec<u8>> {
    let scale = dpi / 72.0;
    let (width, height) = ((scene.width * scale).round() as u32, (scene.height * scale).round() as u32);
    let pixmap = Pixmap::new(width, height);
    let pixels = pixmap.with_context(|| format!("cannot draw a picture of {width} × {height} pixels"))?;
    let mut canvas = Raster { pixels, scale, masks: Vec::new() };
    canvas.pixels.fill(Color::WHITE);
    canvas.paint(scene);
    let opaque = canvas
        .pixels
        .pixels()
        .iter()
        .flat_map(|pixel: &PremultipliedColorU8| [pixel.red(), pixel.green(), pixel.blue()]);
    encode(&opaque.collect::<Vec<u8>>(), (width, height), dpi)
}

fn encode(pixels: &[u8], (width, height): (u32, u32), dpi: f64) -> Result<Vec<u8>> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(ColorType::Rgb);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Balanced);
    // Flat colours compress as well without filters, and choosing a filter for each row takes longer than compressing.
    encoder.set_filter(png::Filter::NoFilter);
    let per_metre = (dpi / 0.0254).round() as u32;
    encoder.set_pixel_dims(Some(PixelDimensions { xppu: per_metre, yppu: per_metre, unit: Unit::Meter }));
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(file)
}

struct Raster {
    pixels: Pixmap,
    scale: f64,
    /// One mask per clip so far.
    masks: Vec<(Bounds, Mask)>,
}

impl Raster {
    fn transform(&self) -> Transform {
        Transform::from_scale(self.scale as f32, self.scale as f32)
    }

    /// The index of the mask for a clip.
    fn mask(&mut self, clip: &Bounds) -> Option<usize> {
        if let Some(known) = self.masks.iter().position(|(bounds, _)| bounds == clip) {
            return Some(known);
        }
        let edges = [clip.left, clip.top, clip.right(), clip.bottom()].map(|edge| edge as f32);
        let rectangle = Rect::from_ltrb(edges[0], edges[1], edges[2], edges[3])?;
        let mut mask = Mask::new(self.pixels.width(), self.pixels.height())?;
        mask.fill_path(&PathBuilder::from_rect(rectangle), FillRule::Winding, true, self.transform());
        self.masks.push((*clip, mask));
        Some(self.masks.len() - 1)
    }
}

impl Painter for Raster {
    fn rectangle(&mut self, bounds: &Bounds, fill: Paint, opacity: f64) {
        let (left, top, right, bottom) = (bounds.left, bounds.top, bounds.right(), bounds.bottom());
        // Cell borders are rounded to whole pixels, so that the page does not show between cells.
        let mut edges = [left, top, right, bottom];
        if matches!(fill, Paint::Fixed(_)) {
            edges = edges.map(|edge| (edge * self.scale).round() / self.scale);
        }
        let [left, top, right, bottom] = edges.map(|edge| edge as f32);
        if let Some(rectangle) = Rect::from_ltrb(left, top, right, bottom) {
            let mut paint = paint(fill, opacity);
            paint.anti_alias = !matches!(fill, Paint::Fixed(_));
            let path = PathBuilder::from_rect(rectangle);
            self.pixels.fill_path(&path, &paint, FillRule::Winding, self.transform(), None);
        }
    }

    fn outline(
        &mut self,
        segments: &[PathSegment],
        fill: Option<(Paint, f64)>,
        stroke: Option<&Stroke>,
        clip: Option<&Bounds>,
    ) {
        let Some(path) = path(segments) else { return };
        let transform = self.transform();
        let mask = clip.and_then(|clip| self.mask(clip));
        let mask = mask.map(|index| &self.masks[index].1);
        if let Some((fill, opacity)) = fill {
            self.pixels.fill_path(&path, &paint(fill, opacity), FillRule::Winding, transform, mask);
        }
        if let Some(stroke) = stroke {
            let dashes: Vec<f32> = stroke.dashes.iter().map(|length| *length as f32).collect();
            let drawn = tiny_skia::Stroke {
                width: stroke.width as f32,
                line_join: LineJoin::Round,
                dash: StrokeDash::new(dashes, 0.0),
                ..tiny_skia::Stroke::default()
            };
            self.pixels.stroke_path(&path, &paint(stroke.paint, 1.0), &drawn, transform, mask);
        }
    }

    fn label(&mut self, label: &Label) {
        let (mut at, mut segments) = (-label.shift(), Vec::new());
        for letter in label.text.chars() {
            let (id, advance) = font::glyph(letter);
            segments.extend(font::outline(id, (at, 0.0), label.size));
            at += advance * label.size / font::units();
        }
        let turned = if label.upwards { -90.0 } else { 0.0 };
        let placed = Transform::from_rotate(turned).post_translate(label.x as f32, label.y as f32);
        if let Some(path) = path(&segments) {
            let transform = placed.post_concat(self.transform());
            self.pixels.fill_path(&path, &paint(label.paint, 1.0), FillRule::Winding, transform, None);
        }
    }
}

fn paint(paint: Paint, opacity: f64) -> tiny_skia::Paint<'static> {
    let Rgb([red, green, blue]) = paint.rgb();
    let mut drawn = tiny_skia::Paint::default();
    drawn.set_color_rgba8(red, green, blue, (opacity * 255.0).round() as u8);
    drawn
}

fn path(segments: &[PathSegment]) -> Option<tiny_skia::Path> {
    let mut builder = PathBuilder::new();
    for segment in segments {
        match *segment {
            PathSegment::Move(x, y) => builder.move_to(x as f32, y as f32),
            PathSegment::Line(x, y) => builder.line_to(x as f32, y as f32),
            PathSegment::Cubic([one, two, end]) => {
                let [a, b, c] = [one, two, end].map(|(x, y)| (x as f32, y as f32));
                builder.cubic_to(a.0, a.1, b.0, b.1, c.0, c.1);
            }
            PathSegment::Close => builder.close(),
        }
    }
    builder.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::{ChartAxis, Extent, Figure, Panel, Series, lay_out};

    fn scene() -> Scene {
        let points = vec![(1.0, 0.5), (10.0, 0.3), (100.0, 0.4)];
        let series = vec![Series::line(0, "test", points)];
        let panel = Panel::new(ChartAxis::log_epochs(), ChartAxis::error("test error"), series);
        lay_out(&Figure::new("a curve", Extent::one_column(), vec![panel])).scene
    }

    #[test]
    fn the_file_has_its_resolution_and_column_width() -> Result<()> {
        let file = write(&scene(), DPI)?;
        let reader = png::Decoder::new(std::io::Cursor::new(&file)).read_info()?;
        let info = reader.info();
        // 3.25 inches; 300 dots per inch are 11,811 per metre.
        assert_eq!(info.width, 975);
        assert_eq!(info.pixel_dims.map(|dims| (dims.xppu, dims.yppu, dims.unit)), Some((11_811, 11_811, Unit::Meter)));
        assert_eq!(file, write(&scene(), DPI)?);
        Ok(())
    }

    #[test]
    fn curve_and_text_are_drawn() -> Result<()> {
        let picture = image::load_from_memory(&write(&scene(), 150.0)?)?.to_rgb8();
        let count = |colour: Rgb| picture.pixels().filter(|pixel| pixel.0 == colour.0).count();
        assert!(count(Paint::Tint(0).rgb()) > 300, "{} pixels of the curve", count(Paint::Tint(0).rgb()));
        assert!(count(Paint::Ink.rgb()) > 300, "{} pixels of text and axes", count(Paint::Ink.rgb()));
        Ok(())
    }

    #[test]
    fn a_page_without_area_is_an_error() {
        let empty = Scene { width: 0.0, ..scene() };
        let error = write(&empty, DPI).expect_err("nothing to draw on").to_string();
        assert!(error.starts_with("cannot draw a picture of 0 × "), "{error}");
    }
}
