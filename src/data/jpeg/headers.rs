//! Parses the headers of a JPEG file, and decides which decoder to use.

use super::frame::{Frame, NO_FRAME};
use super::segments::{START_OF_SCAN, Segment, Segments};

/// More scans than encoders write. Limits small files that request many passes over a large image.
const MOST_SCANS: usize = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ColourSpace {
    Grey,
    Rgb,
    YCbCr,
    Cmyk,
    Ycck,
}

/// The Huffman tables of a scan as stored in the file: code counts, then symbols.
#[derive(Clone, Copy, Default)]
pub(super) struct Tables<'a> {
    pub(super) dc: [Option<&'a [u8]>; 4],
    pub(super) ac: [Option<&'a [u8]>; 4],
}

/// A pass over some of the components (ITU-T T.81, B.2.3).
pub(super) struct Scan<'a> {
    /// Indices of its components in the frame, each with the indices of its DC and AC table.
    pub(super) components: Vec<(usize, [usize; 2])>,
    /// First and last coefficient, in zigzag order; meaningless in sequential files.
    pub(super) first: usize,
    pub(super) last: usize,
    /// Whether it refines the higher bits of earlier scans, and the lowest bit that it provides.
    pub(super) refines: bool,
    pub(super) lowest_bit: u32,
    /// MCUs between restart markers, or 0.
    pub(super) restart_interval: usize,
    pub(super) tables: Tables<'a>,
    pub(super) data: &'a [u8],
    /// Offset of the data in the file.
    pub(super) offset: usize,
    /// Whether the data contain restart markers.
    pub(super) restarts: bool,
}

pub(super) struct Headers<'a> {
    pub(super) frame: Frame,
    pub(super) colour: ColourSpace,
    pub(super) scans: Vec<Scan<'a>>,
    /// Quantisation table of each component, in zigzag order.
    pub(super) quantisation: Vec<Option<[u16; 64]>>,
    /// Whether `zune-jpeg` interprets the components as the same colours.
    zune_agrees: bool,
}

/// State from the segments so far.
#[derive(Default)]
struct HeaderState<'a> {
    frame: Option<Frame>,
    tables: Tables<'a>,
    quantisation: [Option<[u16; 64]>; 4],
    restart_interval: usize,
    jfif: bool,
    adobe: Option<u8>,
}

impl<'a> Headers<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, String> {
        let mut segments = Segments::of(bytes);
        let mut state = HeaderState::default();
        let (mut scans, mut latched, mut colours) = (Vec::new(), Vec::new(), None);
        while let Some(segment) = segments.next()? {
            if segment.marker != START_OF_SCAN {
                state.read(segment.marker, segment.body).ok_or("a header segment is damaged")??;
                continue;
            }
            let frame = state.frame.as_ref().ok_or(NO_FRAME)?;
            colours.get_or_insert_with(|| colour(frame, state.jfif, state.adobe));
            latched.resize(frame.components.len(), None);
            let scan = scan(frame, segment.body).ok_or("a scan header is damaged")?;
            for &(place, _) in &scan.components {
                // A component keeps the table of its first scan (G.1.1.1.1).
                latched[place] = latched[place].or(state.quantisation[frame.components[place].table]);
            }
            let (restart_interval, tables) = (state.restart_interval, state.tables);
            let Segment { data, offset, restarts, .. } = segment;
            scans.push(Scan { restart_interval, tables, data, offset, restarts, ..scan });
            if scans.len() > MOST_SCANS {
                return Err(format!("it has more than {MOST_SCANS} scans"));
            }
        }
        let (Some(frame), Some((colour, zune_agrees))) = (state.frame, colours) else {
            return Err(NO_FRAME.to_owned());
        };
        Ok(Self { frame, colour, scans, quantisation: latched, zune_agrees })
    }

    /// Whether `zune-jpeg` is known to decode such a file, if complete, to the pixels of libjpeg-turbo.
    pub(super) fn zune_is_right(&self) -> bool {
        let parts = &self.frame.components;
        let in_order = |scan: &Scan<'_>| scan.components.iter().map(|part| part.0).eq(0..parts.len());
        // In sequential files with partial scans it mixes up rows or the order of components.
        let scans_are_usual = self.frame.progressive || self.scans.len() == 1 && in_order(&self.scans[0]);
        scans_are_usual && self.zune_agrees && self.zune_upsamples()
    }

    /// Whether `zune-jpeg` handles these sampling factors.
    fn zune_upsamples(&self) -> bool {
        let parts = &self.frame.components;
        let [across, down] = parts[0].factors;
        let all_are =
            |allowed: &[usize]| parts.iter().all(|part| part.factors.iter().all(|factor| allowed.contains(factor)));
        // libjpeg-turbo does not interpolate chroma of one or two columns.
        let narrow = across == 2 && self.frame.width <= 4;
        match parts.len() {
            1 => all_are(&[1, 2, 4]),
            _ if parts[1..].iter().all(|part| part.factors == [1, 1]) => all_are(&[1, 2, 4]) && !narrow,
            _ => all_are(&[1, 2]) && [across, down] == self.frame.largest() && !narrow,
        }
    }

    /// Whether `zune::decode` detects missing data: only in sequential files whose Huffman tables have no code of all
    /// ones, which the standard forbids (ITU-T T.81, C).
    pub(super) fn zune_reports_holes(&self) -> bool {
        let scan = &self.scans[0];
        let full = |table: &[u8]| {
            let codes = (1..).zip(&table[..16]).map(|(length, &count)| u32::from(count) << (16 - length));
            codes.sum::<u32>() > 0xffff
        };
        let tables = scan.tables.dc.iter().chain(&scan.tables.ac).flatten();
        let restarts_are_told = scan.restart_interval > 0 || !scan.restarts;
        !self.frame.progressive && restarts_are_told && !tables.copied().any(full)
    }
}

