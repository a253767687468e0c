-- Records of who was erased have a mark of their own: a newer version of the keys does not have them read again.
update customer_profile.source_record set keyed_by = 'erased', compared_by = 'erased' where external_id like 'erased:%';
delete from customer_profile.rules_change c
    using customer_profile.source_record r
    where r.id in (c.record_a, c.record_b) and r.external_id like 'erased:%';
