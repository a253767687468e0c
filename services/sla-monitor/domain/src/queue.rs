//! In which queue of its department an affair waits.
//!
//! A department has one list of what waits, and not everybody may take all of it: who takes an affair has the skills that the department asks for its
//! topic, and serves in its language. So the list falls apart into queues, each of a department, the skills that are asked, and a language; the topic
//! itself tells no two queues apart.

/// What stands in place of skills where none is asked, and of a language that is not known.
const NONE: &str = "*";

/// The queue of an affair, as boards tell it: `billing/loans+mortgages/ca`. Of no department there is none.
pub fn queue(department: &str, skills: &[String], language: &str) -> String {
    if department.is_empty() {
        return String::new();
    }
    let mut skills: Vec<&str> = skills.iter().map(String::as_str).collect();
    skills.sort_unstable();
    skills.dedup();
    let asked = if skills.is_empty() { NONE.to_owned() } else { skills.join("+") };
    format!("{department}/{asked}/{}", if language.is_empty() { NONE } else { language })
}

/// The same queue where the language is forgotten.
pub fn without_language(queue: &str) -> String {
    queue.rsplit_once('/').map_or_else(String::new, |(rest, _)| format!("{rest}/{NONE}"))
}

/// The department that a queue is of.
pub fn department_of(queue: &str) -> &str {
    queue.split('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_is_what_is_asked_of_who_takes_it_in_whatever_order_that_was_said() {
        let skills = |all: &[&str]| all.iter().map(|skill| (*skill).to_owned()).collect::<Vec<_>>();
        assert_eq!(queue("billing", &skills(&["mortgages", "loans", "loans"]), "ca"), "billing/loans+mortgages/ca");
        assert_eq!(queue("billing", &[], "es"), "billing/*/es");
        assert_eq!(queue("billing", &skills(&["loans"]), ""), "billing/loans/*");
        assert_eq!(queue("", &skills(&["loans"]), "es"), "");
    }

    #[test]
    fn a_language_that_is_forgotten_leaves_the_rest() {
        assert_eq!(without_language("billing/loans+mortgages/ca"), "billing/loans+mortgages/*");
        assert_eq!(without_language("billing/*/*"), "billing/*/*");
        assert_eq!(without_language(""), "");
        assert_eq!(department_of("billing/loans/ca"), "billing");
    }
}