impl<'a> HeaderState<'a> {
    /// Processes a segment that is not a scan. `None` if the segment is damaged; the inner error is an unsupported
    /// feature.
    fn read(&mut self, marker: u8, body: &'a [u8]) -> Option<Result<(), String>> {
        match marker {
            0xc4 => self.huffman_tables(body)?,
            0xdb => self.quantisation_tables(body)?,
            0xdd => self.restart_interval = usize::from(u16::from_be_bytes(body.try_into().ok()?)),
            0xe0 => self.jfif |= body.starts_with(b"JFIF\0"),
            0xee if body.starts_with(b"Adobe") => self.adobe = body.get(11).copied().or(self.adobe),
            _ => match Frame::of(marker, body) {
                Ok(Some(_)) if self.frame.is_some() => return Some(Err("it has two frame headers".to_owned())),
                Ok(Some(frame)) => self.frame = Some(frame),
                Ok(None) => {}
                Err(error) => return Some(Err(error)),
            },
        }
        Some(Ok(()))
    }

    fn huffman_tables(&mut self, mut body: &'a [u8]) -> Option<()> {
        while let Some((&place, rest)) = body.split_first() {
            let count: usize = rest.get(..16)?.iter().map(|&count| usize::from(count)).sum();
            let (table, rest) = rest.split_at_checked(16 + count)?;
            let tables = if place < 0x10 { &mut self.tables.dc } else { &mut self.tables.ac };
            *tables.get_mut(usize::from(place & 0xef))? = Some(table);
            body = rest;
        }
        Some(())
    }

    fn quantisation_tables(&mut self, mut body: &'a [u8]) -> Option<()> {
        while let Some((&place, rest)) = body.split_first() {
            let wide = place >= 0x10;
            let (values, rest) = rest.split_at_checked(if wide { 128 } else { 64 })?;
            let value = |at: usize| {
                if wide { u16::from_be_bytes([values[2 * at], values[2 * at + 1]]) } else { u16::from(values[at]) }
            };
            *self.quantisation.get_mut(usize::from(place & 0xef))? = Some(std::array::from_fn(value));
            body = rest;
        }
        Some(())
    }
}

/// Parses a scan header, without the state from outside of it.
fn scan<'a>(frame: &Frame, body: &[u8]) -> Option<Scan<'a>> {
    let (&count, rest) = body.split_first()?;
    let (parts, rest) = rest.split_at_checked(2 * usize::from(count))?;
    let &[first, last, bits, ..] = rest else { return None };
    let mut components = Vec::new();
    for &[id, tables] in parts.as_chunks::<2>().0 {
        let place = frame.components.iter().position(|component| component.id == id)?;
        let twice = components.iter().any(|&(other, _)| other == place);
        if twice || tables & 0xcc != 0 {
            return None;
        }
        components.push((place, [tables >> 4, tables & 15].map(usize::from)));
    }
    let [first, last] = [first, last].map(usize::from);
    let (refines, lowest_bit) = (bits >> 4 != 0, u32::from(bits & 15));
    let sound = !frame.progressive
        || first <= last && last < 64 && lowest_bit < 14 && (if first == 0 { last == 0 } else { count == 1 });
    (sound && count > 0).then(|| Scan {
        components,
        first,
        last,
        refines,
        lowest_bit,
        restart_interval: 0,
        tables: Tables::default(),
        data: &[],
        offset: 0,
        restarts: false,
    })
}

/// The colour space of the components by libjpeg's rules, and whether `zune-jpeg` agrees.
fn colour(frame: &Frame, jfif: bool, adobe: Option<u8>) -> (ColourSpace, bool) {
    let ids: Vec<u8> = frame.components.iter().map(|component| component.id).collect();
    match (ids.len(), adobe) {
        (1, _) => (ColourSpace::Grey, true),
        (3, adobe) => {
            let named = ids == *b"RGB";
            let rgb = !jfif && adobe.map_or(named, |transform| transform == 0);
            // It first goes by the component names, and interprets a transform of 0 as CMYK.
            let same = named == rgb && (named || adobe != Some(0)) && adobe.is_none_or(|transform| transform < 3);
            (if rgb { ColourSpace::Rgb } else { ColourSpace::YCbCr }, same)
        }
        (_, None | Some(0)) => (ColourSpace::Cmyk, true),
        (_, Some(transform)) => (ColourSpace::Ycck, transform == 2),
    }
}

#[cfg(test)]
#[path = "headers_tests.rs"]
mod tests;
