//! Keys and proofs as callers give them: typed on a keypad, or spelled and written down by whatever listens.
//!
//! A keypad has no letters: each character is the key it stands on (ITU-T E.161), so that what was spelled is told as those digits too. Which affair
//! they fit is ticketing's to find out; what is lost by it (a key fits more than one code) is why the status is asked for as a telephone system, whose
//! tries are counted, and not by the open call.

/// The digits that key or proof are typed with; none where a word is no character, or their number is not `characters`.
pub(crate) fn digits(given: &str, characters: usize) -> Option<String> {
    let typed: String = listen(given, characters)?.into_iter().map(key_of).collect();
    (typed.len() == characters).then_some(typed)
}

/// The characters, where letters were given at all: what is found can then be held against them.
pub(crate) fn exact(given: &str, characters: usize) -> Option<String> {
    let heard = listen(given, characters)?;
    heard.iter().any(char::is_ascii_alphabetic).then(|| heard.into_iter().collect())
}

/// The characters, as Crockford's alphabet has them.
fn listen(given: &str, characters: usize) -> Option<Vec<char>> {
    let written: Vec<char> = given.chars().filter(char::is_ascii_alphanumeric).map(resolved).collect();
    // As many as there should be: they are written and not spelled, whatever words they make ("papa" is four of a key).
    if written.len() == characters && given.is_ascii() {
        return Some(written);
    }
    let words: Vec<String> =
        given.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(plain).collect();
    let mut heard = Vec::new();
    let mut rest = words.as_slice();
    while let Some((word, after)) = rest.split_first() {
        let next = after.first().map(String::as_str);
        let (character, used) = match (word.as_str(), next) {
            ("uve" | "ve", Some("doble")) | ("doble", Some("uve" | "ve" | "u")) | ("double", Some("u" | "you")) => {
                (Some('W'), 2)
            }
            ("i", Some("griega")) => (Some('Y'), 2),
            // What tells one letter from another: "be de Barcelona".
            ("de" | "of" | "as" | "como" | "for", Some(place)) if place.len() > 3 && named(place).is_none() => {
                (None, 2)
            }
            ("guion" | "guión" | "raya" | "dash" | "hyphen" | "espacio" | "space" | "y" | "and", _)
                if word.len() > 1 =>
            {
                (None, 1)
            }
            (word, _) => match named(word) {
                Some(character) => (Some(character), 1),
                // Written together: 7K3M.
                None if word.chars().all(|c| c.is_ascii_alphanumeric()) && word.chars().any(|c| c.is_ascii_digit()) => {
                    heard.extend(word.chars().map(resolved));
                    (None, 1)
                }
                None => return None,
            },
        };
        heard.extend(character);
        rest = &rest[used..];
    }
    Some(heard)
}

/// Lower case without accents.
fn plain(word: &str) -> String {
    let bare = |c: char| match c {
        'á' => 'a',
        'é' => 'e',
        'í' => 'i',
        'ó' => 'o',
        'ú' | 'ü' => 'u',
        other => other,
    };
    word.to_lowercase().chars().map(bare).collect()
}

/// Look-alikes are what they look like.
const fn resolved(character: char) -> char {
    match character.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    }
}

