//! The comments of the contract, by what they stand above.

use std::collections::HashMap;

use prost_reflect::{DescriptorPool, FileDescriptor};

/// Every comment of a contract.
#[derive(Debug, Default)]
pub(crate) struct Comments(HashMap<String, HashMap<Vec<i32>, String>>);

impl Comments {
    /// Reads them.
    pub(crate) fn read(pool: &DescriptorPool) -> Self {
        let of_file = |file: FileDescriptor| {
            let source = file.file_descriptor_proto().source_code_info.clone().unwrap_or_default();
            let comments = source
                .location
                .into_iter()
                .filter_map(|place| place.leading_comments.as_deref().map(tidy).map(|text| (place.path, text)))
                .collect();
            (file.name().to_owned(), comments)
        };
        Self(pool.files().map(of_file).collect())
    }

    /// What stands above the element at this path of a file; empty when nothing does.
    pub(crate) fn of(&self, file: &FileDescriptor, path: &[i32]) -> &str {
        self.0.get(file.name()).and_then(|comments| comments.get(path)).map_or("", String::as_str)
    }
}

fn tidy(comment: &str) -> String {
    comment.lines().map(str::trim).collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// The first sentence of a comment.
pub(crate) fn first_sentence(comment: &str) -> String {
    let line = comment.replace('\n', " ");
    let end = line.match_indices(". ").map(|(at, _)| at).find(|at| !line[..*at].ends_with("art")).unwrap_or(line.len());
    line[..end].trim_end_matches(['.', ':', ' ']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_sentence_ends_at_its_end_and_not_at_an_article() {
        assert_eq!(first_sentence("Destroys it (GDPR art. 17). Refused\nwhile needed."), "Destroys it (GDPR art. 17)");
        assert_eq!(first_sentence("One view."), "One view");
    }
}
