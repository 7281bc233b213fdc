//! Writes a scene as SVG. Text stays text. Colours are attributes, for standalone files, and also classes, so that
//! [`STYLE`] in an HTML page makes every figure follow its light or dark theme.

use std::fmt::Write;

use super::font::{self, FAMILY};
use super::palette::{DARK_TINTS, Rgb, TINT_COUNT, TINTS};
use super::scene::{Anchor, Bounds, Item, Label, Paint, Scene, Stroke};
use super::segment::PathSegment;

/// A standalone file, or an element within a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// A file, with an XML declaration and a size in points.
    File,
    /// An element of an HTML page, which sets its size; width and height are those of the view box.
    Inline,
}

/// Writes a scene. Identifiers in it start with `prefix` (letters, digits, `-` and `_`; other characters become `-`).
/// Figures in one page need different prefixes.
pub fn write(scene: &Scene, prefix: &str, placement: Placement) -> String {
    let safe = |letter: char| if letter.is_ascii_alphanumeric() || letter == '_' { letter } else { '-' };
    let prefix: String = prefix.chars().map(safe).collect();
    let (width, height) = (short(scene.width), short(scene.height));
    let mut text = String::new();
    let unit = match placement {
        Placement::File => {
            text.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
            "pt"
        }
        Placement::Inline => "",
    };
    // Writing to a string cannot fail, here and below.
    let _ = write!(
        text,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"figure\" width=\"{width}{unit}\" height=\"{height}{unit}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\" aria-labelledby=\"{prefix}-title {prefix}-desc\">\n\
         <title id=\"{prefix}-title\">{}</title>\n<desc id=\"{prefix}-desc\">{}</desc>\n",
        escaped(&scene.title),
        escaped(&scene.description),
    );
    let clips = clips(scene);
    for (index, clip) in clips.iter().enumerate() {
        let _ = writeln!(text, "<clipPath id=\"{prefix}-clip-{index}\"><rect {}/></clipPath>", corners(clip));
    }
    let _ = writeln!(text, "<g font-family=\"{FAMILY}\" stroke-linejoin=\"round\">");
    for item in &scene.items {
        match item {
            Item::Rectangle { bounds, fill, opacity } => {
                let crisp = if matches!(fill, Paint::Fixed(_)) { " shape-rendering=\"crispEdges\"" } else { "" };
                let _ = writeln!(text, "<rect {}{crisp}{}/>", corners(bounds), filled(*fill, *opacity));
            }
            Item::Outline { segments, fill, stroke, clip } => {
                let fill = fill.map_or(" fill=\"none\"".to_owned(), |(paint, opacity)| filled(paint, opacity));
                let clip = clip.and_then(|clip| clips.iter().position(|known| *known == clip));
                let clip = clip.map_or(String::new(), |index| format!(" clip-path=\"url(#{prefix}-clip-{index})\""));
                let stroke = stroke.as_ref().map_or(String::new(), stroked);
                let _ = writeln!(text, "<path d=\"{}\"{}{clip}/>", path(segments), merged(&fill, &stroke));
            }
            Item::Label(label) => write_label(label, &mut text),
        }
    }
    text.push_str("</g>\n</svg>\n");
    text
}

/// The style sheet for pages with figures: `.figure` follows the reader's theme, or `data-theme` of the root element.
pub fn style() -> String {
    let rules = |tints: [Rgb; TINT_COUNT], [ink, muted, faint, paper]: [&str; 4]| {
        let mut rules = format!("--ink:{ink};--muted:{muted};--faint:{faint};--paper:{paper}");
        for (index, tint) in tints.into_iter().enumerate() {
            let _ = write!(rules, ";--tint-{index}:{}", hex(tint));
        }
        rules
    };
    let light = [Paint::Ink, Paint::Muted, Paint::Faint, Paint::Paper].map(|paint| hex(paint.rgb()));
    let light = rules(TINTS, light.each_ref().map(String::as_str));
    let dark = rules(DARK_TINTS, ["#ececec", "#b0b0b0", "#3a3a3a", "#161616"]);
    let mut text = format!(
        ".figure{{{light}}}\n@media(prefers-color-scheme:dark){{:root:not([data-theme=light]) .figure{{{dark}}}}}\n\
         :root[data-theme=dark] .figure{{{dark}}}\n"
    );
    let tints = (0..TINT_COUNT).map(|index| format!("tint-{index}"));
    for name in ["ink", "muted", "faint", "paper"].map(str::to_owned).into_iter().chain(tints) {
        let _ = writeln!(text, ".figure .f-{name}{{fill:var(--{name})}}.figure .s-{name}{{stroke:var(--{name})}}");
    }
    text
}

