//! Changes of an input, the same for the same seed on every machine.

use serde_json::{Value, json};

/// Numbers that look random.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The same seed gives the same numbers.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Those of one execution of a target, whatever ran before it.
    pub fn of(seed: u64, name: &str, execution: u64) -> Self {
        let name = name
            .bytes()
            .fold(0, |sum: u64, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        let mut first = Self(seed ^ name.rotate_left(32));
        let own = first.number();
        Self(own.wrapping_add(execution.wrapping_mul(0xd134_2543_de82_ef95)))
    }

    /// The next number (SplitMix64).
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below a bound, which must not be 0.
    pub fn below(&mut self, bound: usize) -> usize {
        let bound = bound.max(1);
        usize::try_from(self.number() % bound as u64).unwrap_or_default()
    }
}

/// What breaks readers of text.
pub(super) const WORDS: &[&str] = &[
    "",
    "null",
    "true",
    "-1",
    "0",
    "1e999",
    "18446744073709551616",
    "0.1",
    "[]",
    "{}",
    "\"\"",
    "\"\\ud800\"",
    "\"\\u0000\"",
    "ü",
    "\u{202e}",
    "\u{feff}",
    "\r\n",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "&lt;",
    "&#x110000;",
    "&e;",
    "<a/>",
    "</",
    "<?xml version=\"1.0\"?>",
    "<!DOCTYPE a>",
    "%zz",
    "\\",
    "https://a@b/",
    "9999-12-31T23:59:60Z",
    "0000-00-00",
    "[default]",
    "=",
    "#",
    "{\"a\":",
    "[[[[[[[[",
];

/// A changed copy: of JSON, in half of all cases, with other values in it; else one to four changes of its bytes, some with a
/// piece of another input.
pub fn mutate(random: &mut Random, input: &[u8], other: &[u8]) -> Vec<u8> {
    let json = if random.below(2) == 0 {
        json(random, input)
    } else {
        None
    };
    json.unwrap_or_else(|| {
        let mut bytes = input.to_vec();
        for _ in 0..=random.below(4) {
            change(random, &mut bytes, other);
        }
        bytes
    })
}

/// The input with one or two other values in the JSON that one of its parts ends with.
fn json(random: &mut Random, input: &[u8]) -> Option<Vec<u8>> {
    let mut parts: Vec<Vec<u8>> = input.split(|byte| *byte == 0x1e).map(<[u8]>::to_vec).collect();
    let number = random.below(parts.len());
    let part = &mut parts[number];
    let begin = part.iter().position(|byte| matches!(byte, b'{' | b'['))?;
    let mut value: Value = serde_json::from_slice(&part[begin..]).ok()?;
    for _ in 0..=random.below(2) {
        let at = random.below(nodes(&value));
        other_value(random, &mut value, at);
    }
    part.truncate(begin);
    part.extend(value.to_string().bytes());
    Some(parts.join(&0x1e))
}

/// How many values there are in a value, itself included.
fn nodes(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(nodes).sum(),
        Value::Object(fields) => fields.values().map(nodes).sum(),
        _ => 0,
    }
}

/// Puts something else in the place of the value with this number.
fn other_value(random: &mut Random, value: &mut Value, at: usize) {
    let Some(mut at) = at.checked_sub(1) else {
        let own = value.take();
        *value = match random.below(12) {
            0 => Value::Null,
            1 => json!(true),
            2 => json!([]),
            3 => json!({}),
            4 => json!([own]),
            5 => json!({ "a": own }),
            6 => json!([-1, 0, i64::MIN, 253_402_300_800_i64, 4_294_967_296_i64][random.below(5)]),
            7 => json!([u64::MAX as f64, 0.5, -0.0, f64::MAX][random.below(4)]),
            8 => json!(u64::MAX),
            9 => json!(own.to_string()),
            10 => json!(WORDS[random.below(WORDS.len())]),
            _ => json!([own.clone(), own]),
        };
        return;
    };
    let inner: Box<dyn Iterator<Item = &mut Value>> = match value {
        Value::Array(items) => Box::new(items.iter_mut()),
        Value::Object(fields) => Box::new(fields.values_mut()),
        _ => return,
    };
    for one in inner {
        let count = nodes(one);
        if at < count {
            return other_value(random, one, at);
        }
        at -= count;
    }
}

fn change(random: &mut Random, bytes: &mut Vec<u8>, other: &[u8]) {
    let at = random.below(bytes.len() + 1);
    let end = (at + 1 + random.below(16)).min(bytes.len());
    match random.below(10) {
        0 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << random.below(8);
            }
        }
        1 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = [0, 1, 0x7f, 0x80, 0xff, b'"', b'<', b'\n'][random.below(8)];
            }
        }
        2 => drop(bytes.drain(at..end.max(at))),
        3 => {
            let piece = bytes[at..end.max(at)].repeat(1 + random.below(8));
            bytes.splice(at..at, piece);
        }
        4 => bytes.truncate(at),
        5 => {
            let from = random.below(other.len() + 1);
            let piece = &other[from..(from + random.below(64)).min(other.len())];
            bytes.splice(at..at, piece.iter().copied());
        }
        6 => drop(bytes.splice(at..at, b"[{\"a\":".repeat(1 + random.below(200)))),
        7 | 8 => value(random, bytes, at),
        _ => drop(bytes.splice(at..at, WORDS[random.below(WORDS.len())].bytes())),
    }
}

/// Puts a word in the place of the value, or of the text, that follows.
fn value(random: &mut Random, bytes: &mut Vec<u8>, at: usize) {
    let Some(begin) = bytes[at..]
        .iter()
        .position(|byte| matches!(byte, b':' | b'>' | b'='))
        .map(|found| at + found + 1)
    else {
        return;
    };
    let end = bytes[begin..]
        .iter()
        .position(|byte| matches!(byte, b',' | b'}' | b']' | b'<' | b'\n'));
    let end = end.map_or(bytes.len(), |found| begin + found);
    bytes.splice(begin..end, WORDS[random.below(WORDS.len())].bytes());
}
