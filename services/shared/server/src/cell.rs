//! A text as a cell of a file of comma-separated values.

/// A text as a cell: quoted where it must be, and never a formula to a spreadsheet (OWASP, CSV injection).
pub fn cell(text: &str) -> String {
    let safe =
        if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { format!("'{text}") } else { text.to_owned() };
    let quoted = safe.contains([',', '"', '\r', '\n', ';']);
    if quoted { format!("\"{}\"", safe.replace('"', "\"\"")) } else { safe }
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn a_cell_is_never_a_formula_and_never_breaks_its_line() {
        for (text, written) in [
            ("billing", "billing"),
            ("=1+1", "'=1+1"),
            ("+34", "'+34"),
            ("-2", "'-2"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("a,b", "\"a,b\""),
            ("=HYPERLINK(\"x\",\"y\")", "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\""),
            ("one\ntwo", "\"one\ntwo\""),
            ("a-b=c", "a-b=c"),
            ("", ""),
        ] {
            assert_eq!(cell(text), written, "{text:?}");
        }
    }
}