/// Longer texts are fitted to their measured width, because they could overflow if the font is wider than the measured
/// one. Shorter texts have enough room.
const FITTED_LETTERS: usize = 8;

fn write_label(label: &Label, text: &mut String) {
    let (x, y) = (short(label.x), short(label.y));
    let anchor = match label.anchor {
        Anchor::Start => "",
        Anchor::Middle => " text-anchor=\"middle\"",
        Anchor::End => " text-anchor=\"end\"",
    };
    let turn = if label.upwards { format!(" transform=\"rotate(-90 {x} {y})\"") } else { String::new() };
    let fitted = if label.text.chars().count() < FITTED_LETTERS {
        String::new()
    } else {
        let width = short(font::width(&label.text, label.size));
        format!(" textLength=\"{width}\" lengthAdjust=\"spacingAndGlyphs\"")
    };
    let _ = writeln!(
        text,
        "<text x=\"{x}\" y=\"{y}\" font-size=\"{}\"{anchor}{turn}{fitted}{}>{}</text>",
        short(label.size),
        filled(label.paint, 1.0),
        escaped(&label.text)
    );
}

/// The distinct clips of a scene, in order of first use.
fn clips(scene: &Scene) -> Vec<Bounds> {
    let mut found = Vec::new();
    for item in &scene.items {
        if let Item::Outline { clip: Some(clip), .. } = item
            && !found.contains(clip)
        {
            found.push(*clip);
        }
    }
    found
}

fn corners(bounds: &Bounds) -> String {
    let Bounds { left, top, width, height } = bounds;
    format!(
        "x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"",
        short(*left),
        short(*top),
        short(width.max(0.0)),
        short(height.max(0.0))
    )
}

fn path(segments: &[PathSegment]) -> String {
    let mut text = String::new();
    for segment in segments {
        let _ = match segment {
            PathSegment::Move(x, y) => write!(text, "M{} {}", short(*x), short(*y)),
            PathSegment::Line(x, y) => write!(text, "L{} {}", short(*x), short(*y)),
            PathSegment::Cubic([one, two, end]) => write!(
                text,
                "C{} {} {} {} {} {}",
                short(one.0),
                short(one.1),
                short(two.0),
                short(two.1),
                short(end.0),
                short(end.1)
            ),
            PathSegment::Close => write!(text, "Z"),
        };
    }
    text
}

/// The class of a paint, if it follows the theme.
fn class(paint: Paint) -> Option<String> {
    match paint {
        Paint::Ink => Some("ink".to_owned()),
        Paint::Muted => Some("muted".to_owned()),
        Paint::Faint => Some("faint".to_owned()),
        Paint::Paper => Some("paper".to_owned()),
        Paint::Tint(index) => Some(format!("tint-{}", index % TINT_COUNT)),
        Paint::Fixed(_) => None,
    }
}

fn filled(paint: Paint, opacity: f64) -> String {
    let class = class(paint).map_or(String::new(), |name| format!(" class=\"f-{name}\""));
    let opacity = if opacity < 1.0 { format!(" fill-opacity=\"{}\"", short(opacity)) } else { String::new() };
    format!("{class} fill=\"{}\"{opacity}", hex(paint.rgb()))
}

fn stroked(stroke: &Stroke) -> String {
    let class = class(stroke.paint).map_or(String::new(), |name| format!(" class=\"s-{name}\""));
    let dashes: Vec<String> = stroke.dashes.iter().map(|length| short(*length)).collect();
    let dashes = if dashes.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{}\"", dashes.join(" ")) };
    format!("{class} stroke=\"{}\" stroke-width=\"{}\"{dashes}", hex(stroke.paint.rgb()), short(stroke.width))
}

