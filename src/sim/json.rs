//! JSON as AWS writes it: field by field, absent ones left out, times in scientific notation.

/// A JSON object written field by field, in the order of the calls; absent fields are left out.
/// Written by hand because a page is rendered for every call, and because AWS writes times in a
/// form that no JSON library does.
pub(super) struct Object<'a> {
    out: &'a mut Vec<u8>,
    empty: bool,
}

impl<'a> Object<'a> {
    fn open(out: &'a mut Vec<u8>) -> Self {
        out.push(b'{');
        Object { out, empty: true }
    }

    fn key(&mut self, key: &str) {
        if !self.empty {
            self.out.push(b',');
        }
        self.empty = false;
        write_string(key, self.out);
        self.out.push(b':');
    }

    pub fn text(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.key(key);
            write_string(value, self.out);
        }
    }

    /// Seconds in scientific notation, as recorded: `1.536068318933E9`.
    pub fn time(&mut self, key: &str, seconds: Option<f64>) {
        if let Some(seconds) = seconds {
            self.key(key);
            self.out.extend_from_slice(format!("{seconds:E}").as_bytes());
        }
    }

    pub fn number(&mut self, key: &str, value: usize) {
        self.key(key);
        self.out.extend_from_slice(value.to_string().as_bytes());
    }

    pub fn boolean(&mut self, key: &str, value: bool) {
        self.key(key);
        self.out.extend_from_slice(value.to_string().as_bytes());
    }

    pub fn null(&mut self, key: &str) {
        self.key(key);
        self.out.extend_from_slice(b"null");
    }

    /// An array of objects; `render` fills each of them.
    pub fn array<T>(
        &mut self,
        key: &str,
        items: impl IntoIterator<Item = T>,
        render: impl Fn(T, &mut Object<'_>),
    ) {
        self.key(key);
        self.out.push(b'[');
        for (n, item) in items.into_iter().enumerate() {
            if n > 0 {
                self.out.push(b',');
            }
            let mut object = Object::open(self.out);
            render(item, &mut object);
            object.close();
        }
        self.out.push(b']');
    }

    pub fn object(&mut self, key: &str, fill: impl FnOnce(&mut Object<'_>)) {
        self.key(key);
        let mut object = Object::open(self.out);
        fill(&mut object);
        object.close();
    }

    fn close(self) {
        self.out.push(b'}');
    }
}

/// The text of an object.
pub(super) fn object(fill: impl FnOnce(&mut Object<'_>)) -> Vec<u8> {
    let mut out = Vec::new();
    let mut object = Object::open(&mut out);
    fill(&mut object);
    object.close();
    out
}

/// `text` as a JSON string. Only quotes, backslashes and control characters need an escape.
fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    if text.bytes().any(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
        for character in text.chars() {
            match character {
                '"' => out.extend_from_slice(b"\\\""),
                '\\' => out.extend_from_slice(b"\\\\"),
                control if u32::from(control) < 0x20 => {
                    out.extend_from_slice(format!("\\u{:04x}", u32::from(control)).as_bytes());
                }
                other => out.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
    } else {
        out.extend_from_slice(text.as_bytes());
    }
    out.push(b'"');
}
