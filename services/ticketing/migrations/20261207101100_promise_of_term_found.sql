-- By itself: whoever promises waits for it, and nobody else. No promise from before stands for a term.
create index promise_term_idx on ticketing.promise (term_clock_id, sequence) where term_clock_id is not null;
