//! Servers' messages that differ in nothing but numbers: of requests, of bytes, of the hour.

/// A text with a mark in place of each number, identifier and date, but for an HTTP status: servers' messages that are alike in
/// this are one reason.
pub fn mask_numbers(words: &str) -> String {
    let mut marked = String::with_capacity(words.len());
    let mut rest = words;
    while let Some(first) = rest.chars().next() {
        let is_piece = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
        if !is_piece(first) {
            marked.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let (piece, after) = rest.split_at(rest.find(|c| !is_piece(c)).unwrap_or(rest.len()));
        let is_number = piece.contains(|c: char| c.is_ascii_digit()) && !marked.ends_with("HTTP ");
        marked.push_str(if is_number { "#" } else { piece });
        rest = after;
    }
    marked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_in_numbers_is_alike_and_what_differs_in_words_or_status_is_not() {
        let first = "HTTP 400: blocked at 2026-11-29T08:01:02Z (request req-7f3a, 120 tokens)";
        assert_eq!(
            mask_numbers(first),
            mask_numbers("HTTP 400: blocked at 2027-01-01T23:59:59Z (request req-0b91, 7 tokens)")
        );
        assert_ne!(
            mask_numbers(first),
            mask_numbers("HTTP 422: blocked at 2026-11-29T08:01:02Z (request req-7f3a, 120 tokens)")
        );
        assert_ne!(mask_numbers("HTTP 400: blocked"), mask_numbers("HTTP 400: filtered"));
    }
}
