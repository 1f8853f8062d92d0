//! What a person presses, from the bytes that a terminal in raw mode sends.

/// A key, as far as a list cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// To the row above, and its kin.
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
    /// Takes what is marked.
    Enter,
    /// Esc, Ctrl-C, Ctrl-D: takes nothing.
    Leave,
    /// Backspace.
    Erase,
    /// Ctrl-U: all that was typed.
    EraseAll,
    Text(char),
}

/// A sequence that goes on for longer is none.
const SEQUENCE_MAX: usize = 32;

/// Takes bytes as they come, of which a slow line may bring half a key.
#[derive(Debug, Default)]
pub struct Decoder {
    pending: Vec<u8>,
}

impl Decoder {
    /// The keys that these bytes complete.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Key> {
        self.pending.extend_from_slice(bytes);
        let (mut keys, mut rest) = (Vec::new(), self.pending.as_slice());
        while let Some((key, length)) = first(rest) {
            keys.extend(key);
            rest = &rest[length..];
        }
        self.pending = rest.to_vec();
        keys
    }

    /// Whether more may follow: Esc is a key, and the first byte of others.
    pub fn is_waiting(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Nothing followed.
    pub fn end(&mut self) -> Option<Key> {
        let alone = self.pending == [0x1b];
        self.pending.clear();
        alone.then_some(Key::Leave)
    }
}

/// The first key and how many bytes it takes; no key for what means nothing here; `None` where its
/// end is still missing.
fn first(bytes: &[u8]) -> Option<(Option<Key>, usize)> {
    let key = match *bytes.first()? {
        0x1b => return escape(bytes),
        b'\r' | b'\n' => Key::Enter,
        // Ctrl-C and Ctrl-D.
        3 | 4 => Key::Leave,
        8 | 0x7f => Key::Erase,
        // Ctrl-U and Ctrl-W.
        0x15 | 0x17 => Key::EraseAll,
        // Ctrl-P; Ctrl-N and Tab.
        0x10 => Key::Up,
        0x0e | b'\t' => Key::Down,
        byte if byte.is_ascii_control() => return Some((None, 1)),
        byte if byte.is_ascii() => Key::Text(byte.into()),
        _ => return beyond_ascii(bytes),
    };
    Some((Some(key), 1))
}

/// Cursor keys, as CSI or SS3 sequences (ECMA-48 §5.4; xterm's "PC-Style Function Keys").
fn escape(bytes: &[u8]) -> Option<(Option<Key>, usize)> {
    match bytes.get(1)? {
        // Esc, and quickly after it something that is no letter.
        next if next.is_ascii_control() => Some((Some(Key::Leave), 1)),
        b'[' | b'O' => {
            let body = &bytes[2..bytes.len().min(SEQUENCE_MAX)];
            let Some(end) = body.iter().position(|byte| (0x40..=0x7e).contains(byte)) else {
                return (bytes.len() >= SEQUENCE_MAX).then_some((None, bytes.len()));
            };
            let key = match &body[..=end] {
                b"A" => Some(Key::Up),
                b"B" => Some(Key::Down),
                b"5~" => Some(Key::PageUp),
                b"6~" => Some(Key::PageDown),
                b"H" | b"1~" => Some(Key::First),
                b"F" | b"4~" => Some(Key::Last),
                _ => None,
            };
            Some((key, end + 3))
        }
        // Alt with a letter.
        _ => Some((None, 2)),
    }
}

fn beyond_ascii(bytes: &[u8]) -> Option<(Option<Key>, usize)> {
    let length = match bytes[0] {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return Some((None, 1)),
    };
    let text = std::str::from_utf8(bytes.get(..length)?).ok();
    let typed = text.and_then(|text| text.chars().next()).filter(|c| !c.is_control());
    Some(typed.map_or((None, 1), |c| (Some(Key::Text(c)), length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(bytes: &[u8]) -> Vec<Key> {
        Decoder::default().feed(bytes)
    }

    #[test]
    fn every_form_of_a_cursor_key_is_one_key() {
        use Key::*;
        assert_eq!(keys(b"\x1b[A\x1bOA\x10\x1b[B\x1bOB\x0e"), [Up, Up, Up, Down, Down, Down]);
        assert_eq!(keys(b"\x1b[5~\x1b[6~\x1b[H\x1b[4~"), [PageUp, PageDown, First, Last]);
        assert_eq!(keys("\x1b[1;5C\x1bx\x1b[200~aé\u{80}\r".as_bytes()), [Text('a'), Text('é'), Enter]);
        assert_eq!(keys(b"\x03\x1b\x04"), [Leave, Leave, Leave]);
        assert_eq!(keys(b"\x7f\x15"), [Erase, EraseAll]);
    }

    #[test]
    fn a_key_in_two_pieces_is_one_and_esc_alone_leaves() {
        let mut decoder = Decoder::default();
        assert!(decoder.feed(b"\x1b").is_empty() && decoder.is_waiting());
        assert_eq!(decoder.feed(b"[B\xc3"), [Key::Down]);
        assert_eq!(decoder.feed(b"\xa9\x1b"), [Key::Text('é')]);
        assert_eq!(decoder.end(), Some(Key::Leave));
        assert!(!decoder.is_waiting());
    }

    #[test]
    fn nonsense_is_dropped_and_never_hangs() {
        assert_eq!(keys(b"\xff\xc3(a"), [Key::Text('('), Key::Text('a')]);
        let mut decoder = Decoder::default();
        decoder.feed(&[b"\x1b[".as_slice(), &[b'1'; 60]].concat());
        assert!(!decoder.is_waiting());
        assert_eq!(decoder.feed(b"x"), [Key::Text('x')]);
    }
}
