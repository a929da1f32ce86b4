//! Where a client of HTTP/2 is in what it sends: between two frames, or inside of something that
//! has an end to wait for.
//!
//! HTTP/2 sends more than requests, so neither is every byte the start of one, nor is a connection
//! that sends bytes alive. Only lengths, and where the head of a request ends, are read here; hyper
//! judges the frames.

/// The client's side of one connection.
#[derive(Debug)]
pub(super) struct Frames {
    /// What has come of the next frame's header.
    header: [u8; HEADER],
    came: usize,
    /// Bytes that are left of the present frame.
    left: usize,
    /// The head of a request goes on in the next frame.
    in_head: bool,
    is_underway: bool,
}

/// What the client has begun and not ended: a frame, or a head that takes several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Underway {
    Nothing,
    /// What was underway before is so still.
    TheSame,
    /// Something began with these bytes.
    Another,
}

/// The length of what every client of HTTP/2 says first.
const PREFACE: usize = 24;
const HEADER: usize = 9;

const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;

impl Default for Frames {
    fn default() -> Self {
        Frames { header: [0; HEADER], came: 0, left: PREFACE, in_head: false, is_underway: false }
    }
}

impl Frames {
    /// Takes note of what comes next.
    pub(super) fn follow(&mut self, mut bytes: &[u8]) -> Underway {
        let mut is_the_same = self.is_underway;
        while !bytes.is_empty() {
            let wanted = if self.left > 0 { self.left } else { HEADER - self.came };
            let (now, later) = bytes.split_at(wanted.min(bytes.len()));
            bytes = later;
            if self.left > 0 {
                self.left -= now.len();
            } else {
                for byte in now {
                    self.header[self.came] = *byte;
                    self.came += 1;
                }
                self.begin_frame();
            }
            is_the_same &= self.is_inside();
        }
        self.is_underway = self.is_inside();
        match (self.is_underway, is_the_same) {
            (false, _) => Underway::Nothing,
            (true, true) => Underway::TheSame,
            (true, false) => Underway::Another,
        }
    }

    fn begin_frame(&mut self) {
        if self.came < HEADER {
            return;
        }
        self.came = 0;
        let [high, middle, low, kind, flags, ..] = self.header;
        self.left = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
        if matches!(kind, HEADERS | CONTINUATION) {
            self.in_head = flags & END_HEADERS == 0;
        }
    }

    fn is_inside(&self) -> bool {
        self.came > 0 || self.left > 0 || self.in_head
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PING: u8 = 6;

    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let length = u8::try_from(payload.len()).unwrap();
        [&[0, 0, length, kind, flags, 0, 0, 0, 1], payload].concat()
    }

    /// After the preface.
    fn frames() -> Frames {
        let mut frames = Frames::default();
        assert_eq!(frames.follow(&[b'x'; PREFACE]), Underway::Nothing);
        frames
    }

    #[test]
    fn a_frame_is_underway_from_its_first_byte_to_its_last() {
        let mut frames = frames();
        let ping = frame(PING, 0, &[0; 8]);
        assert_eq!(frames.follow(&ping[..1]), Underway::Another);
        for byte in &ping[1..16] {
            assert_eq!(frames.follow(&[*byte]), Underway::TheSame);
        }
        assert_eq!(frames.follow(&ping[16..]), Underway::Nothing);
        assert_eq!(frames.follow(&frame(PING, 0, &[])), Underway::Nothing);
    }

    #[test]
    fn who_begins_another_frame_with_the_end_of_one_has_begun_anew() {
        let mut frames = frames();
        let ping = frame(PING, 0, &[0; 8]);
        assert_eq!(frames.follow(&ping[..4]), Underway::Another);
        assert_eq!(frames.follow(&[&ping[4..], &ping[..4]].concat()), Underway::Another);
        assert_eq!(frames.follow(&ping[4..8]), Underway::TheSame);
    }

    #[test]
    fn a_head_is_underway_over_all_its_frames() {
        let mut frames = frames();
        assert_eq!(frames.follow(&frame(HEADERS, 0, b"head")), Underway::Another);
        assert_eq!(frames.follow(&frame(CONTINUATION, 0, b"")), Underway::TheSame);
        assert_eq!(frames.follow(&frame(CONTINUATION, 0, b"goes on")), Underway::TheSame);
        assert_eq!(frames.follow(&frame(CONTINUATION, END_HEADERS, b"end")), Underway::Nothing);
        assert_eq!(frames.follow(&frame(HEADERS, END_HEADERS, b"whole")), Underway::Nothing);
    }

    #[test]
    fn the_preface_is_underway_too() {
        let mut frames = Frames::default();
        assert_eq!(frames.follow(b"PRI"), Underway::Another);
        assert_eq!(frames.follow(b" * HTTP/2.0"), Underway::TheSame);
        assert_eq!(frames.follow(b"\r\n\r\nSM\r\n\r\n"), Underway::Nothing);
    }

    #[test]
    fn a_length_has_three_bytes() {
        let mut frames = frames();
        assert_eq!(frames.follow(&[1, 2, 3, 0, 0, 0, 0, 0, 1]), Underway::Another);
        assert_eq!(frames.follow(&vec![0; 0x01_02_02]), Underway::TheSame);
        assert_eq!(frames.follow(&[0]), Underway::Nothing);
    }
}
