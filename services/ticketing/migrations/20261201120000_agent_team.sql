-- In what team an agent works, and who answers for it.
alter table ticketing.agent
    add column team    text not null default '',
    add column manager text not null default '';
alter table ticketing.agent add constraint agent_is_not_their_own_manager check (manager <> agent_id) not valid;
alter table ticketing.agent validate constraint agent_is_not_their_own_manager;
comment on column ticketing.agent.team is 'Slug; empty when they work in none.';
comment on column ticketing.agent.manager is 'Id of the agent they report to, who may be put here later; empty when nobody is named.';