/// What a word calls.
fn named(word: &str) -> Option<char> {
    if let [only] = word.chars().collect::<Vec<_>>().as_slice()
        && only.is_ascii_alphanumeric()
    {
        return Some(resolved(*only));
    }
    let character = match word {
        "cero" | "zero" | "oh" => '0',
        "uno" | "una" | "one" | "ele" | "lima" | "el" | "india" => '1',
        "dos" | "two" => '2',
        "tres" | "three" => '3',
        "cuatro" | "four" => '4',
        "cinco" | "five" => '5',
        "seis" | "six" => '6',
        "siete" | "seven" => '7',
        "ocho" | "eight" => '8',
        "nueve" | "nine" | "niner" => '9',
        "alfa" | "alpha" | "ay" => 'A',
        "be" | "bee" | "bravo" => 'B',
        "ce" | "cee" | "see" | "charlie" => 'C',
        "de" | "dee" | "delta" => 'D',
        "echo" | "eco" => 'E',
        "efe" | "ef" | "foxtrot" => 'F',
        "ge" | "gee" | "golf" => 'G',
        "hache" | "aitch" | "hotel" => 'H',
        "jota" | "jay" | "juliett" | "juliet" => 'J',
        "ka" | "kay" | "kilo" => 'K',
        "eme" | "em" | "mike" => 'M',
        "ene" | "en" | "november" => 'N',
        "pe" | "pee" | "papa" => 'P',
        "cu" | "cue" | "queue" | "quebec" => 'Q',
        "erre" | "ere" | "ar" | "romeo" => 'R',
        "ese" | "ess" | "sierra" => 'S',
        "te" | "tee" | "tango" => 'T',
        "uve" | "ve" | "vee" | "victor" => 'V',
        "whiskey" | "whisky" => 'W',
        "equis" | "ex" | "xray" => 'X',
        "ye" | "why" | "yankee" => 'Y',
        "zeta" | "zed" | "zee" | "zulu" => 'Z',
        _ => return None,
    };
    Some(character)
}

/// The key of a telephone that a character stands on.
const fn key_of(character: char) -> char {
    match character {
        'A'..='C' => '2',
        'D'..='F' => '3',
        'G'..='I' => '4',
        'J'..='L' => '5',
        'M'..='O' => '6',
        'P'..='S' => '7',
        'T'..='V' => '8',
        'W'..='Z' => '9',
        digit => digit,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::say::Lang;
    use crate::speech::spelled;

    #[test]
    fn what_is_typed_is_taken_as_it_is() {
        assert_eq!(digits("7535-9798-2823-7", 13).as_deref(), Some("7535979828237"));
        assert_eq!(exact("7535979828237", 13), None);
        assert_eq!(digits("753", 13), None);
    }

    #[test]
    fn what_is_spelled_is_what_would_have_been_typed() {
        let key = "7535697798238";
        for spelled in [
            "7K3M-9QXT-2VBD-R",
            "7k3m 9qxt 2vbd r",
            "siete ka tres eme, nueve cu equis te, dos uve be de, erre",
            "siete, ka, tres, eme, nueve, cu, equis, te, dos, uve de Valencia, be de Barcelona, de, erre",
            "seven kay three em nine cue ex tee two vee bee dee ar",
            "seven kilo three mike dash nine quebec xray tango two victor bravo delta romeo",
        ] {
            let expected: String = "7K3M9QXT2VBDR".chars().map(key_of).collect();
            assert_eq!(digits(spelled, 13).as_deref(), Some(expected.as_str()), "{spelled}");
            assert_eq!(exact(spelled, 13).as_deref(), Some("7K3M9QXT2VBDR"), "{spelled}");
            assert_ne!(expected, key);
        }
        assert_eq!(digits("uve doble, i griega, doble uve", 3).as_deref(), Some("999"));
        assert_eq!(digits("no lo sé", 6), None);
    }

    #[test]
    fn what_is_written_is_no_words() {
        assert_eq!(exact("papa vbde hjkm n", 13).as_deref(), Some("PAPAVBDEHJKMN"));
        assert_eq!(digits("papa vbde hjkm n", 13).as_deref(), Some("7272823345566"));
    }

    proptest! {
        #[test]
        fn what_a_voice_reads_out_is_heard_again(code in "[0-9ABCDEFGHJKMNPQRSTVWXYZ]{13}", english in any::<bool>()) {
            let lang = if english { Lang::En } else { Lang::Es };
            let heard: String = listen(&spelled(&code, lang), 13).unwrap().into_iter().collect();
            prop_assert_eq!(heard, code);
        }

        #[test]
        fn whatever_is_said_nothing_breaks(said in "\\PC{0,80}") {
            let _ = (digits(&said, 13), exact(&said, 13));
        }
    }
}
