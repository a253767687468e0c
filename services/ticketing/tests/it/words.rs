//! What is kept of a text so that it is found.

use crate::world::World;

/// Each word of each reading with the places it has in any of them, by joins and groups as a query would spell it out.
const SPELLED_OUT: &str = "with text (body) as (values (left($2, 100000))), reading (words) as (
        select to_tsvector('english', normalize(body, NFC)) from text where $1 = 'en'
        union all select to_tsvector('english', ticketing.plain(body)) from text where $1 = 'en'
        union all select to_tsvector('spanish', normalize(body, NFC)) from text where $1 <> 'en'
        union all select to_tsvector('spanish', ticketing.plain(body)) from text where $1 <> 'en'
        union all select to_tsvector('spanish', ticketing.singular(body)) from text where $1 <> 'en'),
    place (lexeme, at) as (
        select distinct w.lexeme, p from reading r, unnest(r.words) w, unnest(w.positions) p),
    word (lexeme, places) as (
        select lexeme, (array_agg(at order by at))[1:255] from place group by lexeme
        union all select case when $1 = 'en' then '@en' else '@es' end, null)
    select array_agg((lexeme, places)::text order by lexeme) = (
        select array_agg((w.lexeme, w.positions)::text order by w.lexeme) from unnest(ticketing.words_of($1, $2)) w) from word";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_words_of_a_text_are_those_of_its_readings_each_where_it_stands() {
    let world = World::new().await;
    let admin = world.database.admin().await;
    let pieces = [
        "Cobro",
        "doble",
        "líneas",
        "línea",
        "veces",
        "averías",
        "inscripciones",
        "canción",
        "O'Brien",
        "d''Or",
        r"C:\luz\dos",
        "a\\b",
        "42.50 €",
        "ana@casa.example",
        "https://casa.example/á?b=1",
        "el",
        "de",
        "la",
        "ñandú",
        "e\u{301}poca",
        "ﬁn",
        "ЁЖ",
        "日本",
        "\u{1f600}",
        "-",
        "\n\t",
        "lines",
        "running",
        "naïve",
        "12-11-2026",
        "''",
        ":1A,2",
        "@es",
        "&|!()",
    ];
    let mut state = 7_u64;
    let mut texts = vec![String::new(), " ".to_owned(), "luz ".repeat(400), "las luces de la casa ".repeat(6_000)];
    for length in 0..300 {
        let words = (0..length % 60).map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            pieces[(state >> 33) as usize % pieces.len()]
        });
        texts.push(words.collect::<Vec<_>>().join(" "));
    }
    for text in texts {
        for language in ["es", "en", "ca"] {
            let same: bool =
                sqlx::query_scalar(SPELLED_OUT).bind(language).bind(&text).fetch_one(&admin).await.unwrap();
            assert!(same, "{language}: {}", text.chars().take(400).collect::<String>());
        }
    }
}
