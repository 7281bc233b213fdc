//! Writes a scene as PDF: vectors, and searchable text with an embedded subset of the font.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::{Result, anyhow};
use flate2::{Compression, write::ZlibEncoder};
use pdf_writer::types::{CidFontType, FontFlags, LineJoinStyle, SystemInfo, UnicodeCmap};
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref, Str, TextStr};
use subsetter::GlyphRemapper;

use super::font;
use super::palette::Rgb;
use super::scene::{Bounds, Label, Paint, Painter, Scene, Stroke};
use super::segment::PathSegment;

const FONT: Name = Name(b"F0");
/// The tag of a font subset: six letters, the same in every file.
const SUBSET: &str = "FIGURE";
const CATALOG: Ref = Ref::new(1);
const PAGES: Ref = Ref::new(2);
const PAGE: Ref = Ref::new(3);
const CONTENT: Ref = Ref::new(4);
const INFO: Ref = Ref::new(5);
const TYPE0: Ref = Ref::new(6);
const CID: Ref = Ref::new(7);
const DESCRIPTOR: Ref = Ref::new(8);
const FONT_FILE: Ref = Ref::new(9);
const UNICODE: Ref = Ref::new(10);
const FIRST_OPACITY: i32 = 11;
const SYSTEM: SystemInfo = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// Writes a scene as one page of its size.
pub fn write(scene: &Scene) -> Result<Vec<u8>> {
    let mut sheet = PdfPage { height: scene.height, ..PdfPage::new() };
    sheet.paint(scene);
    let mut pdf = Pdf::new();
    pdf.catalog(CATALOG).pages(PAGES);
    pdf.pages(PAGES).kids([PAGE]).count(1);
    pdf.document_info(INFO).title(TextStr(&font::visible(&scene.title)));
    let mut page = pdf.page(PAGE);
    page.parent(PAGES).contents(CONTENT);
    page.media_box(Rect::new(0.0, 0.0, scene.width as f32, scene.height as f32));
    let mut resources = page.resources();
    resources.fonts().pair(FONT, TYPE0);
    let mut states = resources.ext_g_states();
    for (index, opacity) in sheet.opacities.iter().enumerate() {
        states.pair(Name(opacity_name(*opacity).as_bytes()), Ref::new(FIRST_OPACITY + index as i32));
    }
    states.finish();
    resources.finish();
    page.finish();
    for (index, opacity) in sheet.opacities.iter().enumerate() {
        pdf.ext_graphics(Ref::new(FIRST_OPACITY + index as i32)).non_stroking_alpha(f32::from(*opacity) / 100.0);
    }
    let content = deflated(&sheet.content.finish())?;
    pdf.stream(CONTENT, &content).filter(Filter::FlateDecode);
    embed_font(&mut pdf, &sheet.glyphs, &sheet.letters)?;
    Ok(pdf.finish())
}

struct PdfPage {
    content: Content,
    height: f64,
    /// Glyphs in use, with their numbers in the subset.
    glyphs: GlyphRemapper,
    /// The character of each glyph.
    letters: BTreeMap<u16, char>,
    /// Opacities in use, in percent.
    opacities: Vec<u8>,
}

impl PdfPage {
    fn new() -> Self {
        let (content, glyphs) = (Content::new(), GlyphRemapper::new());
        Self { content, height: 0.0, glyphs, letters: BTreeMap::new(), opacities: Vec::new() }
    }

    /// The PDF origin is the lower left corner.
    fn place(&self, x: f64, y: f64) -> (f32, f32) {
        (rounded(x), rounded(self.height - y))
    }

    fn fill_with(&mut self, paint: Paint, opacity: f64) {
        let [red, green, blue] = channels(paint);
        self.content.set_fill_rgb(red, green, blue);
        let percent = (opacity * 100.0).round() as u8;
        if !self.opacities.contains(&percent) {
            self.opacities.push(percent);
        }
        self.content.set_parameters(Name(opacity_name(percent).as_bytes()));
    }

    fn path(&mut self, segments: &[PathSegment]) {
        for segment in segments {
            match *segment {
                PathSegment::Move(x, y) => {
                    let (x, y) = self.place(x, y);
                    self.content.move_to(x, y);
                }
                PathSegment::Line(x, y) => {
                    let (x, y) = self.place(x, y);
                    self.content.line_to(x, y);
                }
                PathSegment::Cubic([one, two, end]) => {
                    let [a, b, c] = [one, two, end].map(|(x, y)| self.place(x, y));
                    self.content.cubic_to(a.0, a.1, b.0, b.1, c.0, c.1);
                }
                PathSegment::Close => {
                    self.content.close_path();
                }
            }
        }
    }
}

impl Painter for PdfPage {
    fn rectangle(&mut self, bounds: &Bounds, fill: Paint, opacity: f64) {
        self.fill_with(fill, opacity);
        let (left, bottom) = self.place(bounds.left, bounds.bottom());
        self.content.rect(left, bottom, rounded(bounds.width), rounded(bounds.height)).fill_nonzero();
    }

    fn outline(
        &mut self,
        segments: &[PathSegment],
        fill: Option<(Paint, f64)>,
        stroke: Option<&Stroke>,
        clip: Option<&Bounds>,
    ) {
        self.content.save_state();
        if let Some(clip) = clip {
            let (left, bottom) = self.place(clip.left, clip.bottom());
            self.content.rect(left, bottom, rounded(clip.width), rounded(clip.height)).clip_nonzero().end_path();
        }
        if let Some((paint, opacity)) = fill {
            self.fill_with(paint, opacity);
        }
        if let Some(stroke) = stroke {
            let [red, green, blue] = channels(stroke.paint);
            self.content.set_stroke_rgb(red, green, blue).set_line_width(stroke.width as f32);
            self.content.set_line_join(LineJoinStyle::RoundJoin);
            self.content.set_dash_pattern(stroke.dashes.iter().map(|length| rounded(*length)), 0.0);
        }
        self.path(segments);
        match (fill.is_some(), stroke.is_some()) {
            (true, true) => self.content.fill_nonzero_and_stroke(),
            (true, false) => self.content.fill_nonzero(),
            (false, true) => self.content.stroke(),
            (false, false) => self.content.end_path(),
        };
        self.content.restore_state();
    }

