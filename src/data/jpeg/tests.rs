//! Comparison with libjpeg-turbo, on the files and pixels made by `scripts/reference/make_image_fixtures.py`.

use super::super::reference::{each, files};
use super::*;

const JPEG: &[u8] = include_bytes!("../../../tests/fixtures/images/jpeg.tar.gz");

fn colours(pixels: DecodedPixels) -> Vec<u8> {
    match pixels {
        DecodedPixels::Colours(levels) => levels,
        DecodedPixels::Grey(levels) => levels.iter().flat_map(|&level| [level; 3]).collect(),
    }
}

#[test]
fn the_general_decoder_matches_libjpeg() {
    each(JPEG, ".jpg", 500, |name, bytes, [height, width], expected| {
        assert_eq!(size(bytes), Ok([height as u32, width as u32]), "{name}");
        let headers = Headers::parse(bytes).expect(name);
        let coefficients = coefficients::decode(&headers).expect(name);
        assert_eq!(colours(colour::pixels(&headers, &coefficients).expect(name)), expected, "{name}");
    });
}

/// The fast decoder rounds differently, by up to 3 levels, and at the right and lower edge it blends in colours from
/// outside the image, with which encoders pad blocks.
#[test]
fn each_file_matches_libjpeg_within_rounding() {
    each(JPEG, ".jpg", 500, |name, bytes, [height, width], expected| {
        let fast = Headers::parse(bytes).expect(name).zune_is_right();
        let found = colours(decode(bytes).expect(name));
        assert_eq!(found.len(), expected.len(), "{name}");
        for (at, (one, other)) in found.iter().zip(expected).enumerate() {
            let (row, column) = (at / 3 / width, at / 3 % width);
            let edge = row + 1 == height || column + 1 == width;
            let within = if !fast {
                0
            } else if edge {
                12
            } else {
                3
            };
            assert!(one.abs_diff(*other) <= within, "{name}, row {row}, column {column}: {one}, not {other}");
        }
    });
}

/// Removes bytes before the end of each scan and before each restart marker: four, and half of all.
#[test]
fn a_file_with_missing_bytes_is_damaged() {
    each(JPEG, ".jpg", 500, |name, bytes, _, _| {
        let headers = Headers::parse(bytes).expect(name);
        for scan in &headers.scans {
            let mut end = scan.offset;
            for part in segments::intervals(scan.data).expect(name) {
                end += part.len();
                for lost in [part.len().min(4), part.len() / 2] {
                    // A file with extra bytes is complete without them; and a single byte may contain only one
                    // significant bit.
                    if lost > 1 && !name.contains("extra-bytes.") {
                        let holed = [&bytes[..end - lost], &bytes[end..]].concat();
                        assert!(decode(&holed).is_err(), "{name}: {lost} bytes less of {} before {end}", part.len());
                    }
                }
                end += 2;
            }
        }
    });
}

#[test]
fn unsupported_features_are_rejected_by_name() {
    let files = files(JPEG);
    let file = &files["oddities.jpg"];
    let at = |marker: u8| file.windows(2).position(|pair| pair == [0xff, marker]).expect("it is there");
    let (frame, scan) = (at(0xc0), at(0xda));
    let changed = |place: usize, value: u8| {
        let mut file = file.clone();
        file[place] = value;
        decode(&file).expect_err("it is refused")
    };
    assert_eq!(changed(frame + 1, 0xc9), "it is an arithmetic-coded JPEG file, which is not supported");
    assert_eq!(changed(frame + 1, 0xc3), "it is a lossless JPEG file, which is not supported");
    assert_eq!(changed(frame + 4, 12), "it is a 12-bit JPEG file, which is not supported");
    assert_eq!(changed(frame + 14, 0x32), "sampling factors 2x2 together with 3x2 are not supported");
    assert_eq!(changed(scan + 5, 9), "a scan header is damaged");
    let without = |from: usize, to: usize| decode(&[&file[..from], &file[to..]].concat()).expect_err("it is refused");
    assert_eq!(without(frame, frame + 19), "the frame header is missing");
    assert_eq!(without(at(0xdb), frame), "a quantisation table is missing");
    assert_eq!(without(at(0xc4), scan), "a Huffman table is missing");
    assert_eq!(without(file.len() - 2, file.len()), "it ends before its last pixels");
    let three = &files["ycbcr-1x1,1x1,1x1-37x21_three.jpg"];
    let last = three.windows(2).rposition(|pair| pair == [0xff, 0xda]).expect("it is there");
    let two = [&three[..last], b"\xff\xd9"].concat();
    assert_eq!(decode(&two).expect_err("it is refused"), "some colour components are missing");
    let restarts = &files["ycbcr-2x2,1x1,1x1-37x21_one-restart.jpg"];
    let mark = restarts.windows(2).position(|pair| pair == [0xff, 0xd0]).expect("it is there");
    let fewer = [&restarts[..mark], &restarts[mark + 2..]].concat();
    assert_eq!(decode(&fewer).expect_err("it is refused"), "a restart marker is missing");
    let more = [&file[..file.len() - 20], b"\xff\xd0", &file[file.len() - 20..]].concat();
    let error = decode(&more).expect_err("it is refused");
    assert_eq!(error, "there is an unexpected restart marker");
}

/// The EXIF orientation is ignored, as in torchvision and unlike most viewers.
#[test]
fn an_orientation_in_exif_data_is_not_applied() {
    let files = files(JPEG);
    let turned = &files["oddities_orientation.jpg"];
    assert!(turned.windows(6).any(|part| part == b"Exif\0\0"));
    assert_eq!(decode(turned), decode(&files["oddities.jpg"]));
    assert_eq!(size(turned), Ok([21, 37]));
}
