-- A binary from before restrictions named whom they cover inserts none: it may still run beside this schema, and what a person asks for
-- there has a term. Such a row covers every id that its customer has at the time, as the rows from before it were made to.
create function customer_profile.restriction_covers() returns trigger language plpgsql as $$
begin
    if new.ids is null then
        new.ids := coalesce((select c.ids from customer_profile.customer_alias a join customer_profile.customer c on c.id = a.customer_id
                             where a.id = new.customer_id and c.state = 'active'), array[new.customer_id]);
    end if;
    return new;
end
$$;
create trigger restriction_covers before insert on customer_profile.restriction
    for each row execute function customer_profile.restriction_covers();
comment on function customer_profile.restriction_covers() is 'Says for a binary from before 20261208102000 whom its restriction covers. Goes with the last of them.';
