use super::*;

/// A file with a frame of some components, each `[id, factors]`, and scans of some of them, without data.
fn file(marker: u8, parts: &[[u8; 2]], scans: &[&[u8]], before: &[u8]) -> Vec<u8> {
    let mut file = [b"\xff\xd8", before].concat();
    file.extend([0xff, marker, 0, 8 + 3 * parts.len() as u8, 8, 0, 64, 0, 64, parts.len() as u8]);
    file.extend(parts.iter().flat_map(|&[id, factors]| [id, factors, 0]));
    for ids in scans {
        file.extend([0xff, 0xda, 0, 6 + 2 * ids.len() as u8, ids.len() as u8]);
        file.extend(ids.iter().flat_map(|&id| [id, 0]));
        file.extend([0, 0, 0]);
    }
    [file.as_slice(), b"\xff\xd9"].concat()
}

const JFIF: &[u8] = b"\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0";

fn adobe(transform: u8) -> Vec<u8> {
    [b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0".as_slice(), &[transform]].concat()
}

#[test]
fn the_decoder_is_chosen_from_the_headers() {
    let colours = |first: u8, others: u8| [[1, first], [2, others], [3, others]];
    let all: &[&[u8]] = &[&[1, 2, 3]];
    for (marker, parts, scans, fast) in [
        (0xc0, &colours(0x11, 0x11)[..], all, true),
        (0xc0, &colours(0x22, 0x11), all, true),
        (0xc1, &colours(0x21, 0x11), all, true),
        (0xc2, &colours(0x12, 0x11), all, true),
        (0xc0, &colours(0x41, 0x11), all, true),
        (0xc0, &colours(0x22, 0x21), all, true),
        (0xc2, &colours(0x22, 0x11), &[&[1, 2, 3], &[1], &[3]], true),
        // Partial scans, and components out of order.
        (0xc0, &colours(0x11, 0x11), &[&[1], &[2], &[3]], false),
        (0xc0, &colours(0x22, 0x11), &[&[1], &[2, 3]], false),
        (0xc0, &colours(0x11, 0x11), &[&[3, 2, 1]], false),
        (0xc2, &colours(0x22, 0x11), &[&[1], &[2], &[3]], true),
        // Sampling factors.
        (0xc0, &colours(0x31, 0x11), all, false),
        (0xc0, &colours(0x11, 0x22), all, false),
        (0xc0, &colours(0x41, 0x21), all, false),
        (0xc0, &[[1, 0x22]], &[&[1]], true),
        (0xc0, &[[1, 0x31]], &[&[1]], false),
        (0xc0, &[[1, 0x11], [2, 0x11], [3, 0x11], [4, 0x11]], &[&[1, 2, 3, 4]], true),
        (0xc0, &[[1, 0x22], [2, 0x11], [3, 0x11], [4, 0x22]], &[&[1, 2, 3, 4]], true),
    ] {
        let file = file(marker, parts, scans, &[]);
        let headers = Headers::parse(&file).expect("sound headers");
        assert_eq!(headers.zune_is_right(), fast, "{marker:x} {parts:x?} {scans:?}");
    }
}

#[test]
fn colour_spaces_match_libjpeg() {
    let three = |ids: &[u8; 3]| ids.map(|id| [id, 0x11]).to_vec();
    let four = || [1, 2, 3, 4].map(|id| [id, 0x11]).to_vec();
    for (parts, before, colour, fast) in [
        (vec![[7, 0x11]], vec![], ColourSpace::Grey, true),
        (three(b"\x01\x02\x03"), vec![], ColourSpace::YCbCr, true),
        (three(b"\x01\x02\x03"), JFIF.to_vec(), ColourSpace::YCbCr, true),
        (three(b"\x01\x02\x03"), adobe(1), ColourSpace::YCbCr, true),
        (three(b"\x01\x02\x03"), adobe(0), ColourSpace::Rgb, false),
        (three(b"\x01\x02\x03"), [JFIF, &adobe(0)].concat(), ColourSpace::YCbCr, false),
        (three(b"RGB"), vec![], ColourSpace::Rgb, true),
        (three(b"RGB"), adobe(0), ColourSpace::Rgb, true),
        (three(b"RGB"), JFIF.to_vec(), ColourSpace::YCbCr, false),
        (three(b"RGB"), adobe(1), ColourSpace::YCbCr, false),
        (four(), vec![], ColourSpace::Cmyk, true),
        (four(), adobe(0), ColourSpace::Cmyk, true),
        (four(), adobe(2), ColourSpace::Ycck, true),
        (four(), adobe(1), ColourSpace::Ycck, false),
    ] {
        let ids: Vec<u8> = parts.iter().map(|part| part[0]).collect();
        let file = file(0xc0, &parts, &[&ids], &before);
        let headers = Headers::parse(&file).expect("sound headers");
        assert_eq!((headers.colour, headers.zune_is_right()), (colour, fast), "{ids:?} {before:?}");
    }
}

#[test]
fn too_many_scans_and_damaged_segments_are_errors() {
    let many: Vec<&[u8]> = vec![&[1]; 101];
    let error = |file: &[u8]| Headers::parse(file).err();
    assert_eq!(error(&file(0xc2, &[[1, 0x11]], &many, &[])).as_deref(), Some("it has more than 100 scans"));
    for segment in [&b"\xff\xc4\0\x04\0\x01"[..], b"\xff\xdb\0\x03\0", b"\xff\xdd\0\x03\0"] {
        let file = file(0xc0, &[[1, 0x11]], &[&[1]], segment);
        assert_eq!(error(&file).as_deref(), Some("a header segment is damaged"));
    }
    for [from, to, marker] in [[1, 0, 0xc2], [0, 5, 0xc2], [1, 64, 0xc2]] {
        let mut file = file(marker, &[[1, 0x11]], &[&[1]], &[]);
        let end = file.len();
        (file[end - 5], file[end - 4]) = (from, to);
        assert_eq!(error(&file).as_deref(), Some("a scan header is damaged"));
    }
}
