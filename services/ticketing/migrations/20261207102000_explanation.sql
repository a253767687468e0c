-- What some messages to customers explain: why it takes longer, and by when it is over.
create table ticketing.explanation (
    message_id  uuid        not null,
    expected_at timestamptz not null,
    signposts   boolean     not null,
    constraint explanation_pkey primary key (message_id)
);
comment on table ticketing.explanation is 'Of messages whose text says why it takes longer and by when it is over: that they do. Never updated.';
comment on column ticketing.explanation.expected_at is 'By when, as the customer was told.';
comment on column ticketing.explanation.signposts is 'It says where the customer may go by now.';
