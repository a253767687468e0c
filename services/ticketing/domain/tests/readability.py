"""Oracle of readability.rs for Spanish, from the definitions and by other means: regular expressions cut the text, and syllables are
counted by formula from runs of vowels instead of letter by letter. Reads one text a line, writes `words sentences syllables score grade`."""

import re
import sys

OPEN, I, U = "aáeéoó", "iíy", "uúü"
ABBREVIATIONS = ["art", "sr", "sra", "núm", "ej", "ee"]
OPENING = "[¿¡«“(\\[\"'‘—–\\-\\s]*"
SMALL, BIG = "[a-záéíóúüñ]", "[A-ZÁÉÍÓÚÜÑ]"
MARK = r"[ \t]*(?:[-–—•*](?=[ \t])|\d{1,3}[.)]-?(?=[ \t])|[A-Za-z]\)(?=[ \t]))"


def run_syllables(run):
    """A run of vowels none of which must part: each syllable takes one open vowel with at most one closed on each side, or two closed."""
    gaps = [len(gap) for gap in re.split(f"[{OPEN}]", run)]
    if len(gaps) == 1:
        return (gaps[0] + 1) // 2
    inner = sum(max(0, gap - 1) // 2 for gap in gaps[1:-1])
    return len(gaps) - 1 + gaps[0] // 2 + inner + gaps[-1] // 2


def syllables(word):
    word = re.sub("([qg])u(?=[eéií])", r"\1", word)
    word = re.sub(f"y(?=[{OPEN}ií{U}])", "-", word)
    word = word.replace("h", "")
    closed = f"[{I}{U}]"
    for left, right in [(f"[{OPEN}]", f"[{OPEN}íú]"), ("[íú]", f"[{OPEN}]"), (f"[{I}]", f"[{I}]"), (f"[{U}]", f"[{U}]")]:
        word = re.sub(f"(?<={left})(?={right})", ".", word)
    return sum(run_syllables(run) for run in re.findall(f"(?:[{OPEN}]|{closed})+", word))


def read(text):
    pieces = []
    for paragraph in re.split(r"\n\s*\n", text.replace("\r", "")):
        for line in re.split(rf"\n\s*(?={MARK}|{OPENING}{BIG})", "\n" + paragraph if re.match(MARK, paragraph) else paragraph):
            line = re.sub(f"^{MARK}", "", line)
            # Names and numbers follow these: their full stop is not one.
            line = re.sub(rf"(?<![\w'’\-])({'|'.join(ABBREVIATIONS)}|[^\W\d_ªº])\.(?![.!?…])", r"\1 ", line, flags=re.I)
            pieces += re.split(rf"[.!?…]+(?=[)\]»”\"’']*(?:\s|$|[¿¡«“]))(?![)\]»”\"’']*{OPENING}{SMALL})", line)
    word = r"[^\W_ªº]+(?:(?:['’\-]|(?<=\d)[.,:/](?=\d))[^\W_ªº]+)*"
    sentences = [words for words in (re.findall(word, piece.lower()) for piece in pieces) if words]
    words = [word for sentence in sentences for word in sentence]
    if not words:
        return "-"
    total = 0
    for one in words:
        parts = re.sub("['’]", "", one).split("-")
        total += max(1, sum(1 if re.search(r"\d", part) else syllables(part) for part in parts))
    score = 206.835 - 62.3 * total / len(words) - len(words) / len(sentences)
    if score > 80:
        grade = "VeryEasy"
    else:
        grade = "VeryHard" if score < 40 else "SomewhatHard" if score < 55 else "Normal" if score < 65 else "QuiteEasy"
    return f"{len(words)} {len(sentences)} {total} {score:.9f} {grade}"


sys.stdin.reconfigure(encoding="utf-8", newline="\n")
sys.stdout.reconfigure(encoding="utf-8")
for row in sys.stdin:
    print(read(row.rstrip("\n").replace("\\n", "\n").replace("\\r", "\r")))
