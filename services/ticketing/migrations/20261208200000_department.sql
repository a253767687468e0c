-- What departments are called: everywhere else they are named by their slugs.
create table ticketing.department (
    department_id text not null,
    title text not null,
    department text,
    content bytea not null,
    actor_kind text not null,
    actor_id text not null,
    actor_department text,
    created_at timestamptz not null,
    version bigint not null,
    constraint department_pkey primary key (department_id)
);
comment on table ticketing.department is 'What departments are called by people, in each language.';
comment on column ticketing.department.title is 'The Spanish name.';
comment on column ticketing.department.department is 'Always null: a department is made for nobody else. Kept since every shelf has the same columns.';
comment on column ticketing.department.content is 'ventanilla.ticketing.v1.Department, encoded: its names.';
