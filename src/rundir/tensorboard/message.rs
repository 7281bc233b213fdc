//! Encodes the protocol buffers of an event file: `Event`, `SessionLog` and `Summary` of
//! tensorboard/compat/proto/{event,summary}.proto, in the wire format of protobuf.dev/programming-guides/encoding.

/// Wire types.
const VARINT: u64 = 0;
const FIXED64: u64 = 1;
const BYTES: u64 = 2;
const FIXED32: u64 = 5;

/// `Event`: `wall_time = 1`, `step = 2`, `file_version = 3`, `summary = 5`, `session_log = 7`.
fn event(wall_time: f64, step: u64, field: u64, content: &[u8]) -> Vec<u8> {
    let mut event = Vec::with_capacity(content.len() + 24);
    key(&mut event, 1, FIXED64);
    event.extend(wall_time.to_le_bytes());
    if step > 0 {
        key(&mut event, 2, VARINT);
        varint(&mut event, step);
    }
    bytes(&mut event, field, content);
    event
}

/// The first event of every file.
pub(super) fn version(wall_time: f64) -> Vec<u8> {
    event(wall_time, 0, 3, b"brain.Event:2")
}

/// Makes a reader discard all steps from 0 on. `SessionLog`: `status = 1`, where `START` is 1.
pub(super) fn start(wall_time: f64) -> Vec<u8> {
    let mut log = Vec::new();
    key(&mut log, 1, VARINT);
    varint(&mut log, 1);
    event(wall_time, 0, 7, &log)
}

/// Numbers at a step. `Summary`: `value = 1`; each has `tag = 1` and `simple_value = 2`, a 32-bit float.
pub(super) fn scalars(wall_time: f64, step: u64, values: &[(&str, f64)]) -> Vec<u8> {
    let mut summary = Vec::new();
    for (tag, number) in values {
        let mut value = Vec::with_capacity(tag.len() + 7);
        bytes(&mut value, 1, tag.as_bytes());
        key(&mut value, 2, FIXED32);
        value.extend((*number as f32).to_le_bytes());
        bytes(&mut summary, 1, &value);
    }
    event(wall_time, step, 5, &summary)
}

fn key(message: &mut Vec<u8>, field: u64, wire_type: u64) {
    varint(message, field << 3 | wire_type);
}

fn bytes(message: &mut Vec<u8>, field: u64, content: &[u8]) {
    key(message, field, BYTES);
    varint(message, content.len() as u64);
    message.extend(content);
}

/// Seven bits per byte, the lowest first; the high bit is set in all bytes except the last.
fn varint(message: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        message.push(number as u8 | 0x80);
        number >>= 7;
    }
    message.push(number as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares with the output of protobuf's library.
    #[test]
    fn messages_match_protobuf() {
        let time = [9, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f];
        assert_eq!(version(1.5), [&time[..], &[26, 13], b"brain.Event:2"].concat());
        assert_eq!(start(1.5), [&time[..], &[58, 2, 8, 1]].concat());
        let value = [&[10, 17, 10, 10][..], b"test_error", &[21, 0, 0, 0, 0x3f]].concat();
        let event = [&time[..], &[16, 0xac, 0x02, 42, 19], &value].concat();
        assert_eq!(scalars(1.5, 300, &[("test_error", 0.5)]), event);
    }
}
