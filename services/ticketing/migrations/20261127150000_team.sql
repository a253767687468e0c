-- Who works on affairs, what a queue asks of them, and who is to be served first.
alter table ticketing.ticket add column served_first boolean not null default false;
comment on column ticketing.ticket.served_first is 'The customer has a right to be served first, as customer-profile told whoever opened it. Never updated.';

-- In the order in which affairs that nobody owns are taken.
create index ticket_waiting_idx on ticketing.ticket (department, served_first desc,
    (case severity when 'critical' then 0 when 'high' then 1 when 'medium' then 2 else 3 end), first_received_at, ticket_id)
    where owner is null and state in ('acknowledged', 'in_progress');
-- Whom an agent knows, and what an agent holds, however many they have answered.
create index ticket_owner_idx on ticketing.ticket (owner, customer_id) where owner is not null;
create index ticket_held_idx on ticketing.ticket (owner)
    where owner is not null and state in ('acknowledged', 'in_progress', 'held');

create table ticketing.agent (
    agent_id       text        not null,
    department     text        not null,
    skills         text[]      not null,
    skills_until   timestamptz[] not null,
    languages      text[]      not null,
    capacity       integer     not null,
    presence       text        not null,
    presence_since timestamptz not null,
    created_at     timestamptz not null,
    version        bigint      not null,
    constraint agent_pkey primary key (agent_id),
    constraint agent_presence_known check (presence in ('available', 'busy', 'away')),
    constraint agent_capacity_holds_something check (capacity between 1 and 200),
    constraint agent_skills_are_pairs check (cardinality(skills) = cardinality(skills_until))
);
create index agent_department_idx on ticketing.agent (department, agent_id);
comment on table ticketing.agent is 'Who takes affairs. Whoever takes one holds the row''s lock, so that nobody exceeds their capacity.';
comment on column ticketing.agent.skills_until is 'When each of skills ends; null when it does not.';

create table ticketing.queue (
    department text   not null,
    version    bigint not null,
    constraint queue_pkey primary key (department)
);
comment on table ticketing.queue is 'Departments somebody has ruled about.';

create table ticketing.queue_skill (
    department text not null,
    topic      text not null,
    skill      text not null,
    constraint queue_skill_pkey primary key (department, topic, skill)
);
comment on table ticketing.queue_skill is 'Skills that a topic of a department asks for. Changes under the lock of its queue.';
