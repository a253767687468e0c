//! What a correction of a slip may not do: change what the firm is to pay.

/// Whether a number of a text changes when what stood in it is replaced; how a number is written counts too, and numbers in words do not.
pub fn changes_a_number(text: &str, stood: &str, stands: &str) -> bool {
    !numbers(text).eq(numbers(&text.replacen(stood, stands, 1)))
}

/// The numbers of a text in their order, with the marks inside them.
fn numbers(text: &str) -> impl Iterator<Item = &str> {
    const MARKS: [char; 4] = ['.', ',', '\'', '’'];
    text.split(|letter: char| !letter.is_numeric() && !MARKS.contains(&letter))
        .map(|part| part.trim_matches(MARKS))
        .filter(|part| !part.is_empty())
}
