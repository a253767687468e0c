//! How far a slip of the pen goes (Ley 39/2015 art. 109.2, by analogy: errors of matter, of fact and of arithmetic, and never what was decided).

use crate::vocabulary::DecisionText;

/// Words that one correction changes at most in what is found, in its reasons and in the signpost.
pub const MOST_WORDS: usize = 5;

/// Numbers and months in the languages of decisions, each language's parted by spaces. Written small.
const COUNTING: &[&str] = &[
    // es
    "un una uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince veinte treinta cuarenta cincuenta sesenta setenta \
     ochenta noventa cien ciento mil millón millones billón billones enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    // ca
    "dues quatre cinc sis set vuit nou deu onze dotze tretze quinze vint trenta quaranta cinquanta seixanta vuitanta noranta cent milió milions \
     gener febrer març maig juny juliol agost setembre novembre desembre",
    // gl
    "catro sete oito nove dez vinte trinta corenta cincocenta oitenta cento millóns xaneiro febreiro maio xuño xullo setembro outubro novembro decembro",
    // eu
    "bat bi hiru lau bost sei zazpi zortzi bederatzi hamar hogei berrogei ehun mila urtarrila otsaila martxoa apirila maiatza ekaina uztaila abuztua iraila urria azaroa abendua",
    // en
    "one two three four five six seven eight nine ten eleven twelve thirteen fifteen twenty thirty forty fifty sixty seventy eighty ninety hundred \
     thousand million billion january february march april may june july august september october november december",
];

/// What parts words and sentences.
const PARTING: &[char] = &['.', ',', ';', ':', '\'', '’', '…', '"', '«', '»', '(', ')', '¿', '?', '¡', '!'];

/// Words that turn what a sentence says, in the languages of decisions. Written small.
const TURNING: &[&str] = &[
    // es
    "no",
    "ni",
    "nunca",
    "jamás",
    "jamas",
    "nada",
    "nadie",
    "ningún",
    "ningun",
    "ninguno",
    "ninguna",
    "sin",
    "tampoco",
    "salvo",
    "excepto",
    "estima",
    "desestima",
    "estimar",
    "desestimar",
    "estimada",
    "desestimada",
    "estimado",
    "desestimado",
    "procede",
    "improcedente",
    // en
    "not",
    "never",
    "nor",
    "neither",
    "none",
    "nothing",
    "nobody",
    "without",
    "cannot",
    "unless",
    "except",
    "upheld",
    "dismissed",
    "rejected",
    "upholds",
    "dismisses",
    "rejects",
    "accepted",
    "granted",
    "denied",
    "refused",
    // ca
    "mai",
    "res",
    "ningú",
    "cap",
    "sense",
    "tampoc",
    "desestimat",
    "estimat",
    "llevat",
    // gl
    "non",
    "nin",
    "ren",
    "ninguén",
    "ningunha",
    "sen",
    "agás",
    // eu
    "ez",
    "ezin",
    "inoiz",
    "inor",
    "ezer",
    "gabe",
    "ezetsi",
    "onartu",
];

/// What of the mended text goes beyond a slip of the pen in the one that stood; `None` where nothing does.
///
/// A remedy is what the firm has to do: in it a slip is a letter of a word, left out, added, wrong or swapped with the next, and neither a figure nor a sign. Elsewhere a few words may
/// have been written for others, a date or a figure too, which is what is misread most; but none that turns what the sentence says.
pub(super) fn beyond_a_slip(text: DecisionText, stood: &str, mended: &str) -> Option<&'static str> {
    let (before, after) = (words(stood), words(mended));
    if turning(&before) != turning(&after) {
        return Some("turns what is said");
    }
    match text {
        DecisionText::Remedy => {
            if marks(stood) != marks(mended) || counting(&before) != counting(&after) {
                Some("changes a figure or a sign of what is to be done")
            } else if before.len() != after.len() {
                Some("adds to what is to be done, or takes from it")
            } else if before.iter().zip(&after).any(|(one, other)| !is_one_letter_off(one, other)) {
                Some("puts a word for another into what is to be done")
            } else {
                None
            }
        }
        DecisionText::Finding | DecisionText::Reason | DecisionText::Signpost => {
            (changed(&before, &after) > MOST_WORDS).then_some("rewrites the text")
        }
    }
}

