//! Small readers of words: the nearest known word, durations, sizes.
//!
//! In: a word. Out: a value, or `None`.
//! Never: guesses a unit.

/// The words in backticks of a message.
pub(super) fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// The known word that differs least from this one, if it is near enough to be meant.
pub(super) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).clamp(1, 3);
    known.map(|k| (distance(word, k), k)).filter(|(d, _)| *d <= limit).min().map(|(_, k)| k)
}

/// Letters that differ, are missing, are too many, or change places with their neighbour (the optimal
/// string alignment distance), of words of at most 64 characters.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().take(64).collect();
    let b: Vec<char> = b.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    let mut older: Vec<usize> = Vec::new();
    for (i, ca) in a.iter().enumerate() {
        let mut left = i + 1;
        let mut next = vec![left];
        for (j, ((cb, above), diagonal)) in b.iter().zip(row.iter().skip(1)).zip(&row).enumerate() {
            left = (diagonal + usize::from(ca != cb)).min(above + 1).min(left + 1);
            let swapped = i.checked_sub(1).and_then(|i| a.get(i)) == Some(cb)
                && j.checked_sub(1).and_then(|j| b.get(j)) == Some(ca);
            if let Some(two) = j.checked_sub(1).and_then(|j| older.get(j)).filter(|_| swapped) {
                left = left.min(two + 1);
            }
            next.push(left);
        }
        older = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or_default()
}

/// Seconds of `90s`, `10m`, `2h`, `1d`.
pub(super) fn duration(word: &str) -> Option<u64> {
    with_unit(word, &[("s", 1), ("m", 60), ("h", 3600), ("d", 86400)])
}

/// Bytes of `512KiB`, `100MiB`, `2GiB`, `10MB`, `64B`.
pub(super) fn size(word: &str) -> Option<u64> {
    let units = [
        ("KiB", 1 << 10),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
        ("TiB", 1 << 40),
        ("kB", 1_000),
        ("KB", 1_000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
        ("B", 1),
    ];
    with_unit(word, &units)
}

fn with_unit(word: &str, units: &[(&str, u64)]) -> Option<u64> {
    let (digits, factor) =
        units.iter().find_map(|(unit, factor)| Some((word.strip_suffix(unit)?, *factor)))?;
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| digits.parse::<u64>().ok()?.checked_mul(factor)).flatten()
}

/// Whether the word may name an environment variable.
pub(super) fn is_env_name(word: &str) -> bool {
    word.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read_exactly_and_never_guessed() {
        assert_eq!(duration("10m"), Some(600));
        assert_eq!(size("2GiB"), Some(2 << 30));
        assert_eq!(size("64B"), Some(64));
        for bad in ["10", "m", "-1m", "1.5h", "10 m", "99999999999999999999d"] {
            assert_eq!(duration(bad), None, "{bad}");
        }
        assert_eq!(size("2G"), None);
    }

    #[test]
    fn the_nearest_word_is_found_and_a_far_one_is_not() {
        let known = ["permit", "forbid", "sandbox"];
        assert_eq!(nearest("permitt", known.into_iter()), Some("permit"));
        assert_eq!(nearest("sanbdox", known.into_iter()), Some("sandbox"));
        assert_eq!(nearest("zebra", known.into_iter()), None);
        assert_eq!(nearest("flie", ["host", "file"].into_iter()), Some("file"));
        assert_eq!(distance("ca", "abc"), 3);
        assert_eq!((distance("", "ab"), distance("ab", ""), distance("ab", "ba")), (2, 2, 1));
    }
}
