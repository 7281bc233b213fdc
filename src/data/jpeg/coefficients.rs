//! Decodes the DCT coefficients of all blocks of a JPEG file from all its scans, and checks that all data are present.

use super::frame::Frame;
use super::headers::{Headers, Scan};
use super::huffman::{Bits, Huffman};
use super::scan::{CoefficientBlock, ScanPass};
use super::segments::intervals;

/// The blocks of a component.
pub(super) struct Plane {
    /// Blocks per row, including padding of the last MCU.
    pub(super) blocks_across: usize,
    /// Coefficients of each block in row order (not zigzag), blocks row by row. A flat vector, because the system zeroes
    /// its memory lazily: a damaged file may claim to be large.
    levels: Vec<i16>,
    /// Height and width of the component in pixels.
    pub(super) size: [usize; 2],
}

/// Decodes all scans. Fails if a scan is incomplete or a component has no scan.
pub(super) fn decode(headers: &Headers<'_>) -> Result<Vec<Plane>, String> {
    let frame = &headers.frame;
    let mut planes: Vec<Plane> = (0..frame.components.len()).map(|place| Plane::new(frame, place)).collect();
    let mut seen = vec![false; planes.len()];
    for scan in &headers.scans {
        for &(place, _) in &scan.components {
            // The first scan of a component in a progressive file must contain its DC coefficients.
            if frame.progressive && (scan.first != 0 || scan.refines) && !seen[place] {
                return Err("a scan comes before the one that it refines".to_owned());
            }
            seen[place] = true;
        }
        decode_scan(frame, scan, &mut planes)?;
    }
    if seen.contains(&false) {
        return Err("some colour components are missing".to_owned());
    }
    Ok(planes)
}

impl Plane {
    fn new(frame: &Frame, place: usize) -> Self {
        let (factors, largest) = (frame.components[place].factors, frame.largest());
        let blocks = |side: usize, axis: usize| side.div_ceil(8 * largest[axis]) * factors[axis];
        let samples = |side: usize, axis: usize| (side * factors[axis]).div_ceil(largest[axis]);
        let (across, down) = (blocks(frame.width, 0), blocks(frame.height, 1));
        let size = [samples(frame.height, 1), samples(frame.width, 0)];
        Self { blocks_across: across, levels: vec![0; 64 * across * down], size }
    }

    fn block(&mut self, place: usize) -> &mut CoefficientBlock {
        &mut self.levels.as_chunks_mut().0[place]
    }

    pub(super) fn blocks(&self) -> &[CoefficientBlock] {
        self.levels.as_chunks().0
    }
}

fn decode_scan<'a>(frame: &Frame, scan: &Scan<'a>, planes: &mut [Plane]) -> Result<(), String> {
    let table = |table: Option<&'a [u8]>| table.map(Huffman::new).transpose();
    let mut tables = Vec::new();
    for &(_, [dc, ac]) in &scan.components {
        tables.push([table(scan.tables.dc[dc])?, table(scan.tables.ac[ac])?]);
    }
    let mut pass = ScanPass::new(frame.progressive, scan);
    let mcus = Mcus::of(frame, scan, planes);
    let each = if scan.restart_interval == 0 { mcus.count() } else { scan.restart_interval };
    if scan.restarts && scan.restart_interval == 0 {
        return Err("there is an unexpected restart marker".to_owned());
    }
    let mut parts = intervals(scan.data)?.into_iter();
    let mut order = (0..mcus.down).flat_map(|y| (0..mcus.across).map(move |x| [x, y]));
    for _ in (0..mcus.count()).step_by(each) {
        let mut bits = Bits::of(parts.next().ok_or("some pixels are missing")?);
        pass.restart();
        for mcu in order.by_ref().take(each) {
            for (at, (&(place, _), [dc, ac])) in scan.components.iter().zip(&tables).enumerate() {
                for block in mcus.blocks(at, mcu) {
                    pass.block(planes[place].block(block), at, [dc.as_ref(), ac.as_ref()], &mut bits)?;
                }
            }
            bits.check()?;
        }
    }
    Ok(())
}

/// The MCUs of a scan (ITU-T T.81, A.2): single blocks if it has one component, else the blocks of each component given
/// by its sampling factors.
struct Mcus {
    across: usize,
    down: usize,
    /// For each component: blocks of an MCU across and down, and blocks per row.
    parts: Vec<([usize; 2], usize)>,
}

impl Mcus {
    fn of(frame: &Frame, scan: &Scan<'_>, planes: &[Plane]) -> Self {
        if let [(place, _)] = scan.components[..] {
            let Plane { size: [height, width], blocks_across, .. } = planes[place];
            let parts = vec![([1, 1], blocks_across)];
            return Self { across: width.div_ceil(8), down: height.div_ceil(8), parts };
        }
        let [across, down] = frame.largest();
        let part = |&(place, _): &(usize, _)| (frame.components[place].factors, planes[place].blocks_across);
        Self {
            across: frame.width.div_ceil(8 * across),
            down: frame.height.div_ceil(8 * down),
            parts: scan.components.iter().map(part).collect(),
        }
    }

    fn count(&self) -> usize {
        self.across * self.down
    }

    /// The indices of an MCU's blocks, in the component at index `at` of the scan.
    fn blocks(&self, at: usize, [x, y]: [usize; 2]) -> impl Iterator<Item = usize> + use<> {
        let ([across, down], row) = self.parts[at];
        let first = y * down * row + x * across;
        (0..down).flat_map(move |y| (0..across).map(move |x| first + y * row + x))
    }
}