    fn label(&mut self, label: &Label) {
        let mut bytes = Vec::new();
        for letter in label.text.chars() {
            let id = self.glyphs.remap(font::glyph(letter).0.0);
            self.letters.entry(id).or_insert(letter);
            bytes.extend(id.to_be_bytes());
        }
        let shift = label.shift();
        let ((x, y), turn) = if label.upwards {
            (self.place(label.x, label.y + shift), [0.0, 1.0, -1.0, 0.0])
        } else {
            (self.place(label.x - shift, label.y), [1.0, 0.0, 0.0, 1.0])
        };
        self.fill_with(label.paint, 1.0);
        self.content.begin_text().set_font(FONT, label.size as f32);
        self.content.set_text_matrix([turn[0], turn[1], turn[2], turn[3], x, y]).show(Str(&bytes)).end_text();
    }
}

fn embed_font(pdf: &mut Pdf, glyphs: &GlyphRemapper, letters: &BTreeMap<u16, char>) -> Result<()> {
    let face = font::face();
    let thousandths = |units: f64| (units * 1000.0 / font::units()).round() as f32;
    let name = format!("{SUBSET}+{}", font::NAME);
    let name = Name(name.as_bytes());
    let subset = subsetter::subset(font::FILE, 0, glyphs).map_err(|error| anyhow!("cannot embed the font: {error}"))?;
    pdf.type0_font(TYPE0)
        .base_font(name)
        .encoding_predefined(Name(b"Identity-H"))
        .descendant_font(CID)
        .to_unicode(UNICODE);
    let mut cid = pdf.cid_font(CID);
    cid.subtype(CidFontType::Type2).base_font(name).system_info(SYSTEM).font_descriptor(DESCRIPTOR);
    cid.default_width(0.0).cid_to_gid_map_predefined(Name(b"Identity"));
    let advance = |id| f64::from(face.glyph_hor_advance(ttf_parser::GlyphId(id)).unwrap_or(0));
    cid.widths().consecutive(0, glyphs.remapped_gids().map(|id| thousandths(advance(id))));
    cid.finish();
    let bounds = face.global_bounding_box();
    let [left, low, right, high] =
        [bounds.x_min, bounds.y_min, bounds.x_max, bounds.y_max].map(|edge| thousandths(f64::from(edge)));
    pdf.font_descriptor(DESCRIPTOR)
        .name(name)
        .flags(FontFlags::SYMBOLIC)
        .bbox(Rect::new(left, low, right, high))
        .italic_angle(0.0)
        .ascent(thousandths(f64::from(face.ascender())))
        .descent(thousandths(f64::from(face.descender())))
        .cap_height(thousandths(f64::from(face.capital_height().unwrap_or(face.ascender()))))
        // Stem width of the regular weight.
        .stem_v(80.0)
        .font_file2(FONT_FILE);
    let file = deflated(&subset)?;
    pdf.stream(FONT_FILE, &file).filter(Filter::FlateDecode).pair(Name(b"Length1"), subset.len() as i32);
    let mut unicode = UnicodeCmap::new(Name(b"Figure"), SYSTEM);
    for (id, letter) in letters {
        unicode.pair(*id, *letter);
    }
    let unicode = deflated(&unicode.finish())?;
    pdf.stream(UNICODE, &unicode).filter(Filter::FlateDecode);
    Ok(())
}

fn deflated(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

fn opacity_name(percent: u8) -> String {
    format!("O{percent}")
}

fn channels(paint: Paint) -> [f32; 3] {
    let Rgb(channels) = paint.rgb();
    channels.map(|channel| f32::from(channel) / 255.0)
}

/// Rounds to a thousandth of a point, which is precise enough and short.
fn rounded(value: f64) -> f32 {
    ((value * 1000.0).round() / 1000.0) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::{ChartAxis, Extent, Figure, Panel, Series, lay_out};

    fn scene(name: &str) -> Scene {
        let series = vec![Series::line(0, name, vec![(1.0, 0.5), (10.0, 0.3), (100.0, 0.4)])];
        let panel = Panel::new(ChartAxis::log_epochs(), ChartAxis::error("test error"), series);
        lay_out(&Figure::new(name, Extent::one_column(), vec![panel])).scene
    }

    #[test]
    fn the_file_is_complete_small_and_deterministic() -> Result<()> {
        let file = write(&scene("test"))?;
        assert!(file.starts_with(b"%PDF-1.7") && file.ends_with(b"%%EOF"));
        assert!(file.len() < 30_000, "{} bytes: the font was embedded whole", file.len());
        let text = String::from_utf8_lossy(&file).into_owned();
        for part in ["/FontFile2 9 0 R", "/MediaBox [0 0 234 ", "/ToUnicode 10 0 R", "FIGURE+LiberationSans"] {
            assert!(text.contains(part), "{part} is missing");
        }
        assert!(!text.contains("CreationDate") && !text.contains("Producer"));
        assert_eq!(file, write(&scene("test"))?);
        Ok(())
    }

    #[test]
    fn any_name_can_be_written() -> Result<()> {
        assert!(write(&scene("你好 \u{202e}) Tj ET <b> é"))?.ends_with(b"%%EOF"));
        Ok(())
    }
}