/// Combines the attributes of a fill and a stroke, with a single class attribute.
fn merged(fill: &str, stroke: &str) -> String {
    match (fill.strip_prefix(" class=\""), stroke.strip_prefix(" class=\"")) {
        (Some(fill), Some(stroke)) => match (fill.split_once('"'), stroke.split_once('"')) {
            (Some((one, fill)), Some((other, stroke))) => format!(" class=\"{one} {other}\"{fill}{stroke}"),
            _ => format!(" class=\"{fill}{stroke}"),
        },
        _ => format!("{fill}{stroke}"),
    }
}

fn hex(Rgb([red, green, blue]): Rgb) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// A number with at most two decimals.
fn short(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// Escapes text for XML and HTML, elements and attributes, without line breaks or invisible characters.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in font::visible(text).chars() {
        match letter {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            letter => safe.push(letter),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::{Annotation, Band, ChartAxis, Extent, Figure, Panel, ReferenceLine, Series, lay_out};

    const HOSTILE: &str = "<img src=x onerror=\"alert('1')\">\n]]>&amp;\u{202e}\u{0}";

    fn hostile() -> Figure {
        let points = vec![(1.0, 0.5), (2.0, 0.4), (10.0, 0.3)];
        let mut panel =
            Panel::new(ChartAxis::log_epochs(), ChartAxis::error(HOSTILE), vec![Series::line(0, HOSTILE, points)]);
        panel.marks.push(ReferenceLine::Vertical { at: 3.0, label: HOSTILE.into() });
        let description = HOSTILE.to_owned();
        let figure = Figure::new(HOSTILE, Extent::two_columns(), vec![panel.clone().titled(HOSTILE), panel]);
        Figure { description, note: HOSTILE.into(), ..figure }
    }

    #[test]
    fn a_hostile_name_is_escaped() {
        let scene = lay_out(&hostile()).scene;
        let text = write(&scene, "a b\"c", Placement::Inline);
        let known = ["svg", "title", "desc", "clipPath", "rect", "g", "path", "text"];
        for tag in text.split('<').skip(1) {
            let name = tag.trim_start_matches('/').split([' ', '>', '/']).next().expect("a name");
            assert!(known.contains(&name), "`{name}` is an element");
        }
        assert!(
            text.contains("&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt; ]]&gt;&amp;amp;\u{fffd}\u{fffd}")
        );
        assert!(text.contains("id=\"a-b-c-title\"") && !text.contains('\u{202e}'));
    }

    #[test]
    fn the_same_figure_gives_the_same_bytes() {
        let one = write(&lay_out(&hostile()).scene, "f", Placement::File);
        assert_eq!(one, write(&lay_out(&hostile()).scene, "f", Placement::File));
        assert!(one.starts_with("<?xml") && one.contains("width=\"486pt\""));
    }

    /// After an intended change, inspect the new picture before replacing the file.
    #[test]
    fn a_curve_matches_the_reference_picture() -> std::io::Result<()> {
        let points = vec![(1.0, 0.5), (3.0, 0.22), (10.0, 0.31), (30.0, 0.2)];
        let band = Band(points.iter().map(|(x, y)| (*x, y - 0.02, y + 0.02)).collect());
        let series = vec![Series::line(0, "test", points).with_band(band)];
        let mut panel = Panel::new(ChartAxis::log_epochs(), ChartAxis::error("error"), series);
        panel.marks.push(ReferenceLine::Vertical { at: 15.0, label: "interpolation".into() });
        panel.annotations.push(Annotation { x: 10.0, y: 0.31, label: "peak 31.0%".into() });
        let figure = Figure::new("a curve", Extent::one_column().with_plot_height(90.0), vec![panel]);
        let expected = std::fs::read_to_string("tests/fixtures/figure/curve.svg")?;
        assert_eq!(write(&lay_out(&figure).scene, "curve", Placement::File), expected);
        Ok(())
    }

    #[test]
    fn numbers_are_short() {
        for (number, text) in [(1.0, "1"), (0.126, "0.13"), (-0.001, "0"), (100.0, "100"), (-2.5, "-2.5")] {
            assert_eq!(short(number), text);
        }
    }

    #[test]
    fn every_css_class_has_a_rule() {
        let style = style();
        for class in write(&lay_out(&hostile()).scene, "f", Placement::Inline).split("class=\"").skip(2) {
            for name in class.split('"').next().expect("a list").split(' ') {
                assert!(style.contains(&format!(".figure .{name}{{")), "{name}");
            }
        }
        assert!(style.matches('{').count() == style.matches('}').count());
    }
}