/// The words of a text, in small letters and without what stands around them.
fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase()).collect()
}

/// Those that turn what is said, in order.
fn turning(words: &[String]) -> Vec<&str> {
    let turns = |word: &&str| TURNING.contains(word) || word.ends_with("n't") || word.ends_with("n’t");
    words.iter().map(String::as_str).filter(turns).collect()
}

/// What of a text is said otherwise than in letters, in order: its digits, each group of them apart, what stands between two of them (1.000 is not 1,000), and its
/// signs (€ is not $). What parts words and sentences is none.
fn marks(text: &str) -> String {
    let mut marks = String::new();
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    while let Some(at) = rest.next() {
        let parts = at.is_whitespace() || PARTING.contains(&at);
        let between = before.is_numeric() && rest.peek().is_some_and(|next| next.is_numeric());
        if before.is_numeric() && !at.is_numeric() {
            marks.push(' ');
        }
        if !at.is_alphabetic() && (!parts || between) {
            marks.push(at);
        }
        before = at;
    }
    marks.trim_end().to_owned()
}

/// Those that count or name a month, in order: of some a letter makes another (junio, julio; sesenta, setenta).
fn counting(words: &[String]) -> Vec<&str> {
    let counts = |word: &&str| COUNTING.iter().any(|language| language.split(' ').any(|one| one == *word));
    words.iter().map(String::as_str).filter(counts).collect()
}

/// How many words stand between what both texts begin with and what both end with, in the longer of both.
fn changed(before: &[String], after: &[String]) -> usize {
    let both = before.len().min(after.len());
    let begin = before.iter().zip(after).take_while(|(one, other)| one == other).count();
    let end =
        before.iter().rev().zip(after.iter().rev()).take(both - begin).take_while(|(one, other)| one == other).count();
    before.len().max(after.len()) - begin - end
}

/// Whether one word is the other but for one letter that is left out, added, another, or swapped with the next.
fn is_one_letter_off(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let begin = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    // A letter before a word makes another of it (legal, illegal), and of a short word any letter does (y, o).
    if one != other && (one.len().min(other.len()) <= 3 || (begin == 0 && one.len() != other.len())) {
        return false;
    }
    let (one, other) = (&one[begin..], &other[begin..]);
    let end = one.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count();
    match (&one[..one.len() - end], &other[..other.len() - end]) {
        ([], [] | [_]) | ([_], [] | [_]) => true,
        ([a, b], [c, d]) => a == d && b == c,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_a_remedy_no_figure_and_no_sign_changes_for_another() {
        for (stood, mended) in [
            ("returns 1.000 € in ten days", "returns 1,000 € in ten days"),
            ("returns 1.000 € in ten days", "returns 1000 € in ten days"),
            ("returns 500 € in ten days", "returns 500 $ in ten days"),
            ("with interest of 3 %", "with interest of 3 ‰"),
            ("returns 12 34 and no more", "returns 1 234 and no more"),
            ("credits -5 to the account", "credits 5 to the account"),
            ("by 10:30 of that day", "by 10.30 of that day"),
            ("anula el cargo antes del 30 de junio", "anula el cargo antes del 30 de julio"),
            ("paga en sesenta días", "paga en setenta días"),
            ("returns a million", "returns a billion"),
            ("repara nueve puertas", "repara nuevo puertas"),
        ] {
            let found = beyond_a_slip(DecisionText::Remedy, stood, mended);
            assert_eq!(found, Some("changes a figure or a sign of what is to be done"), "{stood} -> {mended}");
        }
        for (stood, mended) in [
            ("returns 1.000 € in ten dayz", "returns 1.000 € in ten days."),
            ("retuns 41,50 €", "returns 41,50 €,"),
            ("pays 41 euros. Whithin 10 days.", "pays 41 euros. Within 10 days"),
        ] {
            assert_eq!(beyond_a_slip(DecisionText::Remedy, stood, mended), None, "{stood} -> {mended}");
        }
    }
}
