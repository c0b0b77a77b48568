//! Canonical JSON: one value, one sequence of bytes (RFC 8785, without floating-point numbers).
//!
//! In: a JSON value, or bytes. Out: the canonical bytes, or the value they are the only form of.
//! Never: accepts a float, an integer beyond ±2^53, or bytes in any other form than the canonical.

use serde_json::Value;

/// Largest integer that every JSON reader holds exactly (RFC 8785 §3.2.2.3, RFC 7493 §2.2).
const MAX_SAFE: i64 = 1 << 53;
/// Deepest nesting that is written or read.
const MAX_NESTING: usize = 64;

/// Why a value or text has no canonical form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CanonError {
    /// Numbers here are integers within ±2^53; bigger ones are written as strings.
    #[error("number `{0}` is not an integer within ±2^53")]
    Number(String),
    /// More than 64 arrays or objects inside each other.
    #[error("nested deeper than 64")]
    Depth,
    /// Not JSON at all.
    #[error("not JSON: {0}")]
    Syntax(String),
    /// JSON, but not in its canonical form (order of keys, white space, escapes, a key given twice).
    #[error("JSON that is not in canonical form")]
    NotCanonical,
}

/// Whether every JSON reader holds this integer exactly.
pub(super) fn is_safe(i: i64) -> bool {
    (-MAX_SAFE..=MAX_SAFE).contains(&i)
}

/// The canonical bytes of a value.
///
/// # Errors
/// A float, an integer beyond ±2^53, nesting deeper than 64.
pub fn canonical(value: &Value) -> Result<Vec<u8>, CanonError> {
    let mut out = Vec::with_capacity(512);
    write(value, &mut out, 0)?;
    Ok(out)
}

/// The value of canonical bytes.
///
/// # Errors
/// Not JSON, or not canonical: whatever re-encodes to other bytes is refused, which catches doubled
/// keys, white space and foreign escapes at once.
pub fn parse_canonical(bytes: &[u8]) -> Result<Value, CanonError> {
    let value: Value =
        serde_json::from_slice(bytes).map_err(|e| CanonError::Syntax(e.to_string()))?;
    if canonical(&value)? == bytes { Ok(value) } else { Err(CanonError::NotCanonical) }
}

fn write(value: &Value, out: &mut Vec<u8>, depth: usize) -> Result<(), CanonError> {
    if depth > MAX_NESTING {
        return Err(CanonError::Depth);
    }
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(n) => match n.as_i64() {
            Some(i) if is_safe(i) => {
                out.extend_from_slice(i.to_string().as_bytes());
            }
            _ => return Err(CanonError::Number(n.to_string())),
        },
        Value::String(s) => string(s, out),
        Value::Array(items) => {
            out.push(b'[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                write(item, out, depth + 1)?;
            }
            out.push(b']');
        }
        Value::Object(map) => {
            let mut members: Vec<(&String, &Value)> = map.iter().collect();
            // RFC 8785 §3.2.3: keys are ordered by their UTF-16 code units.
            members.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            out.push(b'{');
            for (i, (key, item)) in members.into_iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                string(key, out);
                out.push(b':');
                write(item, out, depth + 1)?;
            }
            out.push(b'}');
        }
    }
    Ok(())
}

/// A JSON string with the escapes of RFC 8785 §3.2.2.2: the short ones, `\u00xx` for other controls.
fn string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    if text.bytes().all(|b| b >= b' ' && b != b'"' && b != b'\\') {
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
        return;
    }
    for c in text.chars() {
        match c {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\u{8}' => out.extend_from_slice(b"\\b"),
            '\t' => out.extend_from_slice(b"\\t"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\u{c}' => out.extend_from_slice(b"\\f"),
            '\r' => out.extend_from_slice(b"\\r"),
            c if c < ' ' => out.extend_from_slice(format!("\\u{:04x}", u32::from(c)).as_bytes()),
            c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_are_ordered_by_utf16_and_strings_escaped_as_the_rfc_says() {
        // The sample of RFC 8785 §3.2.3, without its float.
        let v = json!({"\u{20ac}": "Euro Sign", "\r": "Carriage Return", "\u{fb33}": "Hebrew",
            "1": "One", "\u{1f600}": "Emoji", "\u{80}": "Control", "\u{f6}": "Latin"});
        let text = String::from_utf8(canonical(&v).unwrap()).unwrap();
        let order: Vec<usize> = ["Carriage", "One", "Control", "Latin", "Euro", "Emoji", "Hebrew"]
            .iter()
            .map(|w| text.find(w).unwrap())
            .collect();
        assert!(order.windows(2).all(|w| w[0] < w[1]), "{text}");
        let s = json!("\u{20ac}$\u{f}\nA'B\"\\\\\"/");
        assert_eq!(
            canonical(&s).unwrap(),
            "\"\u{20ac}$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"".as_bytes()
        );
    }

    #[test]
    fn floats_and_big_integers_are_refused() {
        assert!(matches!(canonical(&json!(1.5)), Err(CanonError::Number(_))));
        assert!(matches!(canonical(&json!(1u64 << 60)), Err(CanonError::Number(_))));
        assert_eq!(canonical(&json!(-3)).unwrap(), b"-3");
    }

    #[test]
    fn only_the_canonical_form_is_read_back() {
        assert!(parse_canonical(br#"{"a":1,"b":[]}"#).is_ok());
        for bad in [
            &br#"{"b":1,"a":2}"#[..],
            br#"{"a":1,"a":1}"#,
            br#"{"a": 1}"#,
            b"1.0",
            b"[1",
            b"\"\\/\"",
        ] {
            assert!(parse_canonical(bad).is_err(), "{}", String::from_utf8_lossy(bad));
        }
    }
}
